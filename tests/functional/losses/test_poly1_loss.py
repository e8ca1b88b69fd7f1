"""Poly-1 against the naive formula and against its expansion."""

from __future__ import annotations

import pytest
import torch

from mmpretrain_imbalance.functional.losses.poly1_loss import poly1_loss
from tests.functional.loop_oracle import KINDS, assert_finite_at_extremes, assert_same, loop, tables


def by_hand(x, y, epsilon=2.0):
    p = 1 / (1 + torch.exp(-x))
    if y == -1:
        return 0 * x
    of_label = p if y == 1 else 1 - p
    return -torch.log(of_label) + epsilon * (1 - of_label)


@pytest.mark.parametrize("kinds", KINDS, ids=str)
@pytest.mark.parametrize("epsilon", [2.0, 0.0, -1.0])
def test_equals_loop(kinds, epsilon):
    assert_same(
        lambda x, y: poly1_loss(x, y, epsilon), loop(lambda x, y: by_hand(x, y, epsilon)), *tables(kinds)
    )


def test_the_first_coefficient_of_the_expansion_is_changed():
    logits = torch.tensor([[0.8, -0.3]], dtype=torch.float64)
    missing = 1 - torch.sigmoid(logits)
    expansion = sum(((1 + 2 if k == 1 else 1) / k) * missing**k for k in range(1, 200))
    torch.testing.assert_close(poly1_loss(logits, torch.ones(1, 2)), expansion)


def test_soft_labels_mix_positive_and_negative():
    x = torch.tensor([[0.3]])
    torch.testing.assert_close(
        poly1_loss(x, torch.tensor([[0.25]])),
        0.25 * poly1_loss(x, torch.ones(1, 1)) + 0.75 * poly1_loss(x, torch.zeros(1, 1)),
    )


def test_extremes():
    assert_finite_at_extremes(poly1_loss)
