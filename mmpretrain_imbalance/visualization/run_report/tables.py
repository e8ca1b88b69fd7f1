"""Tables of the run report: metrics of the runs, and significance of their differences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...functional.metrics.paired_bootstrap import BootstrapDifference, paired_bootstraps
from ..page_parts import Cell, Column, PageTable, number_cell
from ..series import method_series
from .report_run import ReportRun


def metrics_table(runs: Sequence[ReportRun]) -> PageTable:
    """Return a table with one row per metric and one column per run.

    Each cell has the value and its difference from the first run. The best value of each row is bold.

    Args:
        runs: The runs.

    Returns:
        The table.
    """
    rows = []
    for name in dict.fromkeys(name for run in runs for name in run.metrics):
        values = np.array([run.metrics.get(name, np.nan) for run in runs])
        lower_is_better = "calibration" in name
        shown = np.round(values, 1)
        best = (np.nanmin if lower_is_better else np.nanmax)(shown) if np.isfinite(shown).any() else None
        cells = [Cell(name, note="lower is better" if lower_is_better else "")]
        for index, value in enumerate(values):
            is_paired = index > 0 and np.isfinite(value) and np.isfinite(values[0])
            difference = f"{value - values[0]:+.1f}" if is_paired else ""
            cells.append(number_cell(value, 1, difference, len(runs) > 1 and bool(shown[index] == best)))
        rows.append(cells)
    caption = "Values in percent."
    if len(runs) > 1:
        caption += " Small numbers: difference from the first run. Bold: best value."
    return PageTable([Column("metric"), *run_columns(runs)], rows, caption)


def run_columns(runs: Sequence[ReportRun]) -> list[Column]:
    """Return one head of a column per run, with the symbol of the run in the charts.

    Args:
        runs: The runs.

    Returns:
        The heads.
    """
    return [Column(series.name, series) for series in method_series([run.name for run in runs])]


def significance_table(runs: Sequence[ReportRun], num_resamples: int) -> PageTable:
    """Compare every run with the first by a paired bootstrap over images, in mAP and in mAP of the tail.

    Args:
        runs: The runs.
        num_resamples: Number of bootstrap resamples.

    Returns:
        The table.
    """
    first, rows = runs[0], []
    scarce = first.scarce_classes()
    compared = {"mAP": None} | ({f"mAP of {scarce[0]}": scarce[1]} if scarce else {})
    for run in runs[1:]:
        if not _same_labels(run, first):
            reason = "no paired comparison: the labels of this run differ from those of the first run"
            rows.append([Cell(run.name, note=reason), *[Cell("-")] * 3])
            continue
        for name, found in _differences(run, first, compared, num_resamples).items():
            if not np.isfinite(found.p_value):
                rows.append([Cell(f"{run.name}, {name}", note="no class has a defined AP"), *[Cell("-")] * 3])
                continue
            low, high = (100 * bound for bound in (found.low, found.high))
            texts = f"{100 * found.difference:+.1f}", f"{low:+.1f} to {high:+.1f}", f"{found.p_value:.3f}"
            rows.append([Cell(f"{run.name}, {name}"), *map(Cell, texts)])
    caption = (
        f"Difference from {first.name} in percentage points, with a 95 % confidence interval from "
        f"{num_resamples:,} bootstrap resamples of the images. A small p-value means that another sample of "
        "similar images would rarely reverse the sign of the difference. It does not cover the variation "
        "between training seeds."
    )
    titles = "comparison", "difference", "95 % interval", "p\u2011value"  # without a line break
    return PageTable([Column(title) for title in titles], rows, caption)


def _differences(
    run: ReportRun, first: ReportRun, keeps: dict[str, np.ndarray | None], num_resamples: int
) -> dict[str, BootstrapDifference]:
    known = first.predictions
    return paired_bootstraps(
        run.predictions.scores,
        known.scores,
        known.labels,
        known.classes,
        known.images,
        keeps=keeps,
        num_classes=known.num_classes,
        num_resamples=num_resamples,
    )


def _same_labels(run: ReportRun, first: ReportRun) -> bool:
    columns = ("images", "classes", "labels")
    return all(
        np.array_equal(getattr(run.predictions, name), getattr(first.predictions, name)) for name in columns
    )
