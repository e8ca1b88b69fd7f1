from __future__ import annotations

import numpy as np
import pytest

from mmpretrain_imbalance.functional.metrics.average_precision import (
    average_precision,
    mean_average_precision,
)
from mmpretrain_imbalance.functional.metrics.paired_bootstrap import paired_bootstrap, paired_bootstraps
from tests.functional.partial_tables import flat


@pytest.fixture
def runs() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return scores of two runs, with ties, and labels of 40 images with known labels and of 3 classes."""
    generator = np.random.default_rng(3)
    labels = generator.choice([1, 0, 0, -1], (40, 3))
    labels[:, 2] = np.arange(40) % 2
    noise = generator.normal(size=(2, 40, 3))
    return np.round(labels + noise[0], 1), np.round(labels + 2 * noise[1], 1), labels


@pytest.mark.parametrize("keep", [None, [1, 2], np.array([True, False, False])])
def test_equals_repeating_the_images(runs, keep) -> None:
    scores, baseline, labels = runs
    value = paired_bootstrap(scores, baseline, labels, keep=keep, num_resamples=50, confidence=0.8, seed=7)

    def difference(images: np.ndarray) -> float:
        run, other = (average_precision(table[images], labels[images]) for table in (scores, baseline))
        return mean_average_precision(run, keep=keep) - mean_average_precision(other, keep=keep)

    generator = np.random.default_rng(7)
    resampled = [difference(generator.integers(40, size=40)) for _ in range(50)]
    assert value.difference == pytest.approx(difference(np.arange(40)))
    np.testing.assert_allclose([value.low, value.high], np.quantile(resampled, [0.1, 0.9]))
    contradicting = min(sum(d <= 0 for d in resampled), sum(d >= 0 for d in resampled))
    assert value.p_value == pytest.approx(min(1.0, 2 * (contradicting + 1) / 51))


def test_several_groups_at_once_equal_single_groups(runs) -> None:
    keeps = {"all": None, "two": [1, 2], "one": np.array([True, False, False])}
    found = paired_bootstraps(*runs, keeps=keeps, num_resamples=30, seed=5)
    assert list(found) == list(keeps)
    for name, keep in keeps.items():
        expected = paired_bootstrap(*runs, keep=keep, num_resamples=30, seed=5)
        np.testing.assert_allclose(
            list(vars(found[name]).values()), list(vars(expected).values()), rtol=1e-12
        )


def test_classes_without_positives_or_elements_are_left_out(runs) -> None:
    """Such classes are at the beginning, in the middle and at the end; the others keep their values."""
    scores, baseline, labels = runs
    expected = paired_bootstrap(scores, baseline, labels, num_resamples=20)
    columns = [1, 3, 4]
    wide_scores, wide_baseline = np.random.default_rng(0).random((2, 40, 7))
    wide_labels = np.zeros((40, 7), int)
    wide_labels[:, 5] = -1
    for wide, table in ((wide_scores, scores), (wide_baseline, baseline), (wide_labels, labels)):
        wide[:, columns] = table
    value = paired_bootstrap(wide_scores, wide_baseline, wide_labels, num_resamples=20)
    np.testing.assert_allclose(list(vars(value).values()), list(vars(expected).values()), rtol=1e-12)


def test_flat_elements_equal_matrices(runs) -> None:
    scores, baseline, labels = runs
    known, truth, classes, images = flat(scores, labels)
    value = paired_bootstrap(known, baseline[labels != -1], truth, classes, images * 5, num_resamples=20)
    expected = paired_bootstrap(scores, baseline, labels, num_resamples=20)
    np.testing.assert_allclose(list(vars(value).values()), list(vars(expected).values()), rtol=1e-12)


def test_a_run_does_not_differ_from_itself(runs) -> None:
    value = paired_bootstrap(runs[0], np.exp(runs[0]), runs[2], num_resamples=20)
    assert (value.difference, value.low, value.high, value.p_value) == (0.0, 0.0, 0.0, 1.0)


def test_no_class_to_evaluate_is_nan() -> None:
    runs = [[0.5], [0.6]], [[0.1], [0.2]]
    for value in (
        paired_bootstrap(*runs, [[1], [1]], num_resamples=5),
        paired_bootstrap(*runs, [[1], [0]], keep=[], num_resamples=5),
    ):
        assert np.isnan([value.difference, value.low, value.high, value.p_value]).all()


@pytest.mark.parametrize(
    "arguments", [dict(num_resamples=0), dict(confidence=1.0), dict(keep=[1]), dict(keep=[0.5])]
)
def test_invalid_inputs_raise(arguments: dict) -> None:
    with pytest.raises(ValueError, match=f"'{next(iter(arguments))}' argument of paired_bootstrap must"):
        paired_bootstrap([[0.5]], [[0.5]], [[1]], **arguments)
