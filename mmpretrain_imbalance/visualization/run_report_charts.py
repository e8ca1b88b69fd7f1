"""The charts of a report, each for all runs at once or for one run over its epochs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..functional import reliability_bins
from ..functional.metrics.class_groups import GROUPS
from .axis_chart import AxisChart
from .axis_scale import Scale
from .run_report import ReportRun

_PERCENT = Scale(0, 104)
_MANY = 400  # classes of a run that still get a shape and a name each


def frequency_chart(runs: Sequence[ReportRun]) -> str | None:
    """AP of each class against its positives in training, one shape a run.

    Of many classes, dots, and the means of classes of like frequency over them.

    Args:
        runs: The runs; those without training counts are left out.

    Returns:
        The chart, or None where no run has counts.
    """
    known = [(index, run) for index, run in enumerate(runs) if run.training_positives is not None]
    if not known:
        return None
    counts = np.concatenate([run.training_positives for _, run in known])
    chart = AxisChart(
        "AP of each class against its positives in training",
        Scale.around(counts, log=True),
        _PERCENT,
        "training positives of the class",
        "AP, percent",
    )
    for index, run in known:
        positives = np.where(run.training_positives > 0, run.training_positives, np.nan)
        if len(positives) > _MANY:
            chart.points(positives, run.class_ap, index)
            continue
        rows = zip(run.predictions.class_names, positives, run.class_ap)
        names = [f"{name}, {count:.0f} positives: {ap:.1f} ({run.name})" for name, count, ap in rows]
        chart.points(positives, run.class_ap, index, names)
    for index, run in known:  # over the dots of all runs
        if len(run.class_ap) > _MANY:
            centers, means, sizes = mean_by_frequency(run.training_positives, run.class_ap)
            rows = zip(centers, means, sizes)
            names = [
                f"{run.name}: mean {ap:.1f} of {n:,} classes near {x:,.0f} positives" for x, ap, n in rows
            ]
            chart.line(centers, means, index, f"{run.name}, mean of the classes")
            chart.points(centers, means, index, names)
    return chart.svg()


def mean_by_frequency(
    positives: np.ndarray, class_ap: np.ndarray, num_bins: int = 12
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Means of AP over classes of like frequency, in bins of equal width on a logarithmic axis.

    Args:
        positives: Positives of each class in training, of shape (C,).
        class_ap: Its average precision or NaN, of shape (C,).
        num_bins: How many bins there are.

    Returns:
        Of each bin with a class: the geometric mean of its positives, the mean of AP, and how many classes.

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


def group_chart(runs: Sequence[ReportRun]) -> str | None:
    """Bars of mAP of head, middle and tail, one bar a run.

    Args:
        runs: The runs.

    Returns:
        The chart, or None where no run has training counts.
    """
    groups = [group for group in GROUPS if any(run.groups().get(group, np.zeros(1)).any() for run in runs)]
    if not groups:
        return None
    chart = AxisChart(
        "mAP of all, head, middle and tail classes",
        Scale(-0.5, len(groups) + 0.5),
        _PERCENT,
        "classes",
        "mAP, percent",
        ["all", *groups],
    )
    width = 0.8 / len(runs)
    for index, run in enumerate(runs):
        members = run.groups()
        for place, group in enumerate(["all", *groups]):
            keep = members.get(group, np.ones(run.predictions.num_classes, bool))
            values = run.class_ap[keep]
            if not np.isfinite(values).any() or (group != "all" and not members):
                continue
            left = place - 0.4 + index * width
            value = float(np.nanmean(values))
            chart.bar(left, left + width, value, index, f"{run.name}, {group}: {value:.1f}")
    return chart.svg()


def reliability_chart(runs: Sequence[ReportRun]) -> str:
    """Share of positives against predicted probability, over all known elements.

    Args:
        runs: The runs.

    Returns:
        The chart.
    """
    chart = AxisChart(
        "Reliability: share of positives against predicted probability",
        Scale(0, 1),
        Scale(0, 1),
        "mean predicted probability of a bin",
        "share that is positive",
    )
    chart.reference([0, 1], [0, 1])
    for index, run in enumerate(runs):
        bins = reliability_bins(*run.elements, pooled=True, num_bins=10)
        rows = zip(bins.mean_score[0], bins.positive_fraction[0], bins.counts[0])
        names = [
            f"{run.name}: {fraction:.2f} of {count:.0f} elements near {score:.2f}"
            for score, fraction, count in rows
        ]
        filled = bins.counts[0] > 0
        chart.line(bins.mean_score[0][filled], bins.positive_fraction[0][filled], index, run.name)
        chart.points(bins.mean_score[0], bins.positive_fraction[0], index, names)
    return chart.svg()


def precision_recall_chart(runs: Sequence[ReportRun], class_index: int) -> str:
    """Precision against recall of one class over its known elements.

    Args:
        runs: The runs.
        class_index: The class.

    Returns:
        The chart.
    """
    name = runs[0].predictions.class_names[class_index]
    chart = AxisChart(
        f"Precision against recall of {name}",
        Scale(0, 100),
        _PERCENT,
        "recall, percent",
        "precision, percent",
    )
    for index, run in enumerate(runs):
        scores, labels, classes = run.elements
        precision, recall = precision_recall_curve(
            scores[classes == class_index], labels[classes == class_index]
        )
        label = f"{run.name}: AP {run.class_ap[class_index]:.1f}"
        chart.line(100 * recall, 100 * precision, index, label)
        chart.points(100 * recall[-1:], 100 * precision[-1:], index, [label])
    return chart.svg()


def precision_recall_curve(scores: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Precision and recall at every distinct score of one class, from the highest score down.

    Args:
        scores: Scores of its known elements, of shape (K,).
        labels: 1 positive, 0 negative, of shape (K,).

    Returns:
        Precision and recall in [0, 1], both empty without a known positive.

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
