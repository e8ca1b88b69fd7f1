"""EM against the naive formula."""

from __future__ import annotations

import pytest
import torch

from mmpretrain_imbalance.functional.losses.entropy_maximization_loss import entropy_maximization_loss
from tests.functional.loop_oracle import KINDS, assert_finite_at_extremes, assert_same, loop, tables


def by_hand(x, y, alpha=0.1, eps=1e-5):
    p = 1 / (1 + torch.exp(-x))
    as_positive, as_negative = -torch.log(p + eps), -torch.log(1 - p + eps)
    return {1: as_positive, 0: as_negative, -1: -alpha * (p * as_positive + (1 - p) * as_negative)}[y]


@pytest.mark.parametrize("kinds", KINDS, ids=str)
@pytest.mark.parametrize("arguments", [dict(), dict(alpha=0.2, eps=0.0)], ids=str)
def test_equals_loop(kinds, arguments):
    assert_same(
        lambda x, y: entropy_maximization_loss(x, y, **arguments),
        loop(lambda x, y: by_hand(x, y, **arguments)),
        *tables(kinds),
    )


def test_gradient_descent_moves_unknown_probabilities_to_one_half():
    logits = torch.tensor([[2.0, -2.0, 0.0]], requires_grad=True)
    entropy_maximization_loss(logits, torch.full((1, 3), -1)).sum().backward()
    assert logits.grad[0, 0] > 0 > logits.grad[0, 1]
    assert logits.grad[0, 2].abs() < 1e-7


@pytest.mark.parametrize("eps", [0.0, 1e-5])
def test_extremes(eps):
    assert_finite_at_extremes(lambda x, y: entropy_maximization_loss(x, y, eps=eps))
