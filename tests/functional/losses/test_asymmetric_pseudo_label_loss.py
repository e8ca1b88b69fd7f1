"""EM with soft labels, and the choice of elements with soft labels, against loops."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mmpretrain_imbalance.functional.losses.asymmetric_pseudo_label_loss import (
    asymmetric_pseudo_label_loss,
    lowest_elements,
)
from tests.functional.loop_oracle import KINDS, assert_finite_at_extremes, assert_same, tables


def soft_labels(shape, dtype):
    table = torch.rand(shape, generator=torch.Generator().manual_seed(5)).double()
    return table.where(table < 0.6, -1.0).to(dtype)


def by_hand(logits, labels):
    soft = soft_labels(logits.shape, logits.dtype)
    rows = []
    for n in range(logits.shape[0]):
        for c in range(logits.shape[1]):
            p = 1 / (1 + torch.exp(-logits[n, c]))
            positive, negative = -torch.log(p + 1e-5), -torch.log(1 - p + 1e-5)
            if labels[n, c] == 1:
                rows.append(positive)
            elif labels[n, c] == 0:
                rows.append(negative)
            elif soft[n, c] >= 0:
                rows.append(0.3 * (soft[n, c] * positive + (1 - soft[n, c]) * negative))
            else:
                rows.append(-0.2 * (p * positive + (1 - p) * negative))
    return torch.stack(rows).view_as(logits)


@pytest.mark.parametrize("kinds", KINDS, ids=str)
def test_equals_loop(kinds):
    assert_same(
        lambda x, y: asymmetric_pseudo_label_loss(x, y, soft_labels(x.shape, x.dtype), alpha=0.2, beta=0.3),
        by_hand,
        *tables(kinds),
    )


def test_extremes():
    assert_finite_at_extremes(lambda x, y: asymmetric_pseudo_label_loss(x, y, torch.full(y.shape, 0.1)))
    assert_finite_at_extremes(lambda x, y: asymmetric_pseudo_label_loss(x, y, torch.full(y.shape, -1.0)))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 3), st.integers(1, 8), st.integers(0, 10))
def test_the_lowest_are_chosen(seed, num_classes, num_images, number):
    generator = torch.Generator().manual_seed(seed)
    p = torch.randint(0, 4, (num_classes, num_images), generator=generator) / 4  # many ties
    candidates = torch.rand(num_classes, num_images, generator=generator) < 0.7
    chosen = lowest_elements(p, candidates, [number] * num_classes)
    for c in range(num_classes):
        order = sorted((p[c, n].item(), n) for n in range(num_images) if candidates[c, n])
        assert chosen[c].nonzero().flatten().tolist() == sorted(n for _, n in order[:number])
