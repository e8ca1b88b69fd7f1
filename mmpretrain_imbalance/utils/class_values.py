"""Values per class: given in a config, read from a file by class name, written to a file."""

from __future__ import annotations

import csv
import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path

import numpy as np

from .files import atomic_write, csv_line


def write_named_values(
    path: str | os.PathLike, classes: Sequence[str], columns: dict[str, Sequence[float]]
) -> None:
    """Write values of each class: JSON ``{"classes": [...], "<column>": [...]}``, or CSV with a header line.

    Args:
        path: File to replace; its ending, ``.json`` or ``.csv``, chooses the format.
        classes: Class names, C of them.
        columns: Name of each column and its C values.

    Raises:
        ValueError: If the ending is another, or a column has another length.
        OSError: If the file cannot be written; an earlier file then stays as it was.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_named_values(f"{folder}/prior.json", ["cat", "dog"], {"class_prior": [0.1, 0.3]})
        ...     read_named_values(f"{folder}/prior.json", "class_prior", ["dog", "cat"])
        [0.3, 0.1]
    """
    columns = {name: list(values) for name, values in columns.items()}
    for name, values in columns.items():
        if len(values) != len(classes):
            raise ValueError(
                f"The column {name!r} of write_named_values must have a value for each of the {len(classes)} "
                f"classes. Got {len(values)} instead."
            )
    with atomic_write(path) as file:
        if _ending(path) == ".json":
            json.dump({"classes": list(classes), **columns}, file, indent=1)
        else:
            file.write(csv_line(["class", *columns]))
            file.writelines(map(csv_line, zip(classes, *columns.values())))


def read_named_values(path: str | os.PathLike, column: str, classes: Sequence[str]) -> list[float]:
    """Read one column of a file of :func:`write_named_values` in the order of the given classes.

    Args:
        path: A ``.json`` or ``.csv`` file.
        column: Name of the column.
        classes: Class names to look up; the file may hold more.

    Returns:
        One value for each of ``classes``.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is malformed, lacks the column or lacks a class; the message names them.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"The file of {column} values {str(path)!r} does not exist.")
    try:
        table = _read_json(path, column) if _ending(path) == ".json" else _read_csv(path, column)
    except (csv.Error, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(
            f"{path}: expected {_ending(path)[1:].upper()} with the values of classes, found {error}."
        ) from error
    missing = [name for name in classes if name not in table]
    if missing:
        raise ValueError(
            f"{path}: expected a {column} value for each of the {len(classes)} classes, found none for "
            f"{missing[0]!r}"
            + (f" and {len(missing) - 1} more" if len(missing) > 1 else "")
            + ". Classes are matched by name; the file may be of another dataset."
        )
    return [table[name] for name in classes]


def _ending(path: str | os.PathLike) -> str:
    ending = Path(path).suffix
    if ending not in (".json", ".csv"):
        raise ValueError(f"The file of class values {str(path)!r} must end in .json or .csv.")
    return ending


def _number(value: object, path: str | os.PathLike, name: str, column: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if math.isnan(number):
        raise ValueError(f"{path}: class {name!r}, field {column!r}: expected a number, found {value!r}.")
    return number


def _by_name(
    names: Iterable[str], values: Iterable[object], path: str | os.PathLike, column: str
) -> dict[str, float]:
    table = {}
    for name, value in zip(names, values):
        if name in table:
            raise ValueError(f"{path}: expected one {column} value for each class, found {name!r} twice.")
        table[name] = _number(value, path, name, column)
    return table


def _read_json(path: str | os.PathLike, column: str) -> dict[str, float]:
    content = json.loads(Path(path).read_text(encoding="utf-8-sig"))
    names, values = (content.get(key) if isinstance(content, dict) else None for key in ("classes", column))
    if not isinstance(names, list) or not isinstance(values, list) or len(names) != len(values):
        raise ValueError(f"{path}: expected the lists 'classes' and {column!r}, of equal length.")
    return _by_name(names, values, path, column)


def _read_csv(path: str | os.PathLike, column: str) -> dict[str, float]:
    with open(path, encoding="utf-8-sig", newline="") as file:  # a spreadsheet begins with a mark
        reader = csv.DictReader(file)
        if not {"class", column} <= set(reader.fieldnames or ()):
            raise ValueError(
                f"{path}, line 1: expected the columns 'class' and {column!r}, found {reader.fieldnames}."
            )
        rows = list(reader)
    return _by_name([row["class"] for row in rows], [row[column] for row in rows], path, column)


def class_values(
    values: Sequence[float] | np.ndarray | Mapping[str, float] | str | os.PathLike,
    column: str,
    class_names: Sequence[str] | None,
    num_classes: int,
    caller: str,
    file_column: str | None = None,
) -> np.ndarray:
    """Bring the numbers of the classes into the order of the dataset.

    Args:
        values: The numbers in class order, by class name, or a file of :func:`write_named_values`. By name
            there may be more classes than the dataset has.
        column: What the numbers are, for the messages: the argument's name, and the column of the file.
        class_names: The class names of the dataset; None where it does not tell.
        num_classes: The number of classes that are scored.
        caller: Name of the class whose argument the values are, for the messages.
        file_column: The column of the file where it has another name than the argument.

    Returns:
        The numbers, of shape (C,).

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If a class is missing, the number of values is not the number of classes, or one is NaN.

    Example:
        >>> class_values({"dog": 7, "cat": 5}, "positives", ["cat", "dog"], 2, "PartialLabelAveragePrecision")
        array([5, 7])
    """
    by_name = isinstance(values, (str, os.PathLike, Mapping))
    if by_name and class_names is None:
        raise ValueError(
            f"The {column} of {caller} must be a list in class order where the dataset names no classes. "
            "Got values by class name instead: give the dataset metainfo=dict(classes=[...])."
        )
    if isinstance(values, Mapping):
        missing = [name for name in class_names if name not in values]
        if missing:
            more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            raise ValueError(
                f"The {column} of {caller} must hold every class of the dataset. "
                f"Got {len(values)} classes without {missing[0]!r}{more} instead."
            )
        values = [values[name] for name in class_names]
    elif by_name:
        values = read_named_values(values, file_column or column, class_names)
    values = np.asarray(values)
    if values.shape != (num_classes,):
        raise ValueError(
            f"The {column} of {caller} must be one number for each of the {num_classes} classes. "
            f"Got the shape {values.shape} instead."
        )
    if values.dtype.kind not in "iuf" or np.isnan(values).any():
        raise ValueError(
            f"The {column} of {caller} must be numbers. Got "
            f"{'NaN' if values.dtype.kind == 'f' else values.tolist()} instead."
        )
    return values


def check_same_classes(first: str, expected: Sequence[str], other: str, found: Sequence[str]) -> None:
    """Refuse class names that differ, or that come in another order.

    Args:
        first: What has the expected names, for the message.
        expected: Its names.
        other: What is compared with it, for the message.
        found: The names of that.

    Raises:
        ValueError: If the two differ anywhere; the message shows the first place.

    Example:
        >>> check_same_classes("the checkpoint", ["cat", "dog"], "test_dataloader", ("cat", "dog"))
    """
    for place, (one, two) in enumerate(zip_longest(map(str, expected), map(str, found))):
        if one != two:
            raise ValueError(
                f"The classes of {other} must be those of {first}, in the same order. Got "
                f"{_class_at(place, two)}, where {first} has {_class_at(place, one)}, instead: give both the "
                "same list, as metainfo=dict(classes=[...]) of the dataset or classes=[...] of the head."
            )


def _class_at(place: int, name: str | None) -> str:
    return f"no class {place}" if name is None else f"{name!r} as class {place}"
