"""Registered GR: its constants over the epochs."""

from __future__ import annotations

import pytest
import torch
from mmpretrain.registry import MODELS

from mmpretrain_imbalance.functional.losses.generalized_robust_loss import generalized_robust_loss
from tests.losses.smallest_losses import build, random_batch

NAME = "GeneralizedRobustLoss"


@pytest.mark.parametrize("epoch", [0, 4, 9])
def test_constants_move_linearly(epoch):
    logits, labels = random_batch()
    early, late = epoch / 10, (epoch + 1) / 10
    expected = generalized_robust_loss(logits, labels, 2 * early, -2, 0.5 + 0.3 * late, 2 - 1.5 * late)
    loss = build(dict(type=NAME, reduction="mean"), epoch=epoch)
    torch.testing.assert_close(loss(logits, labels), expected.mean())


def test_validation_has_the_last_constants():
    logits, labels = random_batch()
    last = generalized_robust_loss(logits, labels, 2, -2, 0.8, 0.5).mean()
    config = dict(type=NAME, reduction="mean")
    torch.testing.assert_close(build(config, epoch=3).eval()(logits, labels), last)
    torch.testing.assert_close(MODELS.build(config).eval()(logits, labels), last)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(slope=(1, 2, 3)), "'slope' .* first and the last"),
        (dict(deviation=(0, 1)), "'deviation'"),
        (dict(negative_exponent=0), "'neg"),
    ],
)
def test_invalid_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        MODELS.build(dict(type=NAME, **arguments))
