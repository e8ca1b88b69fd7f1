"""Registered Large Loss: its rate over epochs, and the elements that take part."""

from __future__ import annotations

import math

import pytest
import torch
from mmpretrain.registry import MODELS

from mmpretrain_imbalance.functional.losses.large_loss import large_loss, large_unknown_elements
from tests.losses.smallest_losses import build, elements_of, random_batch


@pytest.mark.parametrize("epoch", [0, 1, 3, 8])
def test_the_fraction_grows_with_the_epoch(epoch):
    logits, _ = random_batch(20, 3)
    labels = torch.full((20, 3), -1)
    rejected = ~elements_of(build(dict(type="LargeLoss", delta=2.0), epoch=epoch), logits, labels).weight
    number = math.ceil(60 * epoch * 2 / 100)
    assert rejected.sum() == number
    largest = sorted(logits.flatten().tolist(), reverse=True)[:number]
    assert sorted(logits[rejected].tolist(), reverse=True) == largest


@pytest.mark.parametrize("scheme", ["reject", "temporary"])
def test_equals_the_function(scheme):
    logits, labels = random_batch()
    loss = build(dict(type="LargeLoss", scheme=scheme, delta=2.5, reduction="mean"), epoch=8)
    expected = large_loss(logits, labels, large_unknown_elements(logits, labels, 0.2), scheme)
    torch.testing.assert_close(loss(logits, labels, reduction_override="none"), expected)
    torch.testing.assert_close(loss(logits, labels), expected.mean())


def test_a_flipped_element_takes_part_and_validation_flips_none():
    logits, labels = random_batch()
    loss = build(dict(type="LargeLoss", scheme="temporary", delta=10, reduction="mean"))
    elements = elements_of(loss, logits, labels)
    assert elements.weight.all()
    # The rate is 0.8 of the batch, which includes all unknown elements.
    assert torch.equal(elements.labels == 1, labels != 0)
    none = torch.zeros(6, 3, dtype=torch.bool)
    torch.testing.assert_close(loss.eval()(logits, labels), large_loss(logits, labels, none).mean())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(dict(scheme="permanent"), "'scheme' .* one of 'reject'"), (dict(delta=-1), "'delta'")],
)
def test_invalid_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        MODELS.build(dict(type="LargeLoss", **arguments))
