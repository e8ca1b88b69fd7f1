"""Values per class in configs and in files."""

from __future__ import annotations

import csv
import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from .files import atomic_write, csv_line
from .found_values import shown
from .json_content import parse_json

#: Name of the value, in a file or a dict, of all classes that it does not name.
DEFAULT = "default"


def write_named_values(
    path: str | os.PathLike[str],
    classes: Sequence[str],
    columns: dict[str, Sequence[float]],
    further_entries: Mapping[str, Any] | None = None,
) -> None:
    """Write values per class: JSON ``{"classes": [...], "<column>": [...]}``, or CSV with a header line.

    Args:
        path: The file to write or to replace; its suffix, ``.json`` or ``.csv``, defines the format.
        classes: Names of the C classes.
        columns: Name of each column and its C values.
        further_entries: Further entries of a JSON file; a CSV file does not contain them.

    Raises:
        ValueError: If the suffix is neither ``.json`` nor ``.csv``, or a column does not have C values.
        OSError: If the file cannot be written; an earlier file then does not change.

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
                f"classes. Got {len(values)} values instead."
            )
    with atomic_write(path) as file:
        if _suffix(path) == ".json":
            json.dump({"classes": list(classes), **columns, **(further_entries or {})}, file, indent=1)
        else:
            file.write(csv_line(["class", *columns]))
            file.writelines(map(csv_line, zip(classes, *columns.values())))


def read_named_values(path: str | os.PathLike[str], column: str, classes: Sequence[str]) -> list[float]:
    """Read one column of a file of ``write_named_values`` in the order of the given classes.

    The classes that the file does not name have its default, if it has one: the entry ``"default"`` of a JSON
    file, or the line of a CSV file whose class is ``default``. If a class has the name ``default``, this line
    is its value.

    Args:
        path: A ``.json`` or ``.csv`` file.
        column: Name of the column.
        classes: Names of the classes to read; the file may contain more classes.

    Returns:
        The value of each class.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If the file is malformed, or the column or a class is missing.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"The file of {column} values must exist. Got {str(path)!r} instead.")
    try:
        by_name = _read_json(path, column) if _suffix(path) == ".json" else _read_csv(path, column)
    except (csv.Error, UnicodeDecodeError) as error:
        raise ValueError(
            f"{path}: expected {_suffix(path)[1:].upper()} with values per class, found {error}."
        ) from error
    missing = [name for name in classes if name not in by_name]
    if missing and (DEFAULT not in by_name or DEFAULT in classes):
        raise ValueError(
            f"{path}: expected a {column} value for each of the {len(classes)} classes, found none for "
            f"{missing[0]!r}"
            + (f" and {len(missing) - 1} more" if len(missing) > 1 else "")
            + ". Classes are matched by name. The file may be that of another dataset. If it shall name only "
            f"some classes, add a {DEFAULT!r} for the others."
        )
    return [by_name.get(name, by_name.get(DEFAULT, math.nan)) for name in classes]


def _suffix(path: str | os.PathLike[str]) -> str:
    suffix = Path(path).suffix
    if suffix not in (".json", ".csv"):
        raise ValueError(f"The file of class values must end in .json or .csv. Got {str(path)!r} instead.")
    return suffix


def _number(value: Any, path: str | os.PathLike[str], name: str, column: str) -> float:
    try:
        number = float(value)
    except (OverflowError, TypeError, ValueError):
        number = math.nan
    if math.isnan(number):
        found = shown(value)
        raise ValueError(f"{path}: class {shown(name)}, field {column!r}: expected a number, found {found}.")
    return number


def _by_name(
    names: Iterable[str], values: Iterable[object], path: str | os.PathLike[str], column: str
) -> dict[str, float]:
    by_name: dict[str, float] = {}
    for name, value in zip(names, values):
        if not isinstance(name, str):
            raise ValueError(f"{path}: expected names of classes, found {shown(name)}.")
        if name in by_name:
            found = shown(name)
            raise ValueError(f"{path}: expected one {column} value for each class, found {found} twice.")
        by_name[name] = _number(value, path, name, column)
    return by_name


def _read_json(path: str | os.PathLike[str], column: str) -> dict[str, float]:
    content = parse_json(Path(path).read_bytes(), f"The file {path}")
    names, values = (content.get(key) if isinstance(content, dict) else None for key in ("classes", column))
    if not isinstance(names, list) or not isinstance(values, list) or len(names) != len(values):
        raise ValueError(f"{path}: expected the lists 'classes' and {column!r}, of equal length.")
    by_name = _by_name(names, values, path, column)
    if DEFAULT in content and DEFAULT not in by_name:
        by_name[DEFAULT] = _number(content[DEFAULT], path, DEFAULT, DEFAULT)
    return by_name


def _read_csv(path: str | os.PathLike[str], column: str) -> dict[str, float]:
    with open(path, encoding="utf-8-sig", newline="") as file:  # spreadsheets may write a byte order mark
        reader = csv.DictReader(file)
        header = list(reader.fieldnames or ())
        if header.count("class") != 1 or header.count(column) != 1:
            raise ValueError(
                f"{path}, line 1: expected the columns 'class' and {column!r} once, found {shown(header)}."
            )
        rows = list(reader)
    return _by_name([row["class"] for row in rows], [row[column] for row in rows], path, column)


def class_values(
    values: Sequence[float] | np.ndarray | Mapping[str, float] | str | os.PathLike[str],
    column: str,
    class_names: Sequence[str] | None,
    num_classes: int,
    caller: str,
    file_column: str | None = None,
) -> np.ndarray:
    """Convert values per class to an array in the class order of the dataset.

    Args:
        values: The values in class order, by class name, or a file of ``write_named_values``. A mapping or a
            file may contain more classes than the dataset, or only some classes and a ``"default"`` for the
            others.
        column: Name of the argument, for the messages, and of the column of the file.
        class_names: The class names of the dataset; None if it does not define them.
        num_classes: The number of classes C.
        caller: Name of the class whose argument the values are, for the messages.
        file_column: Name of the column of the file, if it is not that of the argument.

    Returns:
        The values, of shape (C,).

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If a class is missing, the number of values is not the number of classes, or a value is
            NaN.

    Example:
        >>> class_values({"dog": 7, "cat": 5}, "positives", ["cat", "dog"], 2, "PartialLabelAveragePrecision")
        array([5, 7])
        >>> class_values({"dog": 0.2, "default": 0.5}, "thresholds", ["cat", "dog"], 2, "PartialLabelMetric")
        array([0.5, 0.2])
    """
    if isinstance(values, (str, os.PathLike, Mapping)):
        if class_names is None:
            raise ValueError(
                f"The {column} of {caller} must be a list in class order if the dataset has no class names. "
                "Got values by class name instead. Set metainfo=dict(classes=[...]) of the dataset."
            )
        if isinstance(values, Mapping):
            missing = [name for name in class_names if name not in values]
            if missing and (DEFAULT not in values or DEFAULT in class_names):
                more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
                raise ValueError(
                    f"The {column} of {caller} must hold every class of the dataset. "
                    f"Got {len(values)} classes without {missing[0]!r}{more} instead. If it shall name only "
                    f"some classes, add a {DEFAULT!r} for the others."
                )
            values = [values.get(name, values.get(DEFAULT, math.nan)) for name in class_names]
        else:
            values = read_named_values(values, file_column or column, class_names)
    try:
        array = np.asarray(values)
    except ValueError:  # lists of different lengths
        array = np.asarray(shown(values))
    if array.shape != (num_classes,):
        raise ValueError(
            f"The {column} of {caller} must be one number for each of the {num_classes} classes. "
            f"Got the shape {array.shape} instead."
        )
    if array.dtype.kind not in "iuf" or np.isnan(array).any():
        raise ValueError(
            f"The {column} of {caller} must be numbers. Got "
            f"{'NaN' if array.dtype.kind == 'f' else array.tolist()} instead."
        )
    return array


def check_same_classes(first: str, expected: Sequence[str], other: str, found: Sequence[str]) -> None:
    """Raise unless two lists of class names are equal and in the same order.

    Args:
        first: Name of the owner of the expected class names, for the message.
        expected: The expected class names.
        other: Name of the owner of the other class names, for the message.
        found: The other class names.

    Raises:
        ValueError: If the lists differ; the message shows the first difference.

    Example:
        >>> check_same_classes("the checkpoint", ["cat", "dog"], "test_dataloader", ("cat", "dog"))
    """
    for index, (one, two) in enumerate(zip_longest(map(str, expected), map(str, found))):
        if one != two:
            raise ValueError(
                f"The classes of {other} must be those of {first}, in the same order. Got "
                f"{_class_at(index, two)}, where {first} has {_class_at(index, one)}, instead. Give both the "
                "same list, as metainfo=dict(classes=[...]) of the dataset or classes=[...] of the head."
            )


def _class_at(index: int, name: str | None) -> str:
    return f"no class {index}" if name is None else f"{name!r} as class {index}"
