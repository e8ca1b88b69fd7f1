from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mmpretrain_imbalance.functional.metrics.best_thresholds import best_thresholds
from mmpretrain_imbalance.functional.metrics.predicted_labels import labels_above
from tests.functional.partial_tables import flat, partial_tables

WANTED = st.sampled_from([{}, dict(precision=0.6), dict(precision=1.0), dict(recall=0.5), dict(recall=1.0)])


def own_count(scores: list, labels: list, precision: float | None, recall: float | None) -> int:
    """Try every score of one class as its threshold, in descending order, and count the predictions."""
    positives = sum(labels)
    best, best_f1 = 0, Fraction(-1)
    for threshold in sorted(set(scores), reverse=True):
        predicted = sum(score >= threshold for score in scores)
        hits = sum(label for score, label in zip(scores, labels) if score >= threshold)
        f1 = Fraction(2 * hits, predicted + positives)
        if precision is not None:
            best = predicted if hits / predicted >= precision else best
        elif recall is not None:
            best = predicted if best == 0 and hits / positives >= recall else best
        elif f1 > best_f1:
            best, best_f1 = predicted, f1
    return best


def common_ratio(columns: list, precision: float | None, recall: float | None) -> Fraction | None:
    """Try the ratio at which each positive becomes a prediction, in ascending order."""
    ranks = [
        [
            Fraction(sum(other >= score for other in scores), sum(labels))
            for score, label in zip(scores, labels)
            if label
        ]
        for scores, labels in columns
        if sum(labels)
    ]
    best, best_f1 = None, Fraction(-1)
    for ratio in sorted({rank for of_class in ranks for rank in of_class}):
        recalls = [Fraction(sum(rank <= ratio for rank in of_class), len(of_class)) for of_class in ranks]
        mean = sum(recalls) / len(recalls)
        f1 = 2 * mean / (1 + ratio)
        if precision is not None:
            best = ratio if float(mean / ratio) >= precision else best
        elif recall is not None:
            best = ratio if best is None and float(mean) >= recall else best
        elif f1 > best_f1:
            best, best_f1 = ratio, f1
    return best


def threshold_of(scores: list, count: float) -> float:
    """Return the threshold that predicts the given number of scores: the k-th highest is at k - 1/2."""
    scores = sorted(scores, reverse=True)
    if count == 0:
        return np.nextafter(scores[0], np.inf, dtype=np.float32)
    return float(np.interp(count, [rank - 0.5 for rank in range(1, len(scores) + 1)], scores))


@given(partial_tables(), WANTED, st.sampled_from([0.0, 1.0, 10.0]))
def test_equals_plain_loops(tables, required: dict[str, float], shrinkage: float) -> None:
    scores, labels = tables
    assume((labels == 1).any())
    thresholds, overall = best_thresholds(scores, labels, **required, shrinkage=shrinkage)
    wanted = dict(precision=None, recall=None) | required
    columns = []
    for column, of_class in zip(scores.T, labels.T):
        known = of_class != -1
        columns.append((column[known].tolist(), (of_class[known] == 1).astype(int).tolist()))
    pooled = [[value for part in parts for value in part] for parts in zip(*columns)]
    ratio = common_ratio(columns, **wanted)
    np.testing.assert_allclose(
        overall, threshold_of(pooled[0], own_count(*pooled, **wanted)), rtol=1e-5, atol=1e-44
    )
    for threshold, (of_class, positives) in zip(thresholds, columns):
        if not of_class:
            expected = overall
        elif not sum(positives):
            expected = (max(of_class) + overall) / 2
        else:
            count = own_count(of_class, positives, **wanted)
            weight = shrinkage / (sum(positives) + shrinkage)
            if count and ratio is not None:
                common = float(ratio) * sum(positives)
                count = max(np.exp((1 - weight) * np.log(count) + weight * np.log(common)), 1)
            expected = threshold_of(of_class, count)
        np.testing.assert_allclose(threshold, expected, rtol=1e-5, atol=1e-5)
    flat_thresholds, _ = best_thresholds(
        *flat(scores, labels)[:3], num_classes=labels.shape[1], **required, shrinkage=shrinkage
    )
    np.testing.assert_array_equal(flat_thresholds, thresholds)


@given(partial_tables(), st.sampled_from([{}, dict(recall=0.5)]), st.sampled_from([0.0, 2.0, 10.0, np.inf]))
def test_a_class_with_positives_always_predicts_something(tables, required, shrinkage: float) -> None:
    scores, labels = tables
    assume((labels == 1).any())
    thresholds, _ = best_thresholds(scores, labels, **required, shrinkage=shrinkage)
    predicted = labels_above(scores, thresholds) & (labels != -1)
    assert predicted.any(axis=0)[(labels == 1).any(axis=0)].all()


@given(partial_tables(), WANTED)
def test_each_class_meets_its_target_without_shrinkage(tables, required: dict[str, float]) -> None:
    """Also after the thresholds are rounded to the type of the scores."""
    scores, labels = tables
    assume((labels == 1).any())
    thresholds, _ = best_thresholds(scores, labels, **required, shrinkage=0)
    predicted = labels_above(scores, thresholds)
    for column, of_class, chosen in zip(scores.T, labels.T, predicted.T):
        known, positives = of_class != -1, (of_class == 1).sum()
        if not positives:
            continue
        hits, count = (chosen & (of_class == 1)).sum(), (chosen & known).sum()
        if "precision" in required:
            assert count == 0 or hits / count >= required["precision"]
        elif "recall" in required:
            assert hits / positives >= required["recall"]
        else:
            tried = [(column >= score) & known for score in column[known]]
            best = max(2 * (p & (of_class == 1)).sum() / (p.sum() + positives) for p in tried)
            assert 2 * hits / (count + positives) == best


def test_unreachable_precision_predicts_nothing_whatever_the_shrinkage() -> None:
    scores = np.float32([[0.9, 0.9], [0.8, 0.8], [0.7, 0.2]])
    labels = np.array([[1, 0], [1, 1], [1, 0]])
    for shrinkage in (0, 10, 1000):
        thresholds, _ = best_thresholds(scores, labels, precision=0.9, shrinkage=shrinkage)
        assert labels_above(scores, thresholds).any(axis=0).tolist() == [True, False]


def test_scores_of_a_class_that_are_all_below_those_of_another() -> None:
    """The scores of the rare class are far below the global threshold, but they separate its positives."""
    frequent, rare = np.linspace(0.9, 0.4, 40), np.linspace(0.02, 0.01, 40)
    labels = np.zeros((40, 2), int)
    labels[:20, 0] = labels[:2, 1] = 1
    thresholds, overall = best_thresholds(np.stack([frequent, rare], axis=1), labels)
    assert overall > 0.4
    assert rare[1] > thresholds[1] > rare[2]


def test_common_ratio_by_hand() -> None:
    """The class with one positive, at rank 4, is shrunk towards a ratio of 1: 4 to the power of 1/2 is 2."""
    scores = np.stack([np.arange(10, 0, -1) / 10] * 4, axis=1)
    labels = np.zeros((10, 4), int)
    labels[:2, :3] = labels[3, 3] = 1
    thresholds, _ = best_thresholds(scores, labels, shrinkage=1)
    np.testing.assert_allclose(thresholds, [0.85, 0.85, 0.85, 0.85])


def test_threshold_between_two_neighboring_numbers_is_the_higher_one() -> None:
    low = np.float32(0.3)
    high = np.nextafter(low, np.float32(1))
    thresholds, _ = best_thresholds(np.stack([[high], [low]]), [[1], [0]], shrinkage=0)
    assert thresholds.astype(np.float32) == high


def test_recall_that_equals_a_decimal_number_exactly() -> None:
    """7 / 25 is 0.28, but 0.28 * 25 is rounded to above 7."""
    scores = np.arange(25, 0, -1)[:, None] / 25
    chosen = best_thresholds(scores, np.ones((25, 1)), recall=0.28, shrinkage=0)[0]
    np.testing.assert_allclose(chosen, (scores[6] + scores[7]) / 2)


@pytest.mark.parametrize("score", [0.7, 0.1, 0.9])
def test_equal_scores_are_not_rounded(score: float) -> None:
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
