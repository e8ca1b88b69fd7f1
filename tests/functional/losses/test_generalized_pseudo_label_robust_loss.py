"""GPR against the naive formula, for each kind of answer, with the bounds on V as published."""

from __future__ import annotations

import math

import pytest
import torch

from mmpretrain_imbalance.functional.losses.generalized_pseudo_label_robust_loss import (
    generalized_pseudo_label_robust_loss,
)
from tests.functional.loop_oracle import KINDS, assert_finite_at_extremes, assert_same, tables

ANSWERS = torch.randint(-1, 2, (5, 6), generator=torch.Generator().manual_seed(7))
SCHEDULED = dict(slope=10.0, offset=-8.0, mean=0.8, deviation=0.5)


def by_hand(x, y, answer, lam=(0.7, 0.5), rho=0.9, slope=0.0, offset=-2.0, mean=0.5, deviation=2.0):
    p = 1 / (1 + torch.exp(-x))
    if y >= 0:
        return -torch.log(p) if y else -torch.log(1 - p)
    fixed = p.detach()
    trust = torch.exp(-((fixed - mean) ** 2) / (2 * deviation**2))
    if answer == 1:
        bounded = max(min(trust.item(), 1 - lam[1]), 1 - lam[0])
        return (1 - bounded) * (-rho * torch.log(p) - (1 - rho) * torch.log(1 - p))
    if answer == 0:
        return -trust * torch.log(1 - p)
    fraction = 1 / (1 + torch.exp(-(slope * fixed + offset)))
    return trust * (fraction * (1 - p**0.01) / 0.01 + (1 - fraction) * p)


def table_by_hand(logits, labels, **arguments):
    return torch.stack(
        [
            torch.stack([by_hand(logits[n, c], labels[n, c], ANSWERS[n, c], **arguments) for c in range(6)])
            for n in range(5)
        ]
    )


@pytest.mark.parametrize("kinds", KINDS, ids=str)
@pytest.mark.parametrize("constants", [dict(), SCHEDULED], ids=str)
def test_equals_loop(kinds, constants):
    assert_same(
        lambda x, y: generalized_pseudo_label_robust_loss(x, y, ANSWERS, **constants),
        lambda x, y: table_by_hand(x, y, **constants),
        *tables(kinds),
    )


def test_bounds_and_smoothing():
    assert_same(
        lambda x, y: generalized_pseudo_label_robust_loss(
            x, y, ANSWERS, **SCHEDULED, positive_weights=(0.2, 0.4), smoothing=0.25
        ),
        lambda x, y: table_by_hand(x, y, **SCHEDULED, lam=(0.4, 0.2), rho=0.75),
        *tables(),
    )


def test_both_bounds_apply():
    """With the constants of the last epoch, the trust is below the lower and above the upper bound."""
    logits = torch.tensor([[-9.0, 1.4, math.log(0.1 / 0.9)]], dtype=torch.float64)
    table = generalized_pseudo_label_robust_loss(
        logits, torch.full((1, 3), -1), torch.ones(1, 3), **SCHEDULED
    )
    p = torch.sigmoid(logits)
    weights = table / (-0.9 * torch.log(p) - 0.1 * torch.log(1 - p))
    assert weights.flatten().tolist() == pytest.approx([0.7, 0.5, 1 - math.exp(-0.98)], rel=1e-9)


def test_extremes():
    for answer in (1, 0, -1):
        answers = torch.full((4, 4), answer)
        assert_finite_at_extremes(
            lambda x, y, answers=answers: generalized_pseudo_label_robust_loss(x, y, answers, **SCHEDULED)
        )
