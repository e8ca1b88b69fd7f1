"""Tables of the run report: metrics of the runs, and significance of their differences."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from ...functional.metrics.paired_bootstrap import BootstrapDifference, paired_bootstraps
from .report_run import ReportRun


def metrics_table(runs: Sequence[ReportRun]) -> str:
    """Return a table with one row per metric and one column per run.

    Each cell has the value and its difference from the first run. The best value of each row is bold.

    Args:
        runs: The runs.

    Returns:
        The table as HTML.
    """
    rows = []
    for name in dict.fromkeys(name for run in runs for name in run.metrics):
        values = np.array([run.metrics.get(name, np.nan) for run in runs])
        lower_is_better = "calibration" in name
        shown = np.round(values, 1)
        best = (np.nanmin if lower_is_better else np.nanmax)(shown) if np.isfinite(shown).any() else None
        cells = []
        for index, value in enumerate(values):
            if not np.isfinite(value):
                cells.append("<td>-</td>")
                continue
            is_paired = index > 0 and np.isfinite(values[0])
            difference = f"<small>{value - values[0]:+.1f}</small>" if is_paired else ""
            number = f"<b>{value:.1f}</b>" if len(runs) > 1 and shown[index] == best else f"{value:.1f}"
            cells.append(f"<td>{number} {difference}</td>")
        note = " <small>lower is better</small>" if lower_is_better else ""
        rows.append(f"<tr><th scope='row'>{escape(name)}{note}</th>{''.join(cells)}</tr>")
    head = "".join(f"<th scope='col'>{breakable(run.name)}</th>" for run in runs)
    caption = "Values in percent."
    if len(runs) > 1:
        caption += " Small numbers: difference from the first run. Bold: best value."
    return html_table(caption, f"<tr><th></th>{head}</tr>", rows)


def significance(runs: Sequence[ReportRun], num_resamples: int) -> str:
    """Compare every run with the first by a paired bootstrap over images, in mAP and in mAP of the tail.

    Args:
        runs: The runs.
        num_resamples: Number of bootstrap resamples; 0 skips the comparison.

    Returns:
        A table as HTML, or a note if the comparison is skipped.
    """
    if not num_resamples:
        return "<p>The paired bootstrap was skipped because the number of resamples is 0.</p>"
    first, rows = runs[0], []
    scarce = first.scarce_classes()
    compared = {"mAP": None} | ({f"mAP of {scarce[0]}": scarce[1]} if scarce else {})
    for run in runs[1:]:
        if not _same_labels(run, first):
            rows.append(
                f"<tr><th scope='row'>{breakable(run.name)}</th>"
                "<td colspan='3'>no paired comparison: the labels of this run differ from those of the first "
                "run</td></tr>"
            )
            continue
        for name, found in _differences(run, first, compared, num_resamples).items():
            low, high = (100 * bound for bound in (found.low, found.high))
            cells = (
                f"<td>{100 * found.difference:+.1f}</td><td>{low:+.1f} to {high:+.1f}</td>"
                f"<td>{found.p_value:.3f}</td>"
                if np.isfinite(found.p_value)
                else "<td colspan='3'>no class has a defined AP</td>"
            )
            rows.append(f"<tr><th scope='row'>{breakable(run.name)}, {escape(name)}</th>{cells}</tr>")
    heads = "".join(f"<th scope='col'>{name}</th>" for name in ("difference", "95 % interval", "p-value"))
    return html_table(
        f"Difference from {escape(first.name)} in percentage points, with a 95 % confidence interval from "
        f"{num_resamples:,} bootstrap resamples of the images. A small p-value means that another sample of "
        "similar images would rarely reverse the sign of the difference. It does not cover the variation "
        "between training seeds.",
        f"<tr><th></th>{heads}</tr>",
        rows,
    )


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


def breakable(name: str) -> str:
    """Return a name as HTML that allows line breaks after underscores and slashes."""
    return escape(name).replace("_", "_<wbr>").replace("/", "/<wbr>")


def html_table(caption: str, head: str, rows: Sequence[str], kind: str = "") -> str:
    """Return a table with a caption above it; it scrolls horizontally on narrow screens.

    Args:
        caption: Text above the table, as HTML.
        head: Header row, as HTML.
        rows: Other rows, as HTML.
        kind: CSS class of the table.

    Returns:
        The table as HTML.
    """
    return (
        f"<p class='note'>{caption}</p><div class='scroll' tabindex='0'><table class='{kind}'>"
        f"<thead>{head}</thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )
