"""The Hill loss against the naive formula."""

from __future__ import annotations

import pytest
import torch

from mmpretrain_imbalance.functional.losses.hill_loss import hill_loss
from tests.functional.loop_oracle import KINDS, assert_finite_at_extremes, assert_same, loop, tables


def by_hand(x, y, margin=1.0, gamma=2.0, down_weight=1.5):
    p, m = 1 / (1 + torch.exp(-x)), 1 / (1 + torch.exp(margin - x))
    return -((1 - m) ** gamma) * torch.log(m) if y == 1 else (down_weight - p) * p**2


@pytest.mark.parametrize("kinds", KINDS, ids=str)
def test_equals_loop(kinds):
    assert_same(hill_loss, loop(by_hand), *tables(kinds))


@pytest.mark.parametrize(
    "arguments", [dict(margin=0.5), dict(gamma=1), dict(gamma=0), dict(down_weight=2.0)], ids=str
)
def test_arguments(arguments):
    assert_same(
        lambda x, y: hill_loss(x, y, **arguments), loop(lambda x, y: by_hand(x, y, **arguments)), *tables()
    )


def test_extremes():
    assert_finite_at_extremes(hill_loss)


def test_gradient_of_negatives_decreases_at_high_probabilities():
    logits = torch.tensor([[0.5, 6.0]], requires_grad=True)
    hill_loss(logits, torch.zeros(1, 2)).sum().backward()
    assert logits.grad[0, 1] < logits.grad[0, 0] / 10


def test_soft_labels_mix_positive_and_negative():
    x = torch.tensor([[0.3]])
    torch.testing.assert_close(
        hill_loss(x, torch.tensor([[0.25]])),
        0.25 * hill_loss(x, torch.ones(1, 1)) + 0.75 * hill_loss(x, torch.zeros(1, 1)),
    )


def test_invalid_arguments_raise():
    with pytest.raises(ValueError, match="'labels' argument of hill_loss must be 1"):
        hill_loss(torch.zeros(1, 1), torch.full((1, 1), 2))
