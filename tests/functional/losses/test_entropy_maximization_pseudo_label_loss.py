"""EM + PL against the naive formula, for each kind of answer."""

from __future__ import annotations

import pytest
import torch

from mmpretrain_imbalance.functional.losses.entropy_maximization_pseudo_label_loss import (
    entropy_maximization_pseudo_label_loss,
)
from tests.functional.loop_oracle import KINDS, assert_finite_at_extremes, assert_same, tables

ANSWERS = torch.randint(-1, 2, (5, 6), generator=torch.Generator().manual_seed(7))


def by_hand(x, y, answer, alpha=0.1, beta=0.7, smoothing=0.1, eps=1e-5):
    p = 1 / (1 + torch.exp(-x))
    as_positive, as_negative = -torch.log(p + eps), -torch.log(1 - p + eps)
    if y >= 0:
        return as_positive if y else as_negative
    if answer == 1:
        return beta * ((1 - smoothing) * as_positive + smoothing * as_negative)
    if answer == 0:
        return 0 * x
    return -alpha * (p * as_positive + (1 - p) * as_negative)


def table_by_hand(logits, labels, **arguments):
    return torch.stack(
        [
            torch.stack([by_hand(logits[n, c], labels[n, c], ANSWERS[n, c], **arguments) for c in range(6)])
            for n in range(5)
        ]
    )


@pytest.mark.parametrize("kinds", KINDS, ids=str)
def test_equals_loop(kinds):
    assert_same(
        lambda x, y: entropy_maximization_pseudo_label_loss(x, y, ANSWERS), table_by_hand, *tables(kinds)
    )


@pytest.mark.parametrize(
    "arguments", [dict(alpha=0.3, beta=0.2), dict(smoothing=0.0), dict(eps=0.0)], ids=str
)
def test_arguments(arguments):
    assert_same(
        lambda x, y: entropy_maximization_pseudo_label_loss(x, y, ANSWERS, **arguments),
        lambda x, y: table_by_hand(x, y, **arguments),
        *tables(),
    )


def test_answers_do_not_change_known_labels():
    logits = torch.randn(1, 4)
    labels = torch.tensor([[1, 1, 0, 0]])
    tables_ = [
        entropy_maximization_pseudo_label_loss(logits, labels, torch.full((1, 4), answer))
        for answer in (1, 0, -1)
    ]
    assert torch.equal(tables_[0], tables_[1])
    assert torch.equal(tables_[0], tables_[2])


def test_extremes():
    for answer in (1, 0, -1):
        answers = torch.full((4, 4), answer)
        assert_finite_at_extremes(
            lambda x, y, answers=answers: entropy_maximization_pseudo_label_loss(x, y, answers)
        )
