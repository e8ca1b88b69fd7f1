"""Selection of classes for the run report, and the table of results per class."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from ...functional import rarest_classes
from ..axis_chart import legend, symbol
from .report_run import ReportRun
from .tables import breakable, html_table

_MAX_ROWS = 24  # maximum number of classes of the table
_MIN_POSITIVES = 10  # the AP of a class with fewer known positives is mostly chance


def curve_classes(run: ReportRun) -> list[int]:
    """Select the three rarest classes with a defined AP and the most frequent class.

    Args:
        run: The run.

    Returns:
        Class indices. If the training positives are not recorded, the first four classes with a defined AP.
    """
    evaluated = np.isfinite(run.class_ap)
    if run.training_positives is None:
        indices: list[int] = np.flatnonzero(evaluated)[:4].tolist()
        return indices
    positives = np.where(evaluated, run.training_positives, 0)
    rarest = rarest_classes(positives, 3).tolist()
    return list(dict.fromkeys([*rarest, int(np.argmax(positives))])) if evaluated.any() else []


def class_table(runs: Sequence[ReportRun], chosen: Sequence[int] = ()) -> str:
    """Return a table with one row per class: AP and calibration error of each run, and label counts.

    Args:
        runs: The runs, evaluated on the same images.
        chosen: Indices of classes that the table includes in any case.

    Returns:
        The table as HTML. It has all classes if there are few, otherwise those whose AP differs most between
        the runs, or those with the lowest AP of a single run.
    """
    first = runs[0]
    classes, caption = _rows(runs, chosen)
    known = np.bincount(first.predictions.classes, minlength=first.predictions.num_classes)
    counts = {
        "known positives": [f"{count:,}" for count in first.known_positives[classes]],
        "known labels, percent of images": [
            f"{100 * count / max(first.predictions.num_images, 1):.3g}" for count in known[classes]
        ],
    }
    if first.training_positives is not None:
        training = {"training positives": [f"{count:,.0f}" for count in first.training_positives[classes]]}
        counts = training | counts
    head = "".join(
        f"<th scope='colgroup' colspan='{len(runs)}'>{metric}</th>" for metric in ("AP", "calibration error")
    )
    head += "".join(f"<th scope='col' rowspan='2'>{heading}</th>" for heading in counts)
    marks = "".join(f"<th scope='col'>{symbol(index, run.name)}</th>" for index, run in enumerate(runs))
    head = f"<tr><th rowspan='2'></th>{head}</tr><tr>{2 * marks}</tr>"
    rows = []
    for row, index in enumerate(classes):
        cells = _with_differences([run.class_ap[index] for run in runs])
        cells += [_number(run.class_calibration_error[index]) for run in runs]
        cells += [values[row] for values in counts.values()]
        name = breakable(first.predictions.class_names[index])
        rows.append(f"<tr><th scope='row'>{name}</th>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    return legend([run.name for run in runs]) + html_table(escape(caption), head, rows, "narrow")


def _rows(runs: Sequence[ReportRun], chosen: Sequence[int]) -> tuple[list[int], str]:
    """Return the class indices of the rows, most frequent class first, and the caption of the table."""
    first = runs[0]
    counts = first.known_positives if first.training_positives is None else first.training_positives
    frequent = np.argsort(-counts, kind="stable")
    if len(counts) <= _MAX_ROWS:
        return frequent.tolist(), "All classes, most frequent first. AP and calibration error in percent."
    ap = np.array([run.class_ap for run in runs])
    candidates = np.isfinite(ap).all(axis=0) & (first.known_positives >= _MIN_POSITIVES)
    spread = -ap[0] if len(runs) == 1 else np.abs(ap[1:] - ap[0]).max(axis=0)
    order = np.argsort(np.where(candidates, -spread, np.inf), kind="stable")
    worst = order[: min(_MAX_ROWS, int(candidates.sum()))]
    shown = {*worst.tolist(), *chosen}
    criterion = "with the lowest AP" if len(runs) == 1 else "whose AP differs most from that of the first run"
    return (
        [index for index in frequent.tolist() if index in shown],
        f"The {len(worst)} classes {criterion}, among classes with at least {_MIN_POSITIVES} known positives"
        f"{', and the classes with curves above' if chosen else ''}. Most frequent class first; AP and "
        "calibration error in percent.",
    )


def _with_differences(values: Sequence[float]) -> list[str]:
    """Return the formatted values; all but the first with their difference from the first value."""
    cells = [_number(values[0])]
    for value in values[1:]:
        is_paired = np.isfinite(value) and np.isfinite(values[0])
        cells.append(_number(value) + (f" <small>{value - values[0]:+.1f}</small>" if is_paired else ""))
    return cells


def _number(value: float) -> str:
    return f"{value:.1f}" if np.isfinite(value) else "-"
