"""The multi-grained focal loss against a transcript of its formula."""

from __future__ import annotations

import math

import pytest
import torch

from mmpretrain_imbalance.functional.losses.multi_grained_focal_loss import (
    multi_grained_focal_loss,
    multi_grained_weights,
)
from tests.functional.loop_oracle import KINDS, assert_finite_at_extremes, assert_same, tables

WEIGHT = torch.tensor([1.0, 1.25, 1.5, 1.125, 1.0, 2.0], dtype=torch.float64)


def table_by_hand(logits, labels, gamma_pos=0.0, gamma_neg=4.0, clip=0.05, detach_focus=True, eps=1e-8):
    rows = []
    for row, marks in zip(logits, labels):
        elements = []
        for x, y, w in zip(row, marks, WEIGHT):
            p = 1 / (1 + torch.exp(-x))
            probability = p if y == 1 else (1 - p + clip).clamp(max=1)
            focus = (1 - probability) ** (gamma_pos if y == 1 else gamma_neg + w)
            elements.append(
                -w * (focus.detach() if detach_focus else focus) * torch.log(probability.clamp(min=eps))
            )
        rows.append(torch.stack(elements))
    return torch.stack(rows)


def ours(logits, labels, **arguments):
    return multi_grained_focal_loss(logits, labels, WEIGHT.to(logits.dtype), **arguments)


@pytest.mark.parametrize("kinds", KINDS, ids=str)
def test_equals_loop(kinds):
    logits, labels = tables(kinds)
    assert_same(ours, table_by_hand, logits / 2, labels)


@pytest.mark.parametrize(
    "arguments",
    [dict(gamma_pos=1.0), dict(gamma_neg=0.0), dict(clip=0.0), dict(clip=0.2, detach_focus=False)],
    ids=str,
)
def test_arguments(arguments):
    logits, labels = tables()
    assert_same(
        lambda x, y: ours(x, y, **arguments),
        lambda x, y: table_by_hand(x, y, **arguments),
        logits / 2,
        labels,
    )


def test_weights():
    found = multi_grained_weights(torch.tensor([400, 20, 1, 0, 400]), torch.float64)
    expected = [(1 - math.log(n / 400)) ** (1 / 6) for n in (400, 20, 1, 1, 400)]
    assert found.tolist() == pytest.approx(expected, rel=1e-12)
    assert multi_grained_weights(torch.zeros(3)).tolist() == [1, 1, 1]


def test_extremes():
    weight = torch.tensor([1.0, 1.3, 1.1, 1.0])
    assert_finite_at_extremes(lambda x, y: multi_grained_focal_loss(x, y, weight))
