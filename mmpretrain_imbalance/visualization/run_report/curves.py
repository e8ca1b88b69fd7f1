"""Charts of losses and metrics over the epochs of the runs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..axis_chart import AxisChart
from ..axis_scale import Scale
from ..series import method_series
from .report_run import ReportRun

_METRICS = {
    "mAP": "mAP on the validation data, percent",
    "mAP_rarest": "mAP of the rarest classes on the validation data, percent",
    "macro_f1": "macro F1 on the validation data, percent",
    "f1_rarest": "F1 of the rarest classes on the validation data, percent",
}
_MAX_OTHERS = 4  # largest number of charts of metrics that are not of this package


def training_curves(runs: Sequence[ReportRun]) -> list[AxisChart]:
    """Plot the training loss and the validation metrics over epochs, with one line per run.

    Args:
        runs: The runs.

    Returns:
        The charts, without those for which no run has values. Metrics of this package and metrics of
        MMPretrain have separate charts.
    """
    unit = "iteration" if any(run.log.unit == "iteration" for run in runs) else "epoch"
    names = {name for run in runs if run.log.unit == unit for name in run.log.metrics}
    others = sorted(name for name in names if "/" in name)[:_MAX_OTHERS]
    chosen = {name: title for name, title in _METRICS.items() if name in names}
    chosen |= {name: f"{name} on the validation data" for name in others}
    curves = [("Training loss", [run.log.loss for run in runs])]
    curves += [(title, [run.log.metrics.get(name, {}) for run in runs]) for name, title in chosen.items()]
    return [_chart(title, unit, runs, values) for title, values in curves if any(values)]


def _chart(title: str, unit: str, runs: Sequence[ReportRun], curves: list[dict[int, float]]) -> AxisChart:
    drawn = [curve if run.log.unit == unit else {} for run, curve in zip(runs, curves)]
    finite = [value for curve in drawn for value in curve.values() if np.isfinite(value)]
    steps = [step for curve in drawn for step in curve]
    low, high = min(0.0, *finite, 0.0), max([*finite, 1e-9])
    chart = AxisChart(
        title, Scale(min([*steps, 0]), max([*steps, 1])), Scale(low, low + 1.08 * (high - low)), unit, ""
    )
    for series, curve in zip(method_series([run.name for run in runs]), drawn):
        ordered = sorted(curve.items())
        if ordered:
            xs, ys = zip(*ordered)
            chart.line(xs, ys, series, series.name)
            shown = ordered if len(ordered) <= 30 else ordered[-1:]
            titles = [f"{series.name}, {unit} {step}: {value:.4g}" for step, value in shown]
            chart.points([step for step, _ in shown], [value for _, value in shown], series, titles)
    return chart
