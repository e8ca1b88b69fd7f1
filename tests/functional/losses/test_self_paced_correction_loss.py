"""SPLC against the naive formula."""

from __future__ import annotations

import pytest
import torch

from mmpretrain_imbalance.functional.losses.self_paced_correction_loss import self_paced_correction_loss
from tests.functional.loop_oracle import KINDS, assert_finite_at_extremes, assert_same, loop, tables


def by_hand(x, y, threshold=0.6, margin=1.0, gamma=2.0, correct=True, correct_negatives=True):
    z = x - margin if y == 1 else x
    p = 1 / (1 + torch.exp(-z))
    doubtful = y == -1 or (y == 0 and correct_negatives)
    target = 1 if y == 1 or (doubtful and correct and p.item() > threshold) else 0
    return -((1 - p) ** gamma) * torch.log(p) if target else -(p**gamma) * torch.log(1 - p)


@pytest.mark.parametrize("kinds", KINDS, ids=str)
@pytest.mark.parametrize("correct", [True, False])
def test_equals_loop(kinds, correct):
    assert_same(
        lambda x, y: self_paced_correction_loss(x, y, correct=correct),
        loop(lambda x, y: by_hand(x, y, correct=correct)),
        *tables(kinds),
    )


@pytest.mark.parametrize(
    "arguments", [dict(correct_negatives=False), dict(threshold=0.9), dict(margin=0, gamma=1)], ids=str
)
def test_arguments(arguments):
    assert_same(
        lambda x, y: self_paced_correction_loss(x, y, **arguments),
        loop(lambda x, y: by_hand(x, y, **arguments)),
        *tables(),
    )


def test_probability_equal_to_the_threshold_is_not_corrected():
    logits = torch.zeros(1, 1, dtype=torch.float64)
    at = self_paced_correction_loss(logits + 1, torch.zeros(1, 1), threshold=torch.sigmoid(logits + 1).item())
    below = self_paced_correction_loss(logits + 1, torch.zeros(1, 1), threshold=0.7)
    above = self_paced_correction_loss(logits + 1, torch.zeros(1, 1), threshold=0.73)
    assert at.item() > above.item() == below.item()


def test_extremes():
    assert_finite_at_extremes(self_paced_correction_loss)
