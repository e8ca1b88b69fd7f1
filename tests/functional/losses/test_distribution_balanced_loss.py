"""Distribution-balanced loss against the naive formula."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mmpretrain_imbalance.functional.losses.distribution_balanced_loss import (
    distribution_balanced_loss,
    rebalanced_weights,
)
from tests.functional.loop_oracle import KINDS, assert_finite_at_extremes, assert_same, tables

POSITIVES, IMAGES = torch.tensor([90.0, 50, 20, 5, 1, 10]), 100
SETTINGS = [
    dict(),
    dict(gamma=0.3, negative_scale=5.0),
    dict(focusing=0.0),
    dict(rebalance=False, initial_bias=0.0, negative_scale=1.0),
    dict(weight_norm="by_instance"),
    dict(weight_norm="by_batch", focusing=0.0),
]


def weights_by_hand(labels, positives, alpha, beta, gamma, weight_norm):
    num_images, num_classes = labels.shape
    table = []
    for n in range(num_images):
        repeats = sum(labels[n, j].item() / positives[j] for j in range(num_classes) if labels[n, j] > 0)
        table.append(
            [
                alpha + (1 / (1 + math.exp(-beta * (1 / f / repeats - gamma))) if repeats else 1)
                for f in positives
            ]
        )
    known = [[table[n][c] for c in range(num_classes) if labels[n, c] != -1] for n in range(num_images)]
    if weight_norm == "by_instance":
        table = [[weight / max(known[n], default=1) for weight in table[n]] for n in range(num_images)]
    elif weight_norm == "by_batch":
        largest = max((weight for row in known for weight in row), default=1)
        table = [[weight / largest for weight in row] for row in table]
    return table


def by_hand(
    logits,
    labels,
    alpha=0.1,
    beta=10,
    gamma=0.2,
    initial_bias=0.05,
    negative_scale=2.0,
    focusing=2.0,
    rebalance=True,
    weight_norm=None,
):
    table = []
    weights = weights_by_hand(labels, POSITIVES.tolist(), alpha, beta, gamma, weight_norm)
    for n in range(logits.shape[0]):
        row = []
        for c in range(6):
            f = POSITIVES[c].item()
            weight = weights[n][c] if rebalance else 1.0
            z = logits[n, c] - math.log(IMAGES / f - 1) * initial_bias / negative_scale
            if labels[n, c] == 1:
                odds = torch.exp(-z)  # odds of a wrong prediction: (1 - p_t) / p_t
                loss = weight * torch.log1p(odds)
            else:
                odds = torch.exp(negative_scale * z)
                loss = weight / negative_scale * torch.log1p(odds)
            if focusing:
                loss = 2 * (odds / (1 + odds)) ** focusing * loss
            row.append(0 * loss if labels[n, c] == -1 else loss)
        table.append(torch.stack(row))
    return torch.stack(table)


@pytest.mark.parametrize("kinds", KINDS, ids=str)
@pytest.mark.parametrize("arguments", SETTINGS, ids=str)
def test_equals_loop(kinds, arguments):
    assert_same(
        lambda x, y: distribution_balanced_loss(x, y, POSITIVES, IMAGES - POSITIVES, **arguments),
        lambda x, y: by_hand(x, y, **arguments),
        *tables(kinds),
    )


TABLES = st.tuples(st.integers(1, 5), st.integers(1, 5)).flatmap(
    lambda shape: st.tuples(
        st.lists(
            st.lists(st.sampled_from([1.0, 0.0, -1.0, 0.25, 0.7]), min_size=shape[1], max_size=shape[1]),
            min_size=shape[0],
            max_size=shape[0],
        ),
        st.lists(st.integers(0, 1000), min_size=shape[1], max_size=shape[1]),
    )
)


@pytest.mark.parametrize("weight_norm", [None, "by_instance", "by_batch"])
@given(TABLES, st.floats(0, 1), st.floats(0.1, 20), st.floats(-1, 1))
def test_weights_equal_loop(weight_norm, table, alpha, beta, gamma):
    labels, counts = torch.tensor(table[0], dtype=torch.float64), torch.tensor(table[1]).double()
    found = rebalanced_weights(labels, counts, alpha, beta, gamma, weight_norm)
    seen = [max(count, 1) for count in table[1]]
    expected = weights_by_hand(labels, seen, alpha, beta, gamma, weight_norm)
    torch.testing.assert_close(found, torch.tensor(expected, dtype=torch.float64), rtol=1e-9, atol=1e-12)
    known = found[labels != -1]
    if weight_norm and len(known):
        assert known.max().item() == pytest.approx(1)


def test_an_image_without_positives_has_the_weight_of_the_authors_code():
    """There, r of an image without positives is 1 / 0, and its sigmoid is 1."""
    weights = rebalanced_weights(torch.tensor([[0, -1], [1, 0]]), torch.tensor([5.0, 10.0]))
    torch.testing.assert_close(weights[0], torch.full((2,), 1.1))
    torch.testing.assert_close(weights[1], 0.1 + torch.sigmoid(10 * (torch.tensor([1.0, 0.5]) - 0.2)))


@pytest.mark.parametrize("weight_norm", [None, "by_instance", "by_batch"])
def test_weight_is_continuous_where_a_soft_label_becomes_zero(weight_norm):
    counts = torch.tensor([5.0, 10.0, 40.0], dtype=torch.float64)
    nothing = torch.tensor([[0.0, 0.0, -1.0], [1.0, 0.0, 0.0]], dtype=torch.float64)
    little = nothing.clone()
    little[0, 1] = 1e-9
    torch.testing.assert_close(
        *(rebalanced_weights(labels, counts, weight_norm=weight_norm) for labels in (little, nothing)),
        rtol=1e-9,
        atol=0,
    )
    table = torch.tensor([[0.3, -2.0, 1.0], [0.5, 1.0, -1.0]], dtype=torch.float64)
    losses = [
        distribution_balanced_loss(table, labels, counts, 50 - counts, weight_norm=weight_norm)
        for labels in (little, nothing)
    ]
    torch.testing.assert_close(*losses, rtol=1e-9, atol=1e-8)  # the loss includes a billionth of a positive


def test_unknown_norm_raises():
    with pytest.raises(ValueError, match=r"'weight_norm' argument of rebalanced_weights .* Got 'by_class'"):
        rebalanced_weights(torch.zeros(1, 1), torch.ones(1), weight_norm="by_class")


def test_classes_without_positives_or_negatives_stay_finite():
    logits = torch.zeros(2, 3, requires_grad=True)
    table = distribution_balanced_loss(
        logits,
        torch.tensor([[1, 0, 1], [0, 1, -1]]),
        torch.tensor([0.0, 100, 50]),
        torch.tensor([100.0, 0, 50]),
    )
    table.sum().backward()
    assert table.isfinite().all()
    assert logits.grad.isfinite().all()
    assert logits.grad[1, 2] == 0


@pytest.mark.parametrize("arguments", SETTINGS, ids=str)
def test_extremes(arguments):
    counts = POSITIVES[:4], IMAGES - POSITIVES[:4]
    assert_finite_at_extremes(lambda x, y: distribution_balanced_loss(x, y, *counts, **arguments))
