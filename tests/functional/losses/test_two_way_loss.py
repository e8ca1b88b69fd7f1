"""Two-way loss: the sum of the elements, divided by N, is the published loss, with its gradient."""

from __future__ import annotations

import pytest
import torch

from mmpretrain_imbalance.functional.losses.two_way_loss import two_way_loss
from tests.functional.loop_oracle import KINDS, assert_finite_at_extremes, assert_same, tables


def one_way(rows, labels, positive_temperature, negative_temperature):
    losses = []
    for row, wanted in zip(rows, labels):
        positives = [row[c] for c in range(len(row)) if wanted[c] == 1]
        negatives = [row[c] for c in range(len(row)) if wanted[c] == 0]
        if positives:
            low = sum(torch.exp(-x / positive_temperature) for x in positives) ** positive_temperature
            high = sum(torch.exp(x / negative_temperature) for x in negatives) ** negative_temperature
            losses.append(torch.log(1 + low * high))
    return sum(losses) / max(len(losses), 1)


def by_hand(logits, labels, positive_temperature=4.0, negative_temperature=1.0):
    temperatures = positive_temperature, negative_temperature
    loss = one_way(logits, labels, *temperatures) + one_way(logits.T, labels.T, *temperatures)
    return len(logits) * loss + 0 * logits.sum()


@pytest.mark.parametrize("kinds", KINDS, ids=str)
@pytest.mark.parametrize(
    "arguments", [dict(), dict(positive_temperature=1.0), dict(negative_temperature=2.0)], ids=str
)
def test_equals_loop(kinds, arguments):
    assert_same(
        lambda x, y: two_way_loss(x, y, **arguments),
        lambda x, y: by_hand(x, y, **arguments),
        *tables(kinds),
        joint=True,
    )


def test_unknown_elements_have_zero_loss_and_gradient():
    logits, labels = tables()
    table = two_way_loss(logits.requires_grad_(), labels)
    table.sum().backward()
    assert (table[labels == -1] == 0).all()
    assert (logits.grad[labels == -1] == 0).all()


def test_images_and_classes_without_a_positive_are_left_out():
    logits, labels = tables()
    labels[3], labels[:, 2] = 0, 0
    rows = [n for n in range(5) if n != 3]
    kept = one_way(logits[rows], labels[rows], 4.0, 1.0) + one_way(logits.T, labels.T, 4.0, 1.0)
    torch.testing.assert_close(two_way_loss(logits, labels).sum() / 5, kept)


def test_extremes():
    assert_finite_at_extremes(two_way_loss)
