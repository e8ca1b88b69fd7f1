from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torchmetrics.functional.classification import binary_calibration_error

from mmpretrain_imbalance.functional.metrics.calibration_error import (
    calibration_error,
    pooled_calibration_error,
    reliability_bins,
)
from tests.functional.partial_tables import PROBABILITIES, flat, partial_tables

TABLES = partial_tables(values=PROBABILITIES, dtype=np.float64)


def by_loops(scores: np.ndarray, labels: np.ndarray, num_bins: int) -> float:
    """A loop over the bins of the known elements."""
    total, known = 0.0, (labels != -1).sum()
    for index in range(num_bins):
        last = index == num_bins - 1
        keep = (labels != -1) & (scores * num_bins >= index) & ((scores * num_bins < index + 1) | last)
        if keep.any():
            total += keep.sum() / known * abs(scores[keep].mean() - (labels[keep] == 1).mean())
    return total if known else np.nan


@given(TABLES, st.integers(1, 12))
def test_equals_plain_loops(tables, num_bins: int) -> None:
    scores, labels = tables
    expected = [by_loops(scores[:, c], labels[:, c], num_bins) for c in range(scores.shape[1])]
    np.testing.assert_allclose(calibration_error(scores, labels, num_bins=num_bins), expected, atol=1e-12)
    pooled = pooled_calibration_error(scores, labels, num_bins=num_bins)
    np.testing.assert_allclose(pooled, by_loops(scores.ravel(), labels.ravel(), num_bins), atol=1e-12)


def test_equals_torchmetrics() -> None:
    generator = np.random.default_rng(0)
    scores, labels = generator.random((500, 3)), generator.integers(-1, 2, (500, 3))
    expected = [
        binary_calibration_error(torch.from_numpy(s), torch.from_numpy(y), n_bins=10, ignore_index=-1).item()
        for s, y in zip(scores.T, labels.T)
    ]
    np.testing.assert_allclose(calibration_error(scores, labels, num_bins=10), expected, atol=1e-6)


@given(TABLES)
def test_flat_elements_equal_matrices(tables) -> None:
    scores, labels, classes, _ = flat(*tables)
    value = calibration_error(scores, labels, classes, num_classes=tables[0].shape[1])
    np.testing.assert_allclose(value, calibration_error(*tables), atol=1e-12)


def test_the_bins_of_a_reliability_diagram() -> None:
    bins = reliability_bins([[0.0, 1.0], [0.5, 0.25]], [[0, 1], [1, -1]], num_bins=2, pooled=True)
    np.testing.assert_array_equal(bins.counts, [[1, 2]])
    np.testing.assert_array_equal(bins.mean_score, [[0.0, 0.75]])
    np.testing.assert_array_equal(bins.positive_fraction, [[0.0, 1.0]])


def test_logits_raise() -> None:
    with pytest.raises(
        ValueError, match=r"must be probabilities .* not logits\. Got 2\.5 at class 1 instead"
    ):
        calibration_error([[0.5, 2.5]], [[1, 0]])


@pytest.mark.parametrize("num_bins", [0, 2.5])
def test_invalid_number_of_bins_raises(num_bins: float) -> None:
    message = "'num_bins' argument of calibration_error must be an integer of at least 1"
    with pytest.raises(ValueError, match=message):
        calibration_error([[0.5]], [[1]], num_bins=num_bins)
