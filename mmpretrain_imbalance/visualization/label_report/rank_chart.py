"""Charts of label counts by the rank of the class, for too many classes to name each."""

from __future__ import annotations

import numpy as np

from ..axis_chart import AxisChart
from ..axis_scale import Scale
from ..series import Series
from .label_summary import LabelSummary

_LOWEST = 0.5  # height of the count 0, which a logarithmic axis does not have
_MAX_STEPS = 720  # two per pixel of a wide screen


def positive_chart(summary: LabelSummary) -> AxisChart:
    """Plot the known positives of each class, most frequent first, as an area colored by group.

    Args:
        summary: Label counts of the dataset.

    Returns:
        The chart.
    """
    positives = summary.counts.positives[summary.order]
    chart = _chart(len(positives), "Known positives of each class", "known positives", positives)
    for name, members in summary.groups.items():
        ranks = np.flatnonzero(members[summary.order])
        if len(ranks):
            steps = _some(ranks)
            edges = [*steps, ranks[-1] + 1]
            chart.area(
                edges,
                _heights(positives[steps]).tolist(),
                Series(name, name),
                f"{len(ranks):,} {name} classes",
            )
    names = ("tail: fewer than", "head: at least")
    for threshold, text in zip(summary.group_thresholds, names):
        if chart.y.low < threshold < chart.y.high:
            chart.reference([0, len(positives)], [threshold] * 2, f"{text} {threshold:g}")
    return chart


def known_label_chart(summary: LabelSummary) -> AxisChart:
    """Plot the known positives of each class as a line and its known negatives as dots.

    Args:
        summary: Label counts of the dataset.

    Returns:
        The chart.
    """
    order = summary.order
    counts = {"negative": summary.counts.negatives[order], "positive": summary.counts.positives[order]}
    chart = _chart(
        len(order), "Known labels of each class", "known labels", np.concatenate(list(counts.values()))
    )
    ranks = _some(np.arange(len(order)))
    chart.points(ranks + 0.5, _heights(counts["negative"][ranks]), Series("negative", "negative", 1))
    chart.line(ranks + 0.5, _heights(counts["positive"][ranks]), Series("positive", "positive"))
    chart.legend = [
        Series("known positives (line)", "positive"),
        Series("known negatives (dots)", "negative", 1),
    ]
    return chart


def _chart(count: int, title: str, y_label: str, values: np.ndarray) -> AxisChart:
    highest = max(10.0, 1.3 * float(values.max(initial=0)))
    return AxisChart(
        title,
        Scale(0, max(1, count)),
        Scale(_LOWEST, highest, log=True),
        "classes, most positives first",
        y_label,
    )


def _some(ranks: np.ndarray) -> np.ndarray:
    if len(ranks) <= _MAX_STEPS:
        return ranks
    some: np.ndarray = ranks[np.unique(np.linspace(0, len(ranks) - 1, _MAX_STEPS).astype(int))]
    return some


def _heights(counts: np.ndarray) -> np.ndarray:
    heights: np.ndarray = np.maximum(counts.astype(float), _LOWEST)
    return heights
