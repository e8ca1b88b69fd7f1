from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score

from mmpretrain_imbalance.functional.metrics.paired_bootstrap import (
    mean_differences,
    paired_bootstrap,
    resampled_difference,
)
from mmpretrain_imbalance.functional.metrics.resampled_metrics import image_resamples, resampled_metrics
from tests.functional.partial_tables import flat


@pytest.fixture
def run() -> tuple[np.ndarray, np.ndarray]:
    """Return scores with ties, and labels of 30 images with known labels and of 4 classes."""
    generator = np.random.default_rng(5)
    labels = generator.choice([1, 0, 0, -1], (30, 4))
    labels[:, 3] = np.arange(30) % 2
    return np.round(generator.random((30, 4)) * 0.7 + 0.3 * (labels == 1), 1), labels


def test_values_are_those_of_scikit_learn_for_repeated_images(run) -> None:
    scores, labels = run
    thresholds = np.array([0.2, 0.5, 0.7, 0.4])
    found = resampled_metrics(
        scores,
        labels,
        mean_average_precisions={"mAP": None, "mAP_two": [1, 3]},
        macro_f1s=[(0.5, {"F1": None, "one": [2]}), (thresholds, {"chosen": None})],
        num_resamples=15,
        seed=3,
    )
    generator = np.random.default_rng(3)
    drawn = [np.arange(30), *(generator.integers(30, size=30) for _ in range(15))]

    def mean(metric, keep, images) -> float:
        values = []
        for c in keep:
            known = labels[images, c] != -1
            truth, score = labels[images, c][known], scores[images, c][known]
            if truth.any():
                values.append(metric(truth, score, c))
        return float(np.mean(values)) if values else np.nan

    def ap(truth, score, _) -> float:
        return average_precision_score(truth, score)

    def f1(limits):
        return lambda truth, score, c: f1_score(truth, score >= limits[c], zero_division=0)

    expected = {
        "mAP": (ap, range(4)),
        "mAP_two": (ap, [1, 3]),
        "F1": (f1([0.5] * 4), range(4)),
        "chosen": (f1(thresholds), range(4)),
        "one": (f1([0.5] * 4), [2]),
    }
    for name, (metric, keep) in expected.items():
        np.testing.assert_allclose(found[name], [mean(metric, keep, images) for images in drawn])


def test_flat_elements_equal_matrices(run) -> None:
    scores, labels = run
    known, truth, classes, images = flat(scores, labels)
    arguments = dict(mean_average_precisions={"mAP": None}, macro_f1s=[(0.5, {"F1": None})], num_resamples=5)
    expected = resampled_metrics(scores, labels, **arguments)
    found = resampled_metrics(known, truth, classes, images * 3 + 7, **arguments)
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-12)


def test_thresholds_are_rounded_to_the_scores() -> None:
    """A score of 0.7 in float32 is less than 0.7 in float64, and reaches the threshold 0.7."""
    found = resampled_metrics(
        np.array([[0.7], [0.1]], np.float32),
        [[1], [0]],
        mean_average_precisions={},
        macro_f1s=[(0.7, {"F1": None})],
        num_resamples=1,
    )
    assert found["F1"][0] == 1


def test_the_difference_of_two_runs_is_the_paired_bootstrap(run) -> None:
    scores, labels = run
    other = np.random.default_rng(1).random(scores.shape)
    values = [
        resampled_metrics(
            table, labels, mean_average_precisions={"mAP": None}, macro_f1s=[], num_resamples=40, seed=2
        )
        for table in (scores, other)
    ]
    found = resampled_difference(*(value["mAP"] for value in values))
    assert found == paired_bootstrap(scores, other, labels, num_resamples=40, seed=2)


def test_the_mean_over_trainings_is_taken_inside_of_each_resample() -> None:
    generator = np.random.default_rng(0)
    values, baseline = generator.random((2, 3, 21))
    differences = [np.mean(values[:, r]) - np.mean(baseline[:, r]) for r in range(21)]
    np.testing.assert_allclose(mean_differences(values, baseline), differences)
    found = resampled_difference(values, baseline, confidence=0.9)
    assert found.difference == pytest.approx(differences[0])
    np.testing.assert_allclose([found.low, found.high], np.quantile(differences[1:], [0.05, 0.95]))


def test_resamples_with_nan_are_left_out() -> None:
    found = resampled_difference([0.5, np.nan, 0.25, 0.75], [0.0, 0.5, 0.0, 0.0])
    assert found == resampled_difference([0.5, 0.25, 0.75], [0.0, 0.0, 0.0])


def test_different_shapes_raise() -> None:
    with pytest.raises(ValueError, match="'baseline_values' argument of resampled_difference must have the"):
        resampled_difference([[0.5, 0.5]], [0.5, 0.5, 0.5])


def test_no_resamples_raise() -> None:
    with pytest.raises(ValueError, match="'num_resamples' argument of image_resamples must be at least 1"):
        next(image_resamples(5, 0, 0))
