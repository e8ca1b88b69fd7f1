from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mmpretrain_imbalance.functional.metrics.best_thresholds import best_thresholds
from tests.functional.partial_tables import flat, partial_tables


def by_loops(scores: np.ndarray, labels: np.ndarray, precision: float | None, recall: float | None) -> float:
    """Try every score of one class as its threshold, in descending order."""
    known, positives = labels != -1, (labels == 1).sum()
    best, best_f1 = None, -1.0
    for threshold in sorted(set(scores[known].tolist()), reverse=True):
        predicted = known & (scores >= threshold)
        hits = (predicted & (labels == 1)).sum()
        if precision is not None:
            best = threshold if hits / predicted.sum() >= precision else best
        elif recall is not None:
            best = threshold if best is None and hits / positives >= recall else best
        elif 2 * hits / (predicted.sum() + positives) > best_f1:
            best, best_f1 = threshold, 2 * hits / (predicted.sum() + positives)
    return np.nextafter(scores[known].max(), np.inf, dtype=scores.dtype) if best is None else best


@given(
    partial_tables(),
    st.sampled_from([{}, dict(precision=0.6), dict(precision=1.0), dict(recall=0.5), dict(recall=1.0)]),
    st.sampled_from([0.0, 1.0, 10.0]),
)
def test_equals_plain_loops(tables, required: dict[str, float], shrinkage: float) -> None:
    scores, labels = tables
    assume((labels == 1).any())
    thresholds, overall = best_thresholds(scores, labels, **required, shrinkage=shrinkage)
    wanted = dict(precision=None, recall=None) | required
    assert overall == by_loops(scores.ravel(), labels.ravel(), **wanted)
    for index, threshold in enumerate(thresholds):
        positives = (labels[:, index] == 1).sum()
        own = by_loops(scores[:, index], labels[:, index], **wanted) if positives else overall
        expected = (positives * own + shrinkage * overall) / (positives + shrinkage) if positives else overall
        np.testing.assert_allclose(threshold, expected, rtol=1e-12, atol=1e-50)
    flat_thresholds, _ = best_thresholds(
        *flat(scores, labels)[:3], num_classes=labels.shape[1], **required, shrinkage=shrinkage
    )
    np.testing.assert_array_equal(flat_thresholds, thresholds)


def test_threshold_without_shrinkage_equals_the_score_in_float32() -> None:
    scores = np.float32([[0.7], [0.3]])
    assert best_thresholds(scores, [[1], [0]], shrinkage=0)[0].astype(np.float32) == scores[0]


def test_recall_that_equals_a_decimal_number_exactly() -> None:
    """7 / 25 is 0.28, but 0.28 * 25 is rounded to above 7."""
    scores = np.arange(25, 0, -1)[:, None] / 25
    assert best_thresholds(scores, np.ones((25, 1)), recall=0.28, shrinkage=0)[0] == scores[6]


@pytest.mark.parametrize("score", [0.7, 0.1, 0.9])
def test_threshold_of_a_class_equal_to_the_global_one_is_not_rounded(score: float) -> None:
    for positives in range(1, 60):
        for shrinkage in (0.3, 3.0, 10.0):
            chosen, overall = best_thresholds(
                np.full((positives, 1), score), np.ones((positives, 1)), shrinkage=shrinkage
            )
            assert (chosen[0], overall) == (score, score)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            dict(labels=[[0], [-1]]),
            "'labels' argument of best_thresholds .* Got 1 known elements without a positive instead",
        ),
        (
            dict(precision=0.0),
            r"'precision' argument of best_thresholds must be in \(0, 1\]. Got 0.0 instead",
        ),
        (dict(recall=1.5), r"'recall' argument of best_thresholds must be in \(0, 1\]. Got 1.5 instead"),
        (dict(precision=0.5, recall=0.5), "'recall' argument of best_thresholds .* Got both instead"),
        (
            dict(shrinkage=-1.0),
            "'shrinkage' argument of best_thresholds must be at least 0. Got -1.0 instead",
        ),
    ],
)
def test_invalid_inputs_raise(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        best_thresholds(**(dict(scores=[[0.5], [0.4]], labels=[[1], [0]]) | arguments))
