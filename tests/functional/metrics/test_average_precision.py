from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score
from torchmetrics.functional.classification import multilabel_average_precision

from mmpretrain_imbalance.functional.metrics.average_precision import (
    average_precision,
    mean_average_precision,
    pooled_average_precision,
)
from tests.functional.partial_tables import flat, partial_tables


def by_loops(scores: np.ndarray, labels: np.ndarray) -> list[float]:
    """The definition of methods.md, in a loop over the images."""
    result = []
    for class_scores, class_labels in zip(scores.T.tolist(), labels.T.tolist()):
        known = [(s, y) for s, y in zip(class_scores, class_labels) if y != -1]
        precisions = []
        for threshold, label in known:
            if label == 1:
                reached = [y for s, y in known if s >= threshold]
                precisions.append(sum(reached) / len(reached))
        missing = len(precisions) in (0, len(known))
        result.append(float("nan") if missing else sum(precisions) / len(precisions))
    return result


@given(partial_tables())
def test_equals_plain_loops(tables: tuple[np.ndarray, np.ndarray]) -> None:
    np.testing.assert_allclose(average_precision(*tables), by_loops(*tables), rtol=1e-12)


@given(partial_tables())
def test_equals_scikit_learn_on_the_known_elements_of_each_class(
    tables: tuple[np.ndarray, np.ndarray],
) -> None:
    scores, labels = tables
    for index, value in enumerate(average_precision(scores, labels)):
        known = labels[:, index] != -1
        truth = labels[known, index]
        if 0 < truth.sum() < len(truth):
            assert value == pytest.approx(average_precision_score(truth, scores[known, index]), abs=1e-12)
        else:
            assert np.isnan(value)


@pytest.mark.parametrize("decimals", [1, 3, 9])
def test_equals_scikit_learn_on_many_images(decimals: int) -> None:
    generator = np.random.default_rng(decimals)
    scores = np.round(generator.random((3000, 5)), decimals)
    labels = (generator.random(scores.shape) < [0.5, 0.1, 0.01, 0.9, 0.3]).astype(np.int64)
    expected = [average_precision_score(labels[:, c], scores[:, c]) for c in range(5)]
    np.testing.assert_allclose(average_precision(scores, labels), expected, rtol=1e-9)


@pytest.mark.parametrize("average", ["none", "macro", "micro", "weighted"])
def test_equals_torchmetrics(average: str) -> None:
    generator = np.random.default_rng(4)
    scores = np.round(generator.random((400, 6), dtype=np.float32), 2)
    labels = generator.integers(-1, 2, scores.shape)
    tensors = torch.from_numpy(scores), torch.from_numpy(labels)
    expected = multilabel_average_precision(*tensors, 6, average=average, ignore_index=-1).numpy()
    value = average_precision(scores, labels)
    found = {
        "none": value,
        "macro": mean_average_precision(value),
        "micro": pooled_average_precision(scores, labels),
        "weighted": mean_average_precision(value, weights=(labels == 1).sum(axis=0)),
    }[average]
    np.testing.assert_allclose(found, expected, atol=1e-6)


@given(partial_tables(), st.randoms(use_true_random=False))
def test_does_not_depend_on_the_order_of_the_samples(tables, random) -> None:
    scores, labels = tables
    order = random.sample(range(len(scores)), len(scores))
    np.testing.assert_array_equal(
        average_precision(scores[order], labels[order]), average_precision(scores, labels)
    )


@given(partial_tables(), st.sampled_from([np.nan, np.inf, -np.inf, 0.5]))
def test_scores_of_unknown_elements_are_ignored(tables, score: float) -> None:
    scores, labels = tables
    changed = np.where(labels == -1, np.float32(score), scores)
    np.testing.assert_array_equal(average_precision(changed, labels), average_precision(scores, labels))


@given(partial_tables(), st.sampled_from([np.arctan, np.cbrt, lambda s: 3 * s + 100, lambda s: s / 1024]))
def test_monotone_transforms_of_the_scores_change_nothing(tables, transform) -> None:
    scores, labels = tables
    scores = scores.astype(np.float64)
    np.testing.assert_array_equal(
        average_precision(transform(scores), labels), average_precision(scores, labels)
    )


@given(partial_tables(), st.randoms(use_true_random=False))
def test_flat_elements_in_any_order_equal_matrices(tables, random) -> None:
    scores, labels, classes, _ = flat(*tables)
    order = random.sample(range(len(scores)), len(scores))
    value = average_precision(scores[order], labels[order], classes[order], num_classes=tables[0].shape[1])
    np.testing.assert_array_equal(value, average_precision(*tables))


@given(partial_tables(dtype=np.float64))
def test_pooled_equals_scikit_learn_on_all_known_elements(tables) -> None:
    scores, labels, classes, _ = flat(*tables)
    value = pooled_average_precision(*tables)
    np.testing.assert_equal(pooled_average_precision(scores, labels, classes), value)
    if 0 < labels.sum() < len(labels):
        assert value == pytest.approx(average_precision_score(labels, scores), abs=1e-12)
    else:
        assert np.isnan(value)


def test_distinguishes_scores_that_differ_only_in_float64() -> None:
    scores, labels = np.array([[0.5], [0.5 + 1e-12], [0.5 + 2e-12]]), np.array([[0], [1], [0]])
    np.testing.assert_array_equal(average_precision(scores, labels), [0.5])
    np.testing.assert_array_equal(average_precision(scores.astype(np.float32), labels), [1 / 3])


def test_scores_beyond_float32_raise_no_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(average_precision([[1e300], [1e301], [0]], [[0], [1], [0]]), [1.0])


def test_distinguishes_large_integers() -> None:
    np.testing.assert_array_equal(average_precision([[2**24], [2**24 + 1]], [[0], [1]]), [1.0])


def test_positive_and_negative_zero_are_one_threshold() -> None:
    np.testing.assert_array_equal(average_precision(np.float32([[0.0], [-0.0]]), [[1], [0]]), [0.5])
    np.testing.assert_array_equal(
        average_precision(np.float32([[-0.0], [0.0], [-1.0]]), [[1], [0], [0]]), [0.5]
    )


def test_infinite_scores_rank_first_and_last() -> None:
    np.testing.assert_array_equal(average_precision([[-np.inf], [np.inf], [0.0]], [[0], [1], [0]]), [1.0])


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
def test_accepts_tensors_of_every_precision(dtype: torch.dtype) -> None:
    scores = torch.tensor([[0.5, -2.0], [0.25, 4.0]], dtype=dtype, requires_grad=True)
    np.testing.assert_array_equal(
        average_precision(scores, torch.tensor([[1.0, 1.0], [0.0, 0.0]])), [1.0, 0.5]
    )


def test_a_class_with_one_kind_of_label_only_is_nan_and_raises_no_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        value = average_precision([[0.1] * 4, [0.2] * 4], [[1, 0, -1, 1], [1, 0, -1, 0]])
        empty = average_precision(np.empty((0, 2)), np.empty((0, 2)))
    np.testing.assert_array_equal(value, [np.nan, np.nan, np.nan, 0.5])
    np.testing.assert_array_equal(empty, [np.nan, np.nan])


def test_mean_leaves_out_nan() -> None:
    values = np.array([0.2, np.nan, 0.8])
    assert mean_average_precision(values) == pytest.approx(0.5)
    assert mean_average_precision(values, weights=np.array([3, 9, 1])) == pytest.approx((3 * 0.2 + 0.8) / 4)
    assert mean_average_precision(values, keep=np.array([True, True, False])) == pytest.approx(0.2)
    assert mean_average_precision(values, keep=np.array([2, 1])) == pytest.approx(0.8)
    assert np.isnan(mean_average_precision(values, keep=np.array([1])))
