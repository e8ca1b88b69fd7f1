"""Selection of classes for the run report, and the table of results per class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...functional import rarest_classes
from ...functional.metrics.class_groups import GROUPS
from ..page_parts import Cell, Column, PageTable, number_cell
from ..series import method_series
from .report_run import ReportRun

_MAX_ROWS = 200  # maximum number of classes of the table
_MIN_POSITIVES = 10  # the AP of a class with fewer known positives is mostly chance

_UNITS = "AP and calibration error in percent. Click on the head of a column to sort by it."


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


def class_table(runs: Sequence[ReportRun], chosen: Sequence[int] = ()) -> PageTable:
    """Return a table with one row per class: AP and calibration error of each run, and label counts.

    Args:
        runs: The runs, evaluated on the same images.
        chosen: Indices of classes that the table includes in any case.

    Returns:
        The table. It has all classes if there are few, otherwise those whose AP differs most between the
        runs, or those with the lowest AP of a single run.
    """
    first = runs[0]
    classes, caption = _rows(runs, chosen)
    known = np.bincount(first.predictions.classes, minlength=first.predictions.num_classes)
    groups = {int(c): name for name, members in first.groups().items() for c in np.flatnonzero(members)}
    series = method_series([run.name for run in runs])
    columns = [Column("class"), *([Column("group")] if groups else [])]
    columns += [Column("AP", one) for one in series]
    columns += [Column("calibration error", one) for one in series]
    columns += [Column("training positives")] if first.training_positives is not None else []
    columns += [Column("known positives"), Column("known labels, percent of images")]
    rows = []
    for c in classes:
        cells = [Cell(first.predictions.class_names[c])]
        if groups:
            group = groups.get(c, "")
            cells.append(Cell(group, GROUPS.index(group), mark=group) if group else Cell("-", ""))
        cells += _with_differences([float(run.class_ap[c]) for run in runs])
        cells += [number_cell(float(run.class_calibration_error[c])) for run in runs]
        if first.training_positives is not None:
            cells.append(_count(first.training_positives[c]))
        cells.append(_count(first.known_positives[c]))
        coverage = 100 * float(known[c]) / max(first.predictions.num_images, 1)
        cells.append(Cell(f"{coverage:.3g}", round(coverage, 6)))
        rows.append(cells)
    return PageTable(columns, rows, caption, is_sortable=True)


def _rows(runs: Sequence[ReportRun], chosen: Sequence[int]) -> tuple[list[int], str]:
    """Return the class indices of the rows, most frequent class first, and the caption of the table."""
    first = runs[0]
    counts = first.known_positives if first.training_positives is None else first.training_positives
    frequent = np.argsort(-counts, kind="stable")
    if len(counts) <= _MAX_ROWS:
        return frequent.tolist(), f"All classes, most frequent first. {_UNITS}"
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
        f"{', and the classes with curves above' if chosen else ''}. Most frequent class first. {_UNITS}",
    )


def _with_differences(values: Sequence[float]) -> list[Cell]:
    """Return the values; all but the first with their difference from the first value."""
    cells = [number_cell(values[0])]
    for value in values[1:]:
        is_paired = np.isfinite(value) and np.isfinite(values[0])
        cells.append(number_cell(value, note=f"{value - values[0]:+.1f}" if is_paired else ""))
    return cells


def _count(count: float) -> Cell:
    return Cell(f"{count:,.0f}", int(count))
