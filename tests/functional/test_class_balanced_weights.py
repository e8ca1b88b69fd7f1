"""Class weights that sum to the number of classes."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mmpretrain_imbalance.functional.class_weights import (
    CLASS_BALANCED_SCHEMES,
    class_balanced_weights,
    positive_class_mean,
)

RAW = {
    "effective_number": lambda n: (1 - 0.99) / (1 - 0.99**n),
    "inverse": lambda n: 1 / n,
    "inverse_square_root": lambda n: 1 / math.sqrt(n),
}


@pytest.mark.parametrize("scheme", CLASS_BALANCED_SCHEMES)
def test_equals_loop(scheme):
    counts = [500, 100, 7, 1]
    raw = [RAW[scheme](n) for n in counts]
    expected = torch.tensor([4 * weight / sum(raw) for weight in raw])
    torch.testing.assert_close(class_balanced_weights(torch.tensor(counts), scheme, beta=0.99), expected)


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=9), st.sampled_from(CLASS_BALANCED_SCHEMES))
def test_sums_to_the_number_of_classes(counts, scheme):
    weights = class_balanced_weights(torch.tensor(counts), scheme)
    assert weights.isfinite().all()
    assert weights.sum().item() == pytest.approx(len(counts), rel=1e-5)
    assert all(weight == 1 for weight, count in zip(weights, counts) if count == 0)


@pytest.mark.parametrize("beta", [0.0, 0.999999])
def test_limits_of_beta(beta):
    counts = torch.tensor([400, 100])
    expected = torch.tensor([1.0, 1.0]) if beta == 0 else class_balanced_weights(counts, "inverse")
    torch.testing.assert_close(class_balanced_weights(counts, beta=beta), expected, rtol=2e-4, atol=0)


def test_mean_over_the_positives_of_an_image():
    labels = torch.tensor([[1.0, 0.5, -1.0], [0, 0, 0], [0, 0, 1]])
    expected = torch.tensor([[(2 + 0.5 * 4) / 1.5], [1.0], [8.0]])
    torch.testing.assert_close(positive_class_mean(labels, torch.tensor([2.0, 4.0, 8.0])), expected)


def test_invalid_arguments_raise():
    with pytest.raises(
        ValueError, match=r"'scheme' argument of class_balanced_weights must be one of .* Got 'x' instead"
    ):
        class_balanced_weights(torch.ones(2), "x")
