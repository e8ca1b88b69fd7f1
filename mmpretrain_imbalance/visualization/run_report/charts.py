"""Charts of the run report that compare the metrics of several runs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...functional import reliability_bins
from ...functional.metrics.class_groups import GROUPS
from ..axis_chart import AxisChart
from ..axis_scale import Scale
from ..series import Series, method_series
from .report_run import ReportRun

_PERCENT = Scale(0, 104)
_MAX_NAMED = 400  # largest number of classes per run that are drawn as named points


def frequency_chart(runs: Sequence[ReportRun]) -> AxisChart | None:
    """Plot the AP of each class against its number of training positives, with one symbol per run.

    With many classes, the classes are small dots, overlaid with the means over classes of similar frequency.

    Args:
        runs: The runs; those without recorded training positives are skipped.

    Returns:
        The chart, or None if no run has recorded training positives.
    """
    counted = [
        (series, run, run.training_positives)
        for series, run in zip(_series(runs), runs)
        if run.training_positives is not None
    ]
    if not counted:
        return None
    chart = AxisChart(
        "AP of each class against its number of training positives",
        Scale.around(np.concatenate([positives for _, _, positives in counted]), log=True),
        _PERCENT,
        "training positives per class",
        "AP, percent",
    )
    for series, run, training_positives in counted:
        positives = np.where(training_positives > 0, training_positives, np.nan)
        if len(positives) > _MAX_NAMED:
            chart.points(positives, run.class_ap, series)
            continue
        rows = zip(run.predictions.class_names, positives, run.class_ap)
        names = [f"{name}, {count:.0f} positives: {ap:.1f} ({run.name})" for name, count, ap in rows]
        chart.points(positives, run.class_ap, series, names)
    for series, run, training_positives in counted:  # drawn above the dots of all runs
        if len(run.class_ap) > _MAX_NAMED:
            centers, means, sizes = mean_by_frequency(training_positives, run.class_ap)
            rows = zip(centers, means, sizes)
            names = [
                f"{run.name}: mean AP {ap:.1f} of {n:,} classes with about {x:,.0f} positives"
                for x, ap, n in rows
            ]
            chart.line(centers, means, series, f"{run.name}, mean over classes of similar frequency")
            chart.points(centers, means, series, names)
    return chart


def _series(runs: Sequence[ReportRun]) -> list[Series]:
    return method_series([run.name for run in runs])


def mean_by_frequency(
    positives: np.ndarray, class_ap: np.ndarray, num_bins: int = 12
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Average AP over classes of similar frequency, in bins of equal width on a logarithmic axis.

    Args:
        positives: Number of training positives of each class, of shape (C,).
        class_ap: Average precision of each class, NaN if undefined, of shape (C,).
        num_bins: Number of bins.

    Returns:
        For each nonempty bin: the geometric mean of the positives, the mean AP, and the number of classes.

    Example:
        >>> mean_by_frequency(np.array([1, 100, 100, 0]), np.array([10.0, 40.0, 60.0, 5.0]), num_bins=2)
        (array([  1., 100.]), array([10., 50.]), array([1, 2]))
    """
    keep = np.isfinite(class_ap) & (positives > 0)
    if not keep.any():
        return np.empty(0), np.empty(0), np.empty(0, int)
    logs, class_ap = np.log(positives[keep]), class_ap[keep]
    width = (logs.max() - logs.min()) / num_bins or 1.0
    bins = np.minimum(((logs - logs.min()) / width).astype(int), num_bins - 1)
    sizes = np.bincount(bins)
    filled = sizes > 0
    centers, means = (
        np.bincount(bins, weights=values)[filled] / sizes[filled] for values in (logs, class_ap)
    )
    return np.exp(centers), means, sizes[filled]


def group_chart(runs: Sequence[ReportRun]) -> AxisChart | None:
    """Plot the mAP of all, head, middle and tail classes as bars, with one bar per run and group.

    Args:
        runs: The runs.

    Returns:
        The chart, or None if no run has groups of classes.
    """
    groups = [group for group in GROUPS if any(run.groups().get(group, np.zeros(1)).any() for run in runs)]
    if not groups:
        return None
    chart = AxisChart(
        f"mAP of {runs[0].describe_groups()}",
        Scale(-0.5, len(groups) + 0.5),
        _PERCENT,
        "classes",
        "mAP, percent",
        ["all", *groups],
    )
    width = 0.8 / len(runs)
    for index, (series, run) in enumerate(zip(_series(runs), runs)):
        members = run.groups()
        for position, group in enumerate(["all", *groups]):
            keep = members.get(group, np.ones(run.predictions.num_classes, bool))
            values = run.class_ap[keep]
            if not np.isfinite(values).any() or (group != "all" and not members):
                continue
            left = position - 0.4 + index * width
            value = float(np.nanmean(values))
            chart.bar(left, left + width, value, series, f"{run.name}, {group}: {value:.1f}")
    return chart


def reliability_chart(runs: Sequence[ReportRun]) -> AxisChart:
    """Plot the fraction of positives against the predicted probability, over all known elements.

    Args:
        runs: The runs.

    Returns:
        The chart.
    """
    chart = AxisChart(
        "Calibration of all known labels in ten bins; the dashed line is perfect",
        Scale(0, 1),
        Scale(0, 1),
        "mean predicted probability per bin",
        "fraction of positives",
    )
    chart.reference([0, 1], [0, 1])
    for series, run in zip(_series(runs), runs):
        bins = reliability_bins(*run.elements, pooled=True, num_bins=10)
        rows = zip(bins.mean_score[0], bins.positive_fraction[0], bins.counts[0])
        names = [
            f"{run.name}: fraction of positives {fraction:.2f}, mean probability {score:.2f}, "
            f"{count:.0f} known labels"
            for score, fraction, count in rows
        ]
        filled = bins.counts[0] > 0
        chart.line(bins.mean_score[0][filled], bins.positive_fraction[0][filled], series, run.name)
        chart.points(bins.mean_score[0], bins.positive_fraction[0], series, names)
    return chart


def precision_recall_chart(runs: Sequence[ReportRun], class_index: int) -> AxisChart:
    """Plot precision against recall of one class over its known elements.

    Args:
        runs: The runs.
        class_index: Index of the class.

    Returns:
        The chart.
    """
    name = runs[0].predictions.class_names[class_index]
    chart = AxisChart(
        f"Precision against recall of class {name}",
        Scale(0, 100),
        _PERCENT,
        "recall, percent",
        "precision, percent",
    )
    for series, run in zip(_series(runs), runs):
        scores, labels, classes = run.elements
        precision, recall = precision_recall_curve(
            scores[classes == class_index], labels[classes == class_index]
        )
        label = f"{run.name}: AP {run.class_ap[class_index]:.1f}"
        chart.line(100 * recall, 100 * precision, series, label)
        chart.points(100 * recall[-1:], 100 * precision[-1:], series, [label])
    return chart


def precision_recall_curve(scores: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Compute precision and recall of one class at every distinct score, in descending order of scores.

    Args:
        scores: Scores of the known elements of the class, of shape (K,).
        labels: 1 positive, 0 negative, of shape (K,).

    Returns:
        Precision and recall in [0, 1], both empty if there is no known positive.

    Example:
        >>> precision_recall_curve(np.array([0.9, 0.4, 0.4]), np.array([1, 1, 0]))
        (array([1.        , 0.66666667]), array([0.5, 1. ]))
    """
    if not (labels == 1).any():
        return np.empty(0), np.empty(0)
    order = np.argsort(-scores, kind="stable")
    last_of_equals = np.append(np.diff(scores[order]) != 0, True)
    true_positives = np.cumsum(labels[order] == 1)[last_of_equals]
    predicted = np.arange(1, len(order) + 1)[last_of_equals]
    return true_positives / predicted, true_positives / (labels == 1).sum()
