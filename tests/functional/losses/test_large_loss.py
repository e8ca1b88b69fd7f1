"""Large Loss: the choice of large elements, and their loss."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from mmpretrain_imbalance.functional.losses.large_loss import (
    large_loss,
    large_loss_rate,
    large_unknown_elements,
)
from tests.functional.loop_oracle import KINDS, assert_finite_at_extremes, assert_same, tables


def by_hand(logits, labels, rate, scheme):
    num_images, num_classes = logits.shape
    loss = [[0.0] * num_classes for _ in range(num_images)]
    unknown = []
    for n in range(num_images):
        for c in range(num_classes):
            p = 1 / (1 + torch.exp(-logits[n, c]))
            loss[n][c] = -torch.log(p) if labels[n, c] == 1 else -torch.log(1 - p)
            if labels[n, c] == -1:
                unknown.append(loss[n][c].item())
    k = min(math.ceil(num_images * num_classes * rate), len(unknown))
    threshold = sorted(unknown, reverse=True)[k - 1] if k else math.inf
    for n in range(num_images):
        for c in range(num_classes):
            if labels[n, c] == -1 and loss[n][c].item() >= threshold:
                p = 1 / (1 + torch.exp(-logits[n, c]))
                loss[n][c] = 0 * p if scheme == "reject" else -torch.log(p)
    return torch.stack([torch.stack(row) for row in loss])


@pytest.mark.parametrize("kinds", KINDS, ids=str)
@pytest.mark.parametrize("scheme", ["reject", "temporary"])
@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 1.0])
def test_equals_loop(kinds, scheme, rate):
    assert_same(
        lambda x, y: large_loss(x, y, large_unknown_elements(x, y, rate), scheme),
        lambda x, y: by_hand(x, y, rate, scheme),
        *tables(kinds),
    )


def test_ties_at_the_threshold_are_all_large():
    logits = torch.tensor([[5.0, 1.0, 1.0, 1.0, 0.0]])
    large = large_unknown_elements(logits, torch.full((1, 5), -1), rate=0.4)  # k = 2
    assert large.tolist() == [[True, True, True, True, False]]


def test_known_elements_are_never_large_and_not_counted():
    logits, labels = torch.tensor([[9.0, 8.0, 1.0, 0.0]]), torch.tensor([[0, 1, -1, -1]])
    assert large_unknown_elements(logits, labels, 0.25).tolist() == [[False, False, True, False]]
    assert large_unknown_elements(logits, labels, 1.0).tolist() == [[False, False, True, True]]


def test_rejected_elements_have_no_gradient():
    logits = torch.tensor([[3.0, -1.0, 0.5]], requires_grad=True)
    labels = torch.tensor([[-1, -1, 0]])
    large_loss(logits, labels, large_unknown_elements(logits, labels, 0.1)).sum().backward()
    assert logits.grad[0, 0] == 0
    assert (logits.grad[0, 1:] > 0).all()


@example(10, 10, 14, 0.5)  # 7.000000000000001 in floating point
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 30), st.sampled_from([0.1, 0.2, 0.3, 0.5]))
def test_number_of_large_elements_is_exact(num_images, num_classes, epoch, delta):
    expected = -((-num_images * num_classes * epoch * round(delta * 10)) // 1000)  # in integers
    logits = torch.arange(num_images * num_classes, dtype=torch.float64).view(num_images, num_classes) / 100
    labels = torch.full((num_images, num_classes), -1)
    assert large_unknown_elements(logits, labels, large_loss_rate(epoch, delta)).sum() == expected


def large_by_hand(logits, labels, k):
    """Return the unknown elements whose loss is at least the k-th largest loss of unknown elements."""
    losses = sorted((math.log1p(math.exp(x)) for x, y in zip(logits, labels) if y == -1), reverse=True)
    threshold = losses[min(k, len(losses)) - 1] if k and losses else math.inf
    return [y == -1 and math.log1p(math.exp(x)) >= threshold for x, y in zip(logits, labels)]


@example([(-2.0, -1)] * 33, 1, "0.1", float)  # of 33 equal logits, softplus rounds the last one differently
@given(
    st.lists(
        st.tuples(st.sampled_from([-2.0, 0.0, 0.5, 0.75, 3.0]), st.sampled_from([-1, -1, 1, 0])),
        min_size=1, max_size=60,
    ),
    st.integers(0, 20), st.sampled_from(["0.1", "0.2", "0.3", "0.7", "5", "100"]),
    st.sampled_from([float, torch.float64]),
)  # fmt: skip
def test_rates_in_tensors_equal_loop_with_ties(elements, epoch, delta, kind):
    """k is 0 in epoch 0, and larger than the number of unknown elements at large rates."""
    logits, labels = zip(*elements)
    rate = epoch * float(delta) / 100  # a rounded product of decimals
    k = math.ceil(len(elements) * epoch * Fraction(delta) / 100)
    rate = rate if kind is float else large_loss_rate(torch.tensor(epoch, dtype=kind), float(delta))
    found = large_unknown_elements(torch.tensor([logits]), torch.tensor([labels]), rate)
    assert found.tolist() == [large_by_hand(logits, labels, k)]


@pytest.mark.parametrize("rate", [0.0, 0.3, 1.0, 7.0])
@pytest.mark.parametrize("labels", [[[1, 0, 1]], [[-1, -1, -1]]])
def test_no_unknown_or_only_unknown_elements(rate, labels):
    labels = torch.tensor(labels)
    large = large_unknown_elements(torch.zeros(1, 3), labels, torch.tensor(rate, dtype=torch.float64))
    assert torch.equal(large, (labels == -1) & (rate > 0))


def test_empty_batch_has_no_large_element():
    empty = torch.zeros(0, 3)
    assert large_unknown_elements(empty, empty, torch.tensor(0.5)).shape == (0, 3)


def test_extremes():
    for scheme in ("reject", "temporary"):
        assert_finite_at_extremes(
            lambda x, y, s=scheme: large_loss(x, y, large_unknown_elements(x, y, 0.2), s)
        )


def test_invalid_arguments_raise():
    with pytest.raises(
        ValueError, match=r"'scheme' argument of large_loss must be one of 'reject', 'temporary'. Got 'x'"
    ):
        large_loss(torch.zeros(1, 1), torch.zeros(1, 1), torch.zeros(1, 1).bool(), "x")
