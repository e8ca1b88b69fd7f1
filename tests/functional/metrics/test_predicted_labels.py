from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mmpretrain_imbalance.functional.metrics.predicted_labels import labels_above, top_labels
from tests.functional.partial_tables import PROBABILITIES, partial_tables


@given(partial_tables(), st.integers(1, 6))
def test_top_labels_are_the_first_k_of_a_stable_order(tables, k: int) -> None:
    scores = tables[0]
    expected = np.zeros(scores.shape, dtype=bool)
    for image, row in enumerate(scores.tolist()):
        for index in sorted(range(len(row)), key=lambda index: -row[index])[:k]:
            expected[image, index] = True
    np.testing.assert_array_equal(top_labels(scores, k), expected)


def top_labels_by_loops(scores: np.ndarray, k: int, thresholds: list[float]) -> np.ndarray:
    """The definition: the rank of each label, then its threshold."""
    expected = np.zeros(scores.shape, dtype=bool)
    for image, row in enumerate(scores):
        for index, score in enumerate(row):
            rank = 1
            for other, rival in enumerate(row):
                rank += rival > score or (rival == score and other < index)
            expected[image, index] = rank <= k and score >= scores.dtype.type(thresholds[index])
    return expected


@given(partial_tables(PROBABILITIES), st.integers(1, 6), st.lists(PROBABILITIES, min_size=4, max_size=4))
def test_top_labels_that_also_reach_a_threshold_equal_loops(tables, k: int, thresholds: list[float]) -> None:
    scores = tables[0]
    thresholds = thresholds[: scores.shape[1]]
    expected = top_labels_by_loops(scores, k, thresholds)
    np.testing.assert_array_equal(top_labels(scores, k, thresholds), expected)
    one_for_all = top_labels_by_loops(scores, k, [thresholds[0]] * scores.shape[1])
    np.testing.assert_array_equal(top_labels(scores, k, thresholds[0]), one_for_all)


def test_a_label_below_its_threshold_is_not_replaced_by_the_next() -> None:
    scores = np.array([[0.9, 0.8, 0.7], [0.4, 0.3, 0.2]])
    expected = [[True, False, False], [False, False, False]]
    np.testing.assert_array_equal(top_labels(scores, 2, [0.5, 0.85, 0.5]), expected)


def test_top_labels_equal_torch() -> None:
    scores = np.random.default_rng(0).random((50, 30))
    expected = torch.zeros(50, 30).scatter(1, torch.from_numpy(scores).topk(7).indices, 1)
    np.testing.assert_array_equal(top_labels(scores, 7), expected)


@pytest.mark.parametrize("threshold", [0.1, 0.3, 0.7, 0.9])
def test_float32_score_reaches_its_decimal_threshold(threshold: float) -> None:
    scores = np.full((1, 2), threshold, dtype=np.float32)
    assert labels_above(scores, threshold).all()
    assert labels_above(scores, [threshold, threshold]).all()
    assert not labels_above(np.nextafter(scores, -1), threshold).any()
