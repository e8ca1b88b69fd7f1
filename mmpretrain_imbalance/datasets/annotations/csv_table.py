"""Annotation tables: a row an image and a column a class, or a row a label."""

from __future__ import annotations

import difflib
import io
from collections.abc import Iterable, Sequence

import numpy as np

from ..label_store.build import build_label_store, label_store_from_table
from ..label_store.store import LabelStore
from .content import csv_rows
from .errors import AnnotationErrors, read_annotation_bytes
from .label_rows import settle_faults
from .repeated_images import settle_repeated_images


def read_annotation_csv(
    path: str,
    class_names: Sequence[str] | None = None,
    *,
    repeated_images: str = "refuse",
    skip_malformed: bool = False,
    notes: dict[str, int] | None = None,
) -> LabelStore:
    """Read a CSV annotation file.

    The first line names the columns. The first column is the path of the image, each further column a class
    with 1 (positive), 0 (negative), -1 or nothing (both unknown). A file with exactly the columns ``image``,
    ``class`` and ``value`` has a line a label instead.

    Args:
        path: The file, in UTF-8.
        class_names: The class list of a file with a line a label, which may lack some. Other files name
            theirs in the first line.
        repeated_images: What an image is that another line names already: ``'refuse'``, ``'join'`` or
            ``'keep'``, see :func:`settle_repeated_images`. A file with a line a label joins them.
        skip_malformed: Whether to leave out wrong lines and count them, instead of refusing the file.
        notes: Where is counted what was left out.

    Returns:
        The labels, in the class order of the file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If a line is wrong: with the file, the line, the column, what was expected and found, and
            how many more are wrong.
    """
    try:
        text = read_annotation_bytes(path).decode("utf-8-sig")  # spreadsheets put a byte-order mark in front
    except UnicodeDecodeError as error:
        raise ValueError(
            f"The annotation file {path} must be CSV in UTF-8. Got other bytes instead: {error}."
        ) from error
    rows = csv_rows(io.StringIO(text, newline=""), path)
    _, header = next(rows, (1, []))
    lines = ((number, cells) for number, cells in rows if cells)  # without empty lines
    faults = AnnotationErrors(path)
    notes = {} if notes is None else notes
    last = text.rpartition("\n")[2]
    if "," in last and not last.rpartition(",")[2].strip():
        notes[f"last line of {path} ends in a blank cell, without a newline: was the file cut off there?"] = 1
    if is_long_header(header):
        store = read_long_lines(lines, class_names, faults, notes)
    else:
        store, numbers = _read_wide_lines(lines, _class_names(header, path), faults)

        def where(row: int) -> str:
            return f"line {numbers[row]}"

        store = settle_repeated_images(store, repeated_images, where, "image", faults)
    settle_faults(faults, skip_malformed, notes)
    if not len(store):
        found = "no line that could be read" if faults else "only a header"
        raise ValueError(f"The annotation file {path} must have a line an image. Got {found} instead.")
    return store


def _read_wide_lines(
    lines: Iterable[tuple[int, list[str]]], class_names: list[str], faults: AnnotationErrors
) -> tuple[LabelStore, list[int]]:
    """The labels of the lines without fault, and the numbers of these."""
    numbers, image_names, rows = [], [], []
    for number, cells in lines:
        where, before = f"line {number}", len(faults)
        if len(cells) != len(class_names) + 1:
            faults.add(where, "columns", f"{len(class_names) + 1} cells, as in the header", len(cells))
            continue
        if not cells[0].strip():
            faults.add(where, "image", "the path of an image", cells[0])
        values = [CELL_VALUES.get(cell.strip()) for cell in cells[1:]]
        if None in values:
            for name, value, cell in zip(class_names, values, cells[1:]):
                if value is None:
                    faults.add(where, name, CELL_EXPECTED, cell)
        if len(faults) == before:
            numbers.append(number)
            image_names.append(cells[0].strip())
            rows.append(np.array(values, dtype=np.int8))
    table = np.array(rows, dtype=np.int8).reshape(len(rows), len(class_names))
    return label_store_from_table(table, image_names, class_names), numbers


def _class_names(header: list[str], path: str) -> list[str]:
    names = [name.strip() for name in header[1:]]
    if not names:
        raise ValueError(
            f"The header of {path} must be the image column and a column a class, separated by commas. "
            f"Got {','.join(header)!r:.200} instead."
        )
    if header[0].strip().lower() != "image" and set(names) <= set(CELL_VALUES):
        raise ValueError(
            f"The first line of {path} must name the classes. Got the labels of an image, "
            f"{','.join(header)!r:.200}, instead. (If classes are named so, call the first column 'image'.)"
        )
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or "" in names:
        found = "an empty name" if "" in names else f"{twice[0]!r} twice"
        raise ValueError(f"The header of {path} must be different class names. Got {found} instead.")
    return names


# What a cell may hold. Programs that keep a column with gaps as floats write 1.0 for 1.
CELL_VALUES = {"1": 1, "0": 0, "-1": -1, "": -1, "1.0": 1, "0.0": 0, "-1.0": -1}
CELL_EXPECTED = "1 (positive), 0 (negative), -1 or blank (unknown)"


def is_long_header(header: Sequence[str]) -> bool:
    """Whether the first line of a table announces a row a label.

    Args:
        header: The cells of the first line.

    Returns:
        Whether they are ``image``, ``class`` and ``value``.

    Example:
        >>> is_long_header(['Image', 'class ', 'value']), is_long_header(['image', 'cat', 'dog'])
        (True, False)
    """
    return [name.strip().lower() for name in header] == ["image", "class", "value"]


def read_long_lines(
    lines: Iterable[tuple[int, list[str]]],
    class_names: Sequence[str] | None,
    faults: AnnotationErrors,
    notes: dict[str, int],
) -> LabelStore:
    """Read lines of image, class and value.

    Args:
        lines: Number and cells of each line after the header.
        class_names: The class list; absent, that of the lines in alphabetical order. Classes that only one of
            the two names are added at its end: they are unknown, or can be left out.
        faults: Where faults are noted; their lines are left out. An image and a class of which two lines
            contradict each other lose both: nobody knows which is right.
        notes: Where is counted which classes the lines and the class list do not share, and how many labels
            that concerns.

    Returns:
        The labels, images in the order in which the lines first name them.
    """
    images: dict[str, int] = {}
    classes: dict[str, int] = {}
    elements: list[tuple[int, int, int, int]] = []  # image, class, value, line
    for number, cells in lines:
        where = f"line {number}"
        if len(cells) != 3:
            faults.add(where, "columns", "3 cells, as in the header", len(cells))
            continue
        image, name, cell = (cell.strip() for cell in cells)
        value = CELL_VALUES.get(cell)
        if not image:
            faults.add(where, "image", "the path of an image", cells[0])
        elif not name:
            faults.add(where, "class", "the name of a class", cells[1])
        elif value is None:
            faults.add(where, "value", CELL_EXPECTED, cell)
        else:
            place = images.setdefault(image, len(images)), classes.setdefault(name, len(classes))
            elements.append((*place, value, number))
    names = list(class_names or ())
    names += sorted(set(classes) - set(names))
    if class_names is None:
        note = f"classes of {faults.path} in alphabetical order: name them in 'classes', so that files agree"
        notes[note] = len(names)
    elif missing := [name for name in class_names if name not in classes]:
        note = f"of 'classes' that {faults.path} never names, the first of them {missing[0]!r}"
        notes[note] = len(missing)
    position = np.array([names.index(name) for name in classes], dtype=np.int64)
    table = np.array(elements, dtype=np.int64).reshape(-1, 4)
    table = table[table[:, 2] != -1]  # it names an image and a class, and says no more
    table[:, 1] = position[table[:, 1]]
    if class_names is not None:
        _note_unnamed(table[:, 1], names, len(class_names), faults.path, notes)
    keys = table[:, 0] * len(names) + table[:, 1]
    _, first, groups = np.unique(keys, return_index=True, return_inverse=True)
    groups = groups.reshape(-1)
    earlier = first[groups]
    contradicts = table[:, 2] != table[earlier, 2]
    for row in np.flatnonzero(contradicts):
        said, line = table[earlier[row], 2:]
        expected = f"what line {line} says about the same image and class, {said}"
        faults.add(f"line {table[row, 3]}", "value", expected, int(table[row, 2]))
    table = table[np.setdiff1d(first, earlier[contradicts])]
    return build_label_store(*table[:, :3].T, list(images), names)


def _note_unnamed(
    classes: np.ndarray, names: Sequence[str], num_named: int, path: str, notes: dict[str, int]
) -> None:
    """Count the labels of classes that the class list lacks: one of them may be misspelt."""
    unnamed = classes[classes >= num_named]
    if not len(unnamed):
        return
    wrong, folded = names[unnamed[0]], {name.casefold(): name for name in names[:num_named]}
    close = difflib.get_close_matches(wrong.casefold(), list(folded), n=1)
    meant = f" (did you mean {folded[close[0]]!r}?)" if close else ""
    note = f"labels of {path} are of classes outside 'classes', the first of them {wrong!r}{meant}"
    notes[note] = len(unnamed)
