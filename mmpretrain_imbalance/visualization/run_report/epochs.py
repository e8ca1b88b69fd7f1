"""Charts of the label statistics that the losses recorded, over the epochs of the runs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..axis_chart import AxisChart
from ..axis_scale import Scale
from ..series import Series, method_series
from .report_run import ReportRun

_HISTORIES = {"ideal_positive_ratio": "Ideal ratio of positives to negatives", "class_prior": "Class prior"}
_FRACTIONS = {
    "masked_fraction": "Masked labels, percent of the known labels",
    "ignored_fraction": "Ignored unknown labels, percent of all labels",
    "pseudo_positive_fraction": "Labels set to positive by the model, percent of all labels",
    "pseudo_negative_fraction": "Labels set to negative by the model, percent of all labels",
    "soft_label_fraction": "Labels set to soft labels by the model, percent of all labels",
    "inactive_fraction": "Labels of inactive classes, percent of all labels",
}


def statistics_charts(runs: Sequence[ReportRun]) -> list[AxisChart]:
    """Plot label fractions for all runs together, then ratios and priors for each run.

    Args:
        runs: The runs.

    Returns:
        The charts, without those for which nothing was recorded.
    """
    charts = [fraction_chart(runs, name) for name in fraction_names(runs)]
    for run in runs:
        for value, title in _HISTORIES.items():
            chart = history_chart(run, value, f"{title}: {run.name}")
            charts += [] if chart is None else [chart]
    return charts


def without_statistics(runs: Sequence[ReportRun]) -> list[str]:
    """Return the names of the runs without recorded fractions, ratios and priors.

    Args:
        runs: The runs.

    Returns:
        The names.
    """
    values = {*_HISTORIES, *fraction_names(runs)}
    return [run.name for run in runs if not values & set(run.history)]


def fraction_names(runs: Sequence[ReportRun]) -> list[str]:
    """Return the names of the fractions that at least one run recorded, without ``known_fraction``."""
    recorded = {name for run in runs for name in run.history if name.endswith("_fraction")} - {
        "known_fraction"
    }
    return [*(name for name in _FRACTIONS if name in recorded), *sorted(recorded - set(_FRACTIONS))]


def fraction_chart(runs: Sequence[ReportRun], name: str) -> AxisChart:
    """Plot a fraction of the training labels over epochs, with one line per run that recorded it.

    Args:
        runs: The runs.
        name: Name of the fraction.

    Returns:
        The chart.
    """
    title = _FRACTIONS.get(name, f"{name.replace('_', ' ').capitalize()}, percent of all labels")
    percentages = {
        index: 100 * fraction_history(run, name) for index, run in enumerate(runs) if name in run.history
    }
    high = max(np.nanmax(values, initial=0) for values in percentages.values())
    chart = _epoch_chart(title, max(map(len, percentages.values())), Scale(0, 1.08 * high or 1))
    series = method_series([run.name for run in runs])
    for index, values in percentages.items():
        _draw(chart, values, series[index], f"{runs[index].name}, ")
    return chart


def fraction_history(run: ReportRun, name: str) -> np.ndarray:
    """Compute a fraction of the labels after each update, in [0, 1].

    Args:
        run: The run.
        name: Name of the fraction, such as ``'ignored_fraction'``. ``'masked_fraction'`` is returned relative
            to the known labels, every other fraction relative to all labels.

    Returns:
        The fraction, of shape (updates,); NaN after an update that did not record it.
    """
    fraction = _mean(run.history[name])
    if name != "masked_fraction" or "known_fraction" not in run.history:
        return fraction
    known = _mean(run.history["known_fraction"])
    of_known: np.ndarray = np.divide(fraction, known, out=np.zeros_like(fraction), where=known > 0)
    return of_known


def history_chart(run: ReportRun, value: str, title: str) -> AxisChart | None:
    """Plot a value recorded per class over epochs.

    The lines are the classes if there are at most 8, otherwise the means of head, middle and tail and some of
    the rarest classes. The color of a class is that of its group.

    Args:
        run: The run.
        value: Name of the value, such as ``'ideal_positive_ratio'``.
        title: Title of the chart.

    Returns:
        The chart with a legend; None if the run did not record the value.
    """
    if value not in run.history:
        return None
    lines = _lines(run)
    values = np.stack([_mean(run.history[value][:, indices]) for _, _, indices in lines], axis=1)
    positive = values[values > 0]
    log = len(positive) == values.size and positive.max() > 20 * positive.min()
    chart = _epoch_chart(title, len(values), Scale.around(values, log))
    chart.legend = [Series(name, color, index) for index, (name, color, _) in enumerate(lines)]
    for series, line in zip(chart.legend, values.T):
        _draw(chart, line, series, f"{series.name}, ")
    return chart


def _lines(run: ReportRun) -> list[tuple[str, str, np.ndarray]]:
    """Return the name, the color and the class indices of each line of a history chart."""
    names = run.predictions.class_names
    groups = {group: members for group, members in run.groups().items() if members.any()}
    color_of = {int(c): group for group, members in groups.items() for c in np.flatnonzero(members)}
    if len(names) <= 8 or run.training_positives is None or not groups:
        return [(name, color_of.get(c, "known"), np.array([c])) for c, name in enumerate(names[:8])]
    lines = [
        (f"{group}, mean of {members.sum():,} classes", group, np.flatnonzero(members))
        for group, members in groups.items()
    ]
    rarest = np.argsort(run.training_positives, kind="stable")[: 8 - 2 * len(groups)].tolist()
    return lines + [(f"{names[c]} (rare)", color_of.get(c, "known"), np.array([c])) for c in rarest]


def _mean(values: np.ndarray) -> np.ndarray:
    """Average over the classes with a finite value, (updates, C) -> (updates,)."""
    recorded = np.isfinite(values)
    total, counts = np.where(recorded, values, 0).sum(axis=1), recorded.sum(axis=1)
    means: np.ndarray = np.divide(total, counts, out=np.full(len(values), np.nan), where=counts > 0)
    return means


def _epoch_chart(title: str, updates: int, y: Scale) -> AxisChart:
    return AxisChart(title, Scale(0, max(updates, 2)), y, "epoch", "")


def _draw(chart: AxisChart, values: np.ndarray, series: Series, name: str) -> None:
    updates = len(values)
    chart.line(range(1, updates + 1), values, series, series.name)
    chart.points([updates], values[-1:], series, [f"{name}after epoch {updates}: {values[-1]:.4g}"])
