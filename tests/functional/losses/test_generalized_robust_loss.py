"""GR against the naive formula, with weights that have no gradient."""

from __future__ import annotations

import pytest
import torch

from mmpretrain_imbalance.functional.losses.generalized_robust_loss import generalized_robust_loss
from tests.functional.loop_oracle import KINDS, assert_finite_at_extremes, assert_same, loop, tables

SETTINGS = [
    dict(),
    dict(slope=2.0, offset=-2.0, mean=0.8, deviation=0.5),
    dict(slope=1.0, offset=-1.0, mean=0.6, deviation=1.0, positive_exponent=0.7, negative_exponent=0.3),
]


def by_hand(
    x, y, slope=0.0, offset=-2.0, mean=0.5, deviation=2.0, positive_exponent=0.01, negative_exponent=1.0
):
    p = 1 / (1 + torch.exp(-x))
    if y >= 0:
        return -torch.log(p) if y else -torch.log(1 - p)
    fixed = p.detach()
    fraction = 1 / (1 + torch.exp(-(slope * fixed + offset)))
    trust = torch.exp(-((fixed - mean) ** 2) / (2 * deviation**2))
    as_positive = (1 - p**positive_exponent) / positive_exponent
    as_negative = (1 - (1 - p) ** negative_exponent) / negative_exponent
    return trust * (fraction * as_positive + (1 - fraction) * as_negative)


@pytest.mark.parametrize("kinds", KINDS, ids=str)
@pytest.mark.parametrize("arguments", SETTINGS, ids=str)
def test_equals_loop(kinds, arguments):
    assert_same(
        lambda x, y: generalized_robust_loss(x, y, **arguments),
        loop(lambda x, y: by_hand(x, y, **arguments)),
        *tables(kinds),
    )


@pytest.mark.parametrize("arguments", SETTINGS, ids=str)
def test_extremes(arguments):
    assert_finite_at_extremes(lambda x, y: generalized_robust_loss(x, y, **arguments))
