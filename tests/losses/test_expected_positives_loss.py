"""Registered EPR: every element takes part, unknown elements only through the regularizer."""

from __future__ import annotations

import pytest
import torch
from mmpretrain.registry import MODELS

from mmpretrain_imbalance.functional.losses.expected_positives_loss import expected_positives_loss
from tests.losses.smallest_losses import build, elements_of, random_batch

CONFIG = dict(type="ExpectedPositivesLoss", expected_positives=1.5)


def test_equals_the_function():
    logits, labels = random_batch()
    loss = build(dict(CONFIG, use_negatives=True, reduction="mean"))
    torch.testing.assert_close(
        loss(logits, labels), expected_positives_loss(logits, labels, 1.5, True).mean()
    )
    assert elements_of(loss, logits, labels).weight.all()


def test_the_reduction_mean_kept_gives_the_published_value():
    logits, labels = random_batch()
    probabilities = torch.sigmoid(logits)
    positives = -torch.log(probabilities + 1e-5)[labels == 1].sum() / 18
    published = positives + (probabilities.sum() / 6 - 1.5) ** 2 / 9
    torch.testing.assert_close(build(dict(CONFIG, reduction="mean_kept"))(logits, labels), published)


@pytest.mark.parametrize(
    ("value", "expected"), [(0, "above 0"), (-1, "above 0"), (float("inf"), "a finite number above 0")]
)
def test_invalid_argument(value, expected):
    message = (
        f"'expected_positives' argument of ExpectedPositivesLoss must be {expected}. Got {value} instead"
    )
    with pytest.raises(ValueError, match=message):
        MODELS.build(dict(CONFIG, expected_positives=value))
