"""ZLPR: the sum of a row is the published loss, with its gradient."""

from __future__ import annotations

import pytest
import torch

from mmpretrain_imbalance.functional.losses.zlpr_loss import zlpr_loss
from tests.functional.loop_oracle import KINDS, assert_finite_at_extremes, assert_same, tables


def by_hand(logits, labels):
    loss = 0.0
    for row, wanted in zip(logits, labels):
        negatives = sum(torch.exp(row[c]) for c in range(len(row)) if wanted[c] == 0)
        positives = sum(torch.exp(-row[c]) for c in range(len(row)) if wanted[c] == 1)
        loss = loss + torch.log(1 + negatives + 0 * row.sum()) + torch.log(1 + positives + 0 * row.sum())
    return loss


@pytest.mark.parametrize("kinds", KINDS, ids=str)
def test_equals_loop(kinds):
    assert_same(zlpr_loss, by_hand, *tables(kinds), joint=True)


def test_loss_is_distributed_evenly_and_unknown_elements_are_zero():
    logits, labels = tables()
    table = zlpr_loss(logits.requires_grad_(), labels)
    for n in range(5):
        torch.testing.assert_close(table[n].sum(), by_hand(logits[n : n + 1], labels[n : n + 1]))
        for kind in (1, 0):
            fractions = table[n][labels[n] == kind]
            torch.testing.assert_close(fractions, fractions.mean().expand_as(fractions))
    table.sum().backward()
    assert (table[labels == -1] == 0).all()
    assert (logits.grad[labels == -1] == 0).all()


def test_extremes():
    assert_finite_at_extremes(zlpr_loss)
