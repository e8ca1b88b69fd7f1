"""Corrections of single labels, as a person writes them into the table of tools/suspects.py."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from posixpath import normpath
from typing import NamedTuple

import numpy as np

from ..label_store.build import StoreParts
from ..label_store.store import LabelStore
from .content import csv_rows
from .csv_table import CELL_VALUES
from .errors import AnnotationErrors, read_annotation_bytes

_CORRECT = "1 (positive), 0 (negative), -1 (unknown) or blank (not checked)"
_LABEL = "1 (positive), 0 (negative), -1 or blank (unknown)"


class Correction(NamedTuple):
    """The correct label of one image and class.

    Attributes:
        image: Name of the image, as in the annotations.
        class_name: Name of the class.
        correct: The correct label: 1 (positive), 0 (negative) or -1 (unknown, because it cannot be decided).
        label: The label that the person saw, 1, 0 or -1; ``None`` if it is not given.
        where: The line of the table, for error messages.
    """

    image: str
    class_name: str
    correct: int
    label: int | None = None
    where: str = ""


def read_corrections(path: str | os.PathLike[str]) -> list[Correction]:
    """Read the corrections that a person wrote into the column ``correct`` of a table.

    The table is a CSV file with the columns ``image``, ``class`` and ``correct``, and optionally ``label``
    and others, in any order. Rows without an answer are left out. Cells may be separated by commas,
    semicolons or tabs, because spreadsheets save them in this way in some languages.

    Args:
        path: The file, in UTF-8.

    Returns:
        The corrections, in the order of the table.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is not such a table. The message names the line, the column, the expected and
            the found value, and the number of further errors.
    """
    path = str(path)
    if not os.path.isfile(path):
        raise FileNotFoundError(
            f"The 'corrections' argument must be an existing table of corrections. Got {path} instead."
        )
    try:
        text = read_annotation_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"The table {path} must be CSV in UTF-8. Got other bytes instead: {error}. "
            "(Save it as 'CSV UTF-8'.)"
        ) from error
    return corrections_of_rows(_rows(text, path), path)


def corrections_of_rows(rows: Iterable[tuple[int, list[str]]], path: str) -> list[Correction]:
    """Return the corrections in the rows of a table.

    Args:
        rows: The rows with their numbers; the first one is the header.
        path: Path of the table, for messages.

    Raises:
        ValueError: As in :func:`read_corrections`.
    """
    lines = iter(rows)
    header = [name.strip().lower() for name in next(lines, (1, []))[1]]
    missing = [name for name in ("image", "class", "correct") if header.count(name) != 1]
    if missing:
        raise ValueError(
            f"The header of {path} must have the columns 'image', 'class' and 'correct' once. Got "
            f"{', '.join(header)!r:.200} instead, where {missing[0]!r} is missing or repeated."
        )
    errors, corrections = AnnotationErrors(path), []
    for number, cells in lines:
        where = f"line {number}"
        if not any(cells):
            continue
        if len(cells) != len(header):
            errors.add(where, "columns", f"{len(header)} cells, as in the header", len(cells))
            continue
        row = dict(zip(header, (cell.strip() for cell in cells)))
        if not row["correct"]:
            continue
        correct, label = CELL_VALUES.get(row["correct"]), CELL_VALUES.get(row.get("label", ""))
        if correct is None:
            errors.add(where, "correct", _CORRECT, row["correct"])
        elif label is None:
            errors.add(where, "label", _LABEL, row["label"])
        elif not row["image"] or not row["class"]:
            name = "class" if row["image"] else "image"
            errors.add(where, name, f"the name of the {name}", "")
        else:
            seen = label if "label" in row else None
            corrections.append(Correction(row["image"], row["class"], correct, seen, where))
    errors.raise_if_any()
    return corrections


def apply_corrections(
    labels: LabelStore, corrections: str | os.PathLike[str] | Iterable[Correction]
) -> LabelStore:
    """Replace single labels by their corrections.

    Nothing is guessed: a correction of an image or class that the labels do not have is an error, as are two
    different corrections of one label, and a correction of a label that has changed since the person saw it.
    Corrections that were already applied change nothing.

    Args:
        labels: The labels.
        corrections: The corrections, or the path of a table that :func:`read_corrections` reads.

    Returns:
        A store with the corrected labels, in memory, or ``labels`` itself if nothing changes.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the table is malformed, or a correction contradicts the labels or another correction.

    Example:
        >>> from mmpretrain_imbalance.datasets import label_store_from_array
        >>> labels = label_store_from_array([[1, 0], [-1, 0]], ['a.jpg', 'b.jpg'], ['cat', 'dog'])
        >>> corrections = [Correction('b.jpg', 'cat', 1), Correction('a.jpg', 'dog', -1)]
        >>> corrected = apply_corrections(labels, corrections)
        >>> corrected.dense(0), corrected.dense(1)
        (array([ 1., -1.], dtype=float32), array([1., 0.], dtype=float32))
    """
    if isinstance(corrections, (str, os.PathLike)):
        errors, found = AnnotationErrors(str(corrections)), read_corrections(corrections)
    else:
        errors, found = AnnotationErrors("the corrections"), list(corrections)
    changes: dict[int, int] = {}  # the new label by row * num_classes + class
    first: dict[int, Correction] = {}
    rows_of_name = _rows_of_names(labels, {normpath(correction.image) for correction in found})
    class_of_name = {name: index for index, name in enumerate(labels.class_names)}
    for position, correction in enumerate(found):
        where = correction.where or f"correction {position}"
        rows = rows_of_name.get(normpath(correction.image))
        if rows is None:
            errors.add(where, "image", "an image of the annotations", correction.image)
            continue
        if correction.class_name not in class_of_name:
            errors.add(where, "class", "a class of the annotations", correction.class_name)
            continue
        for row in rows:
            key = row * labels.num_classes + class_of_name[correction.class_name]
            earlier = first.setdefault(key, correction)
            now = _label(labels, row, class_of_name[correction.class_name])
            if earlier.correct != correction.correct:
                expected = f"{earlier.correct}, as in {earlier.where or 'an earlier correction'}"
                errors.add(where, "correct", f"{expected} for the same image and class", correction.correct)
            elif now not in (correction.correct, now if correction.label is None else correction.label):
                expected = (
                    f"{now}, the label of this image and class now (was the table made before a change?)"
                )
                errors.add(where, "label", expected, correction.label)
            elif now != correction.correct:
                changes[key] = correction.correct
    errors.raise_if_any()
    return _with_changes(labels, changes) if changes else labels


def _rows_of_names(labels: LabelStore, names: set[str]) -> dict[str, list[int]]:
    rows: dict[str, list[int]] = {}
    for row in range(len(labels)):
        name = normpath(labels.image_name(row))
        if name in names:
            rows.setdefault(name, []).append(row)
    return rows


def _label(labels: LabelStore, row: int, class_index: int) -> int:
    classes, values = labels.row(row)  # the classes are ascending
    position = int(np.searchsorted(classes, class_index))
    is_listed = position < len(classes) and classes[position] == class_index
    return int(values[position]) if is_listed else labels.default_label


def _with_changes(labels: LabelStore, changes: dict[int, int]) -> LabelStore:
    images, classes, values = labels.elements(np.arange(len(labels)))
    keys = np.fromiter(changes, np.int64, len(changes))
    new = np.fromiter(changes.values(), np.int8, len(changes))
    kept = ~np.isin(images * labels.num_classes + classes, keys)
    listed = new != labels.default_label
    parts = StoreParts(
        labels.class_names, labels.default_label, labels.class_metadata, labels.num_simulations
    )
    parts.add(
        np.concatenate([images[kept], keys[listed] // labels.num_classes]),
        np.concatenate([classes[kept], keys[listed] % labels.num_classes]),
        np.concatenate([values[kept], new[listed]]),
        len(labels),
    )
    parts.add_names(labels, np.arange(len(labels)))
    return parts.finish()


def _rows(text: str, path: str) -> Iterator[tuple[int, list[str]]]:
    header = text.partition("\n")[0]
    return csv_rows(io.StringIO(text, newline=""), path, max(",;\t", key=header.count))
