"""What the losses of the runs recorded, over their epochs."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from .axis_chart import AxisChart, legend
from .axis_scale import Scale
from .run_report import ReportRun
from .run_report_examples import listed

_HISTORIES = {"ideal_positive_ratio": "Ideal ratio of positives to negatives", "class_prior": "Class prior"}
_FRACTIONS = {
    "masked_fraction": "Masked, percent of the known labels",
    "ignored_fraction": "Ignored, percent of all labels",
    "pseudo_positive_fraction": "Made positive by the model, percent of all labels",
    "pseudo_negative_fraction": "Made negative by the model, percent of all labels",
    "soft_label_fraction": "Given a soft label by the model, percent of all labels",
    "inactive_fraction": "In classes that a step leaves out, percent of all labels",
}


def over_epochs(runs: Sequence[ReportRun]) -> str:
    """Shares of labels for all runs at once, then ratios and priors run by run.

    Args:
        runs: The runs.

    Returns:
        HTML; with a sentence about the runs that recorded nothing.
    """
    fractions = [(chart, title) for kind in share_kinds(runs) for chart, title in [share_chart(runs, kind)]]
    blocks = [legend([run.name for run in runs]), _figures(fractions)] if fractions else []
    for run in runs:
        drawn = [(history_chart(run, value, title), title) for value, title in _HISTORIES.items()]
        figures = [(chart[0] + legend(chart[1]), title) for chart, title in drawn if chart is not None]
        if figures:
            blocks += [f"<h3>{escape(run.name)}</h3>", _figures(figures)]
    known = {*_HISTORIES, *share_kinds(runs)}
    silent = [run.name for run in runs if not known & set(run.history)]
    if silent:
        blocks.append(
            f"<p>No ratios, priors or shares of masked, ignored or pseudo-labeled elements are recorded for "
            f"{escape(listed(silent, 20))}.</p>"
        )
    return "".join(blocks)


def share_kinds(runs: Sequence[ReportRun]) -> list[str]:
    """Names of the shares that any of the runs recorded, but for the one that others are measured by."""
    recorded = {name for run in runs for name in run.history if name.endswith("_fraction")} - {
        "known_fraction"
    }
    return [*(kind for kind in _FRACTIONS if kind in recorded), *sorted(recorded - set(_FRACTIONS))]


def share_chart(runs: Sequence[ReportRun], kind: str) -> tuple[str, str]:
    """How much of the training labels a loss left out, or gave, over epochs; a line a run.

    Args:
        runs: The runs.
        kind: Name of the share.

    Returns:
        The chart, and what it shows.
    """
    title = _FRACTIONS.get(kind, f"{kind.replace('_', ' ').capitalize()}, percent of all labels")
    drawn = {index: 100 * share_history(run, kind) for index, run in enumerate(runs) if kind in run.history}
    high = max(np.nanmax(values, initial=0) for values in drawn.values())
    chart = _epoch_chart(title, max(map(len, drawn.values())), Scale(0, 1.08 * high or 1))
    for index, values in drawn.items():
        _draw(chart, values, index, f"{runs[index].name}, ")
    return chart.svg(), title


def share_history(run: ReportRun, kind: str) -> np.ndarray:
    """The share of the elements of a kind after each update, in [0, 1].

    Args:
        run: The run.
        kind: Name of the share, such as ``'ignored_fraction'``: of all elements; the masked ones are a share of
            the known.

    Returns:
        The share, of shape (updates,), NaN where nothing is recorded.
    """
    fraction = _mean(run.history[kind])
    if kind != "masked_fraction" or "known_fraction" not in run.history:
        return fraction
    known = _mean(run.history["known_fraction"])
    return np.divide(fraction, known, out=np.zeros_like(fraction), where=known > 0)


def history_chart(run: ReportRun, value: str, title: str) -> tuple[str, list[str]] | None:
    """A recorded value of the classes over epochs: of each of at most 8, else the means of their groups.

    Args:
        run: The run.
        value: Name of the value, such as 'ideal_positive_ratio'.
        title: What it is.

    Returns:
        The chart and the names of its lines; None where the run has no record of it.
    """
    if value not in run.history:
        return None
    names, values = run.predictions.class_names, run.history[value]
    if len(names) <= 8 or run.training_positives is None:
        names, values = names[:8], values[:, :8]
    else:
        members = {group: keep for group, keep in run.groups().items() if keep.any()}
        rarest = np.argsort(run.training_positives, kind="stable")[: 8 - 2 * len(members)]
        singles = {f"{names[index]} (rare)": [index] for index in rarest}
        members = {f"{group}, mean of {keep.sum():,}": keep for group, keep in members.items()} | singles
        names = list(members)
        values = np.stack([_mean(values[:, keep]) for keep in members.values()], axis=1)
    positive = values[values > 0]
    log = len(positive) == values.size and positive.max() > 20 * positive.min()
    chart = _epoch_chart(title, len(values), Scale.around(values, log))
    for index, line in enumerate(values.T):
        _draw(chart, line, index)
    return chart.svg(), names


def _mean(values: np.ndarray) -> np.ndarray:
    """Mean over the classes that have a value, (updates, C) -> (updates,)."""
    recorded = np.isfinite(values)
    total, counts = np.where(recorded, values, 0).sum(axis=1), recorded.sum(axis=1)
    return np.divide(total, counts, out=np.full(len(values), np.nan), where=counts > 0)


def _epoch_chart(title: str, updates: int, y: Scale) -> AxisChart:
    return AxisChart(title, Scale(1 if updates > 1 else 0, max(updates, 2)), y, "epoch", "")


def _draw(chart: AxisChart, values: np.ndarray, series: int, name: str = "") -> None:
    updates = len(values)
    chart.line(range(1, updates + 1), values, series)
    chart.points([updates], values[-1:], series, [f"{name}after epoch {updates}: {values[-1]:.4g}"])


def _figures(figures: Sequence[tuple[str, str]]) -> str:
    drawn = (f"<figure><figcaption>{escape(title)}</figcaption>{chart}</figure>" for chart, title in figures)
    return f"<div class='figures'>{''.join(drawn)}</div>"
