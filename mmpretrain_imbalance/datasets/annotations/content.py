"""The content of annotation files, JSON, text or CSV, with errors that name the file."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from .errors import read_annotation_bytes


class RepeatedKeys(dict):
    """An object of a JSON file that has a key more than once: ``json`` keeps the last and drops the others.

    Args:
        pairs: Keys and values as the file has them.
    """

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        keys = [key for key, _ in pairs]
        self.repeated = next(key for place, key in enumerate(keys) if key in keys[:place])


def read_json(path: str) -> Any:
    """Read a JSON file.

    Args:
        path: A path or URL.

    Returns:
        Its content; an object that repeats a key is a :class:`RepeatedKeys`, the outermost one never.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is empty, truncated, no JSON or not in UTF-8, or repeats a key of its outermost
            object.
    """
    try:
        content = json.loads(read_annotation_bytes(path), object_pairs_hook=_object)
    except UnicodeDecodeError as error:
        raise ValueError(
            f"The annotation file {path} must be JSON in UTF-8. Got other bytes instead: {error}."
        ) from None
    except json.JSONDecodeError as error:
        raise ValueError(
            f"The annotation file {path} must be complete JSON. Got an error at line {error.lineno}, column "
            f"{error.colno} instead: {error.msg}. The file may be truncated."
        ) from None
    refuse_repeated_keys(content, path)
    return content


def refuse_repeated_keys(item: Any, path: str) -> None:
    """Refuse an object of a JSON file that has a key more than once.

    Args:
        item: The object, or anything else.
        path: The file.

    Raises:
        ValueError: If it is a :class:`RepeatedKeys`.
    """
    if isinstance(item, RepeatedKeys):
        raise ValueError(f"The annotation file {path} must name each key once. Got {item.repeated!r} twice.")


@contextmanager
def open_text(path: str) -> Iterator[TextIO]:
    """Open a text file in UTF-8, with or without a byte-order mark.

    Args:
        path: The file.

    Yields:
        The file.

    Raises:
        ValueError: If other bytes come while it is read.
    """
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            yield file
    except UnicodeDecodeError as error:
        raise ValueError(
            f"The annotation file {path} must be text in UTF-8. Got other bytes instead: {error}."
        ) from None


def csv_rows(lines: Iterable[str], path: str) -> Iterator[tuple[int, list[str]]]:
    """Cut the lines of a CSV file into cells.

    Args:
        lines: The lines, with their ends.
        path: The file, for errors.

    Yields:
        Number of each line, and its cells, without spaces in front; none for an empty line.

    Raises:
        ValueError: If a line holds a NUL byte, or a cell has a line break or is far too long, as after a
            quote that is left open. Nobody knows how many images such a cell has swallowed.
    """
    reader, number = csv.reader(_without_nul(lines, path), skipinitialspace=True), 1
    try:
        for cells in reader:
            # Only a quote that is open at the end of the file takes in the break of its own line alone.
            if reader.line_num > number or (cells and cells[-1].endswith(("\n", "\r"))):
                raise ValueError(
                    f"The row of line {number} in {path} must end with its line. Got a cell with a line "
                    f"break, up to line {reader.line_num}, instead. (Is a quote left open?)"
                )
            yield number, cells
            number += 1
    except csv.Error as error:
        raise ValueError(
            f"The annotation file {path} must be CSV. Got an error in the row of line {number} instead: "
            f"{error}. (Is a quote left open?)"
        ) from None


def _without_nul(lines: Iterable[str], path: str) -> Iterator[str]:
    for number, line in enumerate(lines, 1):
        if "\0" in line:
            raise ValueError(
                f"The annotation file {path} must be text. Got a NUL byte in line {number} instead: it is "
                "damaged, or not in UTF-8."
            )
        yield line


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    item = dict(pairs)
    return item if len(item) == len(pairs) else RepeatedKeys(pairs)
