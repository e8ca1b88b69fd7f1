"""Reader of CSV annotation files: one row per image and one column per class, or one row per label."""

from __future__ import annotations

import difflib
import io
from collections.abc import Iterable, Sequence

import numpy as np

from ...utils.class_names import check_class_names
from ...utils.found_values import first_repeated
from ..label_store.build import build_label_store, label_store_from_array
from ..label_store.store import LabelStore
from .content import csv_rows
from .errors import AnnotationErrors, read_annotation_bytes
from .label_rows import handle_errors
from .repeated_images import resolve_repeated_images

#: Label of each valid cell. Programs that store a column with gaps as floats write 1.0 for 1.
CELL_VALUES = {"1": 1, "0": 0, "-1": -1, "": -1, "1.0": 1, "0.0": 0, "-1.0": -1}
_CELL_EXPECTED = "1 (positive), 0 (negative), -1 or blank (unknown)"


def read_annotation_csv(
    path: str,
    class_names: Sequence[str] | None = None,
    *,
    repeated_images: str = "raise",
    skip_malformed: bool = False,
    notes: dict[str, int] | None = None,
) -> LabelStore:
    """Read a CSV annotation file.

    The first line names the columns. The first column is the path of the image. Every other column is a class
    with 1 (positive), 0 (negative), -1 or a blank cell (both unknown). A file with exactly the columns
    ``image``, ``class`` and ``value`` has one line per label instead.

    Args:
        path: The file, in UTF-8.
        class_names: The class list of a file with one line per label, which need not name all of them. Other
            files name their classes in the first line.
        repeated_images: Treatment of images that several lines name: ``'raise'``, ``'join'`` or ``'keep'``,
            see ``resolve_repeated_images``. Files with one line per label always join them.
        skip_malformed: Whether to leave out and count wrong lines instead of raising.
        notes: Dictionary to which messages about lines left out are added, with their numbers.

    Returns:
        The labels, in the class order of the file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If a line is wrong. The message names the file, line and column, the expected and the
            found value, and the number of further errors.
    """
    try:
        text = read_annotation_bytes(path).decode("utf-8-sig")  # spreadsheets write a byte-order mark
    except UnicodeDecodeError as error:
        raise ValueError(
            f"The annotation file {path} must be CSV in UTF-8. Got other bytes instead: {error}."
        ) from error
    rows = csv_rows(io.StringIO(text, newline=""), path)
    _, header = next(rows, (1, []))
    lines = ((number, cells) for number, cells in rows if cells)  # without empty lines
    errors = AnnotationErrors(path)
    notes = {} if notes is None else notes
    last = text.rpartition("\n")[2]
    if "," in last and not last.rpartition(",")[2].strip():
        notes[f"last line of {path} ends in a blank cell, without a newline: was the file cut off there?"] = 1
    if class_names is not None:
        check_class_names(class_names, f"The class list for {path}")
    if is_long_header(header):
        store = read_long_lines(lines, class_names, errors, notes)
    else:
        store, numbers = _read_wide_lines(lines, _class_names(header, path), errors)

        def where(row: int) -> str:
            return f"line {numbers[row]}"

        store = resolve_repeated_images(store, repeated_images, where, "image", errors)
    handle_errors(errors, skip_malformed, notes)
    if not len(store):
        found = "only malformed lines" if errors else "only a header"
        raise ValueError(f"The annotation file {path} must have one line per image. Got {found} instead.")
    return store


def is_long_header(header: Sequence[str]) -> bool:
    """Return whether the first line of a table belongs to the format with one row per label.

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
    errors: AnnotationErrors,
    notes: dict[str, int],
) -> LabelStore:
    """Read lines with an image, a class and a value.

    Args:
        lines: Number and cells of each line after the header.
        class_names: The class list; by default the classes of the lines in alphabetical order. Classes of
            the lines that are missing in the list are appended to it, and listed classes without lines are
            unknown.
        errors: Collector to which errors are added. Their lines are left out; if two lines contradict each
            other, both are left out.
        notes: Dictionary to which messages about classes that only the lines or only the class list name are
            added, with the numbers of these classes or their labels.

    Returns:
        The labels, images in the order of their first line.
    """
    images: dict[str, int] = {}
    classes: dict[str, int] = {}
    elements: list[tuple[int, int, int, int]] = []  # image, class, value, line
    for number, cells in lines:
        where = f"line {number}"
        if len(cells) != 3:
            errors.add(where, "columns", "3 cells, as in the header", len(cells))
            continue
        image, name, cell = (cell.strip() for cell in cells)
        value = CELL_VALUES.get(cell)
        if not image:
            errors.add(where, "image", "the path of an image", cells[0])
        elif not name:
            errors.add(where, "class", "the name of a class", cells[1])
        elif value is None:
            errors.add(where, "value", _CELL_EXPECTED, cell)
        else:
            image_index = images.setdefault(image, len(images))
            class_index = classes.setdefault(name, len(classes))
            elements.append((image_index, class_index, value, number))
    names = list(class_names or ())
    names += sorted(set(classes) - set(names))
    if class_names is None:
        note = (
            f"classes of {errors.path} in alphabetical order: list them in 'classes' to use the same order "
            "for all files"
        )
        notes[note] = len(names)
    elif missing := [name for name in class_names if name not in classes]:
        note = f"names in 'classes' are missing in {errors.path}, the first of them {missing[0]!r}"
        notes[note] = len(missing)
    index_of_name = {name: index for index, name in enumerate(names)}
    class_indices = np.array([index_of_name[name] for name in classes], dtype=np.int64)
    rows = np.array(elements, dtype=np.int64).reshape(-1, 4)
    rows = rows[rows[:, 2] != -1]  # unknown, like everything that is not listed
    rows[:, 1] = class_indices[rows[:, 1]]
    if class_names is not None:
        _note_additional_classes(rows[:, 1], names, len(class_names), errors.path, notes)
    keys = rows[:, 0] * len(names) + rows[:, 1]
    _, first, groups = np.unique(keys, return_index=True, return_inverse=True)
    groups = groups.reshape(-1)
    earlier = first[groups]
    contradicts = rows[:, 2] != rows[earlier, 2]
    for row in np.flatnonzero(contradicts):
        value, line = rows[earlier[row], 2:].tolist()
        expected = f"{value}, as in line {line} for the same image and class"
        errors.add(f"line {rows[row, 3]}", "value", expected, int(rows[row, 2]))
    rows = rows[np.setdiff1d(first, earlier[contradicts])]
    return build_label_store(rows[:, 0], rows[:, 1], rows[:, 2], list(images), names)


def _read_wide_lines(
    lines: Iterable[tuple[int, list[str]]], class_names: list[str], errors: AnnotationErrors
) -> tuple[LabelStore, list[int]]:
    """Read the labels of the valid lines, and return them with the numbers of these lines."""
    numbers, image_names, rows = [], [], []
    for number, cells in lines:
        where, before = f"line {number}", len(errors)
        if len(cells) != len(class_names) + 1:
            errors.add(where, "columns", f"{len(class_names) + 1} cells, as in the header", len(cells))
            continue
        if not cells[0].strip():
            errors.add(where, "image", "the path of an image", cells[0])
        values = [CELL_VALUES.get(cell.strip()) for cell in cells[1:]]
        if None in values:
            for name, value, cell in zip(class_names, values, cells[1:]):
                if value is None:
                    errors.add(where, name, _CELL_EXPECTED, cell)
        if len(errors) == before:
            numbers.append(number)
            image_names.append(cells[0].strip())
            rows.append(np.array(values, dtype=np.int8))
    labels = np.array(rows, dtype=np.int8).reshape(len(rows), len(class_names))
    return label_store_from_array(labels, image_names, class_names), numbers


def _class_names(header: list[str], path: str) -> list[str]:
    names = [name.strip() for name in header[1:]]
    if not names:
        raise ValueError(
            f"The header of {path} must have the image column and one column per class, separated by commas. "
            f"Got {','.join(header)!r:.200} instead."
        )
    if header[0].strip().lower() != "image" and set(names) <= set(CELL_VALUES):
        raise ValueError(
            f"The first line of {path} must name the classes. Got the labels of an image, "
            f"{','.join(header)!r:.200}, instead. (If the classes have such names, name the first column "
            "'image'.)"
        )
    twice = first_repeated(names)
    if "" in names or twice is not None:
        found = "an empty name" if "" in names else f"{twice!r} twice"
        raise ValueError(f"The header of {path} must have different class names. Got {found} instead.")
    return names


def _note_additional_classes(
    classes: np.ndarray, names: Sequence[str], num_listed: int, path: str, notes: dict[str, int]
) -> None:
    """Note the number of labels of classes that are missing in the class list, in case one is misspelled."""
    additional = classes[classes >= num_listed]
    if not len(additional):
        return
    wrong, folded = names[additional[0]], {name.casefold(): name for name in names[:num_listed]}
    close = difflib.get_close_matches(wrong.casefold(), list(folded), n=1)
    meant = f" (did you mean {folded[close[0]]!r}?)" if close else ""
    note = f"labels of {path} are of classes that are not in 'classes', the first of them {wrong!r}{meant}"
    notes[note] = len(additional)
