"""AN, AN-LS and WAN against the naive formulas."""

from __future__ import annotations

import pytest
import torch

from mmpretrain_imbalance.functional.losses.assume_negative_loss import (
    ASSUME_NEGATIVE_VARIANTS,
    assume_negative_loss,
)
from tests.functional.loop_oracle import KINDS, assert_finite_at_extremes, assert_same, loop, tables

CLASSES = 6


def by_hand(x, y, variant, smoothing=0.1, eps=1e-5):
    p = 1 / (1 + torch.exp(-x))
    as_positive, as_negative = -torch.log(p + eps), -torch.log(1 - p + eps)
    if variant == "smoothed":
        target = 1 - smoothing if y == 1 else smoothing
        return target * as_positive + (1 - target) * as_negative
    if y == 1:
        return as_positive
    return as_negative / (CLASSES - 1) if variant == "weak" else as_negative


@pytest.mark.parametrize("kinds", KINDS, ids=str)
@pytest.mark.parametrize("variant", ASSUME_NEGATIVE_VARIANTS)
def test_equals_loop(kinds, variant):
    assert_same(
        lambda x, y: assume_negative_loss(x, y, variant),
        loop(lambda x, y: by_hand(x, y, variant)),
        *tables(kinds),
    )


@pytest.mark.parametrize("arguments", [dict(smoothing=0.3), dict(eps=0.0), dict(eps=0.1)], ids=str)
def test_arguments(arguments):
    assert_same(
        lambda x, y: assume_negative_loss(x, y, "smoothed", **arguments),
        loop(lambda x, y: by_hand(x, y, "smoothed", **arguments)),
        *tables(),
    )


@pytest.mark.parametrize("variant", ASSUME_NEGATIVE_VARIANTS)
def test_extremes(variant):
    assert_finite_at_extremes(lambda x, y: assume_negative_loss(x, y, variant))


def test_one_class_does_not_divide_by_zero():
    assert assume_negative_loss(torch.zeros(1, 1), torch.zeros(1, 1), "weak").isfinite().all()


def test_invalid_arguments_raise():
    with pytest.raises(
        ValueError, match=r"'variant' argument of assume_negative_loss must be one of .* Got 'x' instead"
    ):
        assume_negative_loss(torch.zeros(1, 1), torch.zeros(1, 1), "x")
