"""The tables of a report: metrics of the runs, and whether their differences are real."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from ..functional.metrics.paired_bootstrap import BootstrapDifference, paired_bootstraps
from .run_report import ReportRun


def metrics_table(runs: Sequence[ReportRun]) -> str:
    """One row a metric, one column a run, with the difference to the first run; the best value is bold.

    Args:
        runs: The runs.

    Returns:
        HTML.
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
    caption = "Percent" + ("; small: difference to the first run; bold: the best" if len(runs) > 1 else "")
    return html_table(caption, f"<tr><th></th>{head}</tr>", rows)


def significance(runs: Sequence[ReportRun], num_resamples: int) -> str:
    """Paired bootstrap over images of every run against the first, in mAP and in mAP of the tail.

    Args:
        runs: The runs.
        num_resamples: How often images are drawn; 0 to leave it out.

    Returns:
        HTML.
    """
    if not num_resamples:
        return "<p>The paired bootstrap was left out.</p>"
    first, rows = runs[0], []
    scarce = first.scarce_classes()
    compared = {"mAP": None} | ({f"mAP of {scarce[0]}": scarce[1]} if scarce else {})
    for run in runs[1:]:
        if not _same_labels(run, first):
            rows.append(
                f"<tr><th scope='row'>{breakable(run.name)}</th>"
                f"<td colspan='3'>measured on other labels than the "
                "first run: the two cannot be paired</td></tr>"
            )
            continue
        for name, found in _differences(run, first, compared, num_resamples).items():
            low, high = (100 * bound for bound in (found.low, found.high))
            cells = (
                f"<td>{100 * found.difference:+.1f}</td><td>{low:+.1f} to {high:+.1f}</td>"
                f"<td>{found.p_value:.3f}</td>"
                if np.isfinite(found.p_value)
                else "<td colspan='3'>no class can be evaluated</td>"
            )
            rows.append(f"<tr><th scope='row'>{breakable(run.name)}, {escape(name)}</th>{cells}</tr>")
    heads = "".join(f"<th scope='col'>{name}</th>" for name in ("difference", "95 %", "p"))
    return html_table(
        f"Difference to {escape(first.name)} in percent, "
        f"with 95 % of {num_resamples:,} resamples of the images. "
        "A small p says that other images of this kind would hardly turn the difference round; it says "
        "nothing about another seed of the training.",
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
    """A name that may break into lines after underscores and slashes, as HTML."""
    return escape(name).replace("_", "_<wbr>").replace("/", "/<wbr>")


def html_table(caption: str, head: str, rows: Sequence[str], kind: str = "") -> str:
    """A table under a caption; it scrolls sideways where the screen is too narrow.

    Args:
        caption: What stands above, as HTML.
        head: The first row, as HTML.
        rows: The others, as HTML.
        kind: Its CSS class.

    Returns:
        HTML.
    """
    return (
        f"<p class='note'>{caption}</p><div class='scroll' tabindex='0'><table class='{kind}'>"
        f"<thead>{head}</thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )
