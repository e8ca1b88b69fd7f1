"""Classes and groups of classes in the run report, with up to thousands of classes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from mmpretrain_imbalance.metrics.known_predictions import KnownPredictions
from mmpretrain_imbalance.visualization import ReportRun, run_report_page
from mmpretrain_imbalance.visualization.run_report.charts import mean_by_frequency
from tests.visualization.report_pages import parse, rows_of, sort_values, text_of
from tests.visualization.report_runs import (
    CLASSES,
    POSITIVES,
    predictions,
    run,
    scores_and_labels,
)


def test_class_table_agrees_with_scikit_learn_and_loops() -> None:
    page = parse(run_report_page([run("plain"), run("other", 1)], num_resamples=0))
    rows = rows_of(page, "Results per class")
    assert [row[0] for row in rows] == CLASSES  # the most frequent first
    (scores, labels), (others, _) = scores_and_labels(), scores_and_labels(1)
    for c, (row, values) in enumerate(zip(rows, sort_values(page, "Results per class"))):
        known = labels[:, c] != -1
        ap = [100 * average_precision_score(labels[known, c], run[known, c]) for run in (scores, others)]
        assert row[1] == ["head", "middle", "tail", "tail"][c]
        assert row[2:4] == [f"{ap[0]:.1f}", f"{ap[1]:.1f} {ap[1] - ap[0]:+.1f}"]
        errors = [100 * calibration_error(run[known, c], labels[known, c]) for run in (scores, others)]
        assert row[4:6] == [f"{error:.1f}" for error in errors]
        coverage = f"{100 * known.sum() / 60:.3g}"
        assert row[6:] == [f"{POSITIVES[c]}", f"{(labels[:, c] == 1).sum()}", coverage]
        assert [float(value) for value in values[2:6]] == pytest.approx([*ap, *errors], abs=1e-5)
        assert [float(value) for value in values[6:8]] == [POSITIVES[c], (labels[:, c] == 1).sum()]


def test_classes_without_an_average_precision_sort_last() -> None:
    bare = predictions()
    flat = replace(bare, labels=np.where(bare.classes == 1, 0, bare.labels))
    page = parse(run_report_page([ReportRun("flat", Path("nowhere"), flat, POSITIVES)]))
    assert rows_of(page, "Results per class")[1][2] == "-"
    assert sort_values(page, "Results per class")[1][2] == ""


def calibration_error(scores: np.ndarray, labels: np.ndarray) -> float:
    bins = [min(int(score * 15), 14) for score in scores.astype(np.float32)]
    total = 0.0
    for index in set(bins):
        members = [element for element, bin_index in enumerate(bins) if bin_index == index]
        total += abs(scores[members].mean(dtype=float) - labels[members].mean()) * len(members)
    return total / len(scores)


def test_table_of_many_classes_lists_the_largest_differences() -> None:
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 2, (80, 230))
    labels[:, 7] = labels[:, 7] & (np.arange(80) < 9)  # fewer than ten positives: never listed
    scores = np.clip(labels + generator.normal(size=(2, 80, 230)), -3, 3).astype(np.float32) / 6 + 0.5
    scores[1, :, 5], scores[1, :, 7] = 1 - labels[:, 5], 1 - labels[:, 7]
    images, classes = np.nonzero(labels >= 0)
    names = [f"class {index}" for index in range(230)]
    both = [
        ReportRun(
            name,
            Path("nowhere"),
            KnownPredictions(names, 80, images, classes, s[labels >= 0], labels[labels >= 0]),
        )
        for name, s in zip("ab", scores)
    ]
    ap = np.array([[average_precision_score(y, s) for y, s in zip(labels.T, of_run.T)] for of_run in scores])
    ap[:, 7] = 0.5
    expected = np.argsort(-np.abs(ap[1] - ap[0]))[:200]
    assert 5 in expected
    found = rows_of(parse(run_report_page(both, ["class 7"], num_resamples=0)), "Results per class")
    assert {row[0] for row in found} == {names[index] for index in expected} | {"class 7"}
    lowest = np.argsort(np.where(np.arange(230) == 7, 2, ap[0]))[:200]
    found = rows_of(parse(run_report_page(both[:1], ["class 5"], num_resamples=0)), "Results per class")
    assert {row[0] for row in found} == {names[index] for index in lowest} | {"class 5"}


def test_groups_by_thresholds_and_by_the_dataset() -> None:
    assert [group.tolist() for group in run("thresholds", group_thresholds=(5, 60)).groups().values()] == [
        [True, True, False, False],  # the second class has 60
        [False, False, True, False],
        [False, False, False, True],
    ]
    named = replace(predictions(), class_groups=["tail", "head", "head", "middle"], training_positives=None)
    found = ReportRun("named", Path("nowhere"), named)
    assert found.groups()["head"].tolist() == [False, True, True, False]
    assert found.scarce_classes()[1].tolist() == [0]
    assert found.metrics["mAP tail (1 class)"] == pytest.approx(found.class_ap[0])
    assert "as defined by the dataset" in run_report_page([found])
    by_thresholds = replace(found, training_positives=POSITIVES, group_thresholds=(5, 60))
    assert by_thresholds.groups()["tail"].tolist() == [False, False, False, True]


def test_mean_by_frequency_agrees_with_a_loop() -> None:
    generator = np.random.default_rng(0)
    positives, ap = generator.integers(0, 5000, 300), generator.random(300)
    ap[::7] = np.nan
    points = [(np.log(n), value) for n, value in zip(positives, ap) if n > 0 and value == value]
    low, high = min(points)[0], max(points)[0]
    expected = []
    for index in range(12):
        members = [x for x in points if min(int((x[0] - low) / ((high - low) / 12)), 11) == index]
        if members:
            logs, values = zip(*members)
            expected.append((np.exp(np.mean(logs)), np.mean(values), len(members)))
    np.testing.assert_allclose(np.transpose(mean_by_frequency(positives, ap)), expected)
    np.testing.assert_allclose(
        np.ravel(mean_by_frequency(np.array([7, 7]), np.array([0.2, 0.4]))), [7, 0.3, 2]
    )


def test_page_of_many_classes_is_small() -> None:
    generator = np.random.default_rng(0)
    num_classes, num_images = 9605, 5000
    names = [f"class {index}" for index in range(num_classes)]
    images = np.repeat(np.arange(num_images), 8)
    classes = (
        np.minimum(generator.exponential(800, images.size), 9000).astype(int) * 8 + np.arange(images.size)
    ) % 9605
    positives = (3e5 / (1 + np.arange(num_classes)) ** 1.2).astype(int)
    runs = []
    for name in ("plain", "other"):
        scores, labels = (
            generator.random(images.size).astype(np.float32),
            generator.integers(0, 2, images.size),
        )
        elements = KnownPredictions(names, num_images, images, classes, scores, labels, positives)
        runs.append(ReportRun(name, Path("nowhere"), elements, positives))
    html = run_report_page(runs, num_resamples=0)
    assert len(html) < 600_000
    assert 'class="fine dots"' in html
    assert "mean AP" in text_of(parse(html))
    assert "? unknown: 9,597 of the 9,605 classes" in text_of(parse(html))
