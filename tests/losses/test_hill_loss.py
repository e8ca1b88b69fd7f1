"""Registered Hill loss: reduction, and treatment of unknown labels."""

from __future__ import annotations

import pytest
import torch
from mmpretrain.registry import MODELS

from mmpretrain_imbalance.functional.losses.hill_loss import hill_loss
from tests.losses.smallest_losses import build, elements_of, random_batch


def test_equals_the_sum_of_the_function():
    logits, labels = random_batch()
    arguments = dict(margin=0.5, gamma=1.0, down_weight=1.2)
    loss = build(dict(type="HillLoss", reduction="sum"))
    torch.testing.assert_close(loss(logits, labels), hill_loss(logits, labels).sum())
    for config in (dict(type="HillLoss"), dict(type="HillLoss", reduction="mean_images")):
        loss = build(dict(config, **arguments))
        torch.testing.assert_close(loss(logits, labels), hill_loss(logits, labels, **arguments).sum() / 6)


@pytest.mark.parametrize("name", ["HillLoss", "SelfPacedCorrectionLoss", "AssumeNegativeLoss"])
def test_unknown_labels_are_negatives_or_left_out(name):
    logits, labels = random_batch()
    negative = build(dict(type=name))
    as_negative = negative(logits, labels, reduction_override="none")
    torch.testing.assert_close(
        as_negative, build(dict(type=name))(logits, labels.clamp(min=0), reduction_override="none")
    )
    assert elements_of(negative, logits, labels).weight.all()
    assert negative.traits.unknown == "negative"
    ignore = build(dict(type=name, unknown="ignore"))
    assert ignore.traits.unknown == "ignored"
    ignored = ignore(logits, labels, reduction_override="none")
    torch.testing.assert_close(ignored, as_negative.masked_fill(labels == -1, 0))
    assert torch.equal(elements_of(ignore, logits, labels).weight, labels != -1)
    ignored.sum().backward()
    assert (logits.grad[labels == -1] == 0).all()


@pytest.mark.parametrize("name", ["HillLoss", "SelfPacedCorrectionLoss", "AssumeNegativeLoss"])
def test_invalid_argument(name):
    with pytest.raises(
        ValueError, match=f"'unknown' argument of {name} must be one of 'negative', 'ignore'. Got 'x' instead"
    ):
        MODELS.build(dict(type=name, unknown="x"))
