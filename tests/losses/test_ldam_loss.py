"""Registered LDAM: margins from the label counts, and the mean over images."""

from __future__ import annotations

import pytest
import torch
from mmpretrain.registry import MODELS

from tests.losses.smallest_losses import build, random_batch

NAME = "LDAMLoss"


def test_equals_cross_entropy_with_margins():
    logits, target = random_batch()[0], torch.tensor([0, 1, 2, 2, 1, 0])
    margins = 0.4 * torch.tensor([1, 2**-0.25, 3**-0.25])  # counts 10, 20, 30
    shifted = 5 * (logits - torch.nn.functional.one_hot(target) * margins)
    loss = build(dict(type=NAME, max_margin=0.4, scale=5.0))
    torch.testing.assert_close(loss(logits, target), torch.nn.functional.cross_entropy(shifted, target))
    torch.testing.assert_close(loss.class_state()["margins"], margins)


def test_an_unknown_class_does_not_compete():
    logits, labels = random_batch()[0], torch.tensor([[1, 0, -1]] * 6)
    build(dict(type=NAME, scale=1.0))(logits, labels).backward()
    assert (logits.grad[:, 2] == 0).all()
    assert (logits.grad[:, 1] > 0).all()


def test_sigmoids_equal_binary_cross_entropy_with_margins():
    logits, labels = random_batch()[0], torch.tensor([[1, 0, 1]] * 6)
    margins = 0.4 * torch.tensor([1, 2**-0.25, 3**-0.25])  # counts 10, 20, 30
    loss = build(dict(type=NAME, max_margin=0.4, scale=5.0, activation="sigmoid"))
    expected = torch.nn.functional.binary_cross_entropy_with_logits(
        5 * (logits - labels * margins), labels.float(), reduction="sum"
    )
    torch.testing.assert_close(loss(logits, labels), expected / 6)
    assert loss.traits.elementwise
    assert not build(dict(type=NAME)).traits.elementwise


def test_invalid_argument():
    with pytest.raises(ValueError, match=r"'activation' argument of LDAMLoss must be .* Got 'relu' instead"):
        MODELS.build(dict(type=NAME, activation="relu"))
    with pytest.raises(ValueError, match=r"'scale' argument of LDAMLoss must be above 0. Got 0 instead"):
        MODELS.build(dict(type=NAME, scale=0))
    with pytest.raises(ValueError, match=r"'max_margin' argument of LDAMLoss must be .* Got -0.1 instead"):
        MODELS.build(dict(type=NAME, max_margin=-0.1))
