"""Reading of JSON, text and CSV files, with errors that name the file."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

from ...utils.found_values import first_repeated, shown
from ...utils.json_content import parse_json
from .errors import read_annotation_bytes


class RepeatedKeys(dict[str, Any]):
    """JSON object with a repeated key; ``json`` itself would silently keep only the last value.

    Args:
        pairs: Keys and values in the order of the file.

    Attributes:
        repeated: The first key that is repeated.
        certain: The values of the keys that are given once.
    """

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        counts = Counter(key for key, _ in pairs)
        self.repeated = cast(str, first_repeated(key for key, _ in pairs))
        self.certain = {key: value for key, value in pairs if counts[key] == 1}


def read_json(path: str) -> Any:
    """Read a JSON file.

    Args:
        path: A path or URL.

    Returns:
        The content. Nested objects that repeat a key are returned as ``RepeatedKeys``.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is empty, truncated, not JSON, nested too deeply or not in UTF-8, or its
            outermost object repeats a key.
    """
    content = parse_json(read_annotation_bytes(path), f"The annotation file {path}", _object)
    reject_repeated_keys(content, path)
    return content


def reject_repeated_keys(item: Any, path: str) -> None:
    """Raise if a JSON object repeats a key.

    Args:
        item: Any value of the file.
        path: The file, for error messages.

    Raises:
        ValueError: If the item is a ``RepeatedKeys``.
    """
    if isinstance(item, RepeatedKeys):
        raise ValueError(
            f"The annotation file {path} must name each key once. Got {shown(item.repeated)} twice instead."
        )


@contextmanager
def open_text(path: str) -> Iterator[TextIO]:
    """Open a text file in UTF-8, with or without a byte-order mark.

    Args:
        path: The file.

    Yields:
        The open file.

    Raises:
        ValueError: If bytes that are not UTF-8 are read.
    """
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            yield file
    except UnicodeDecodeError as error:
        raise ValueError(
            f"The annotation file {path} must be text in UTF-8. Got other bytes instead: {error}."
        ) from None


def csv_rows(lines: Iterable[str], path: str, delimiter: str = ",") -> Iterator[tuple[int, list[str]]]:
    """Split the lines of a CSV file into cells.

    Args:
        lines: The lines, with their line ends.
        path: The file, for error messages.
        delimiter: The character between two cells.

    Yields:
        Number of each line, and its cells without leading spaces; an empty list for an empty line.

    Raises:
        ValueError: If a line has a NUL byte, or a cell has a line break or is far too long. Such a cell
            follows an open quote and may contain the rows of many images.
    """
    reader, number = csv.reader(_without_nul(lines, path), delimiter=delimiter, skipinitialspace=True), 1
    try:
        for cells in reader:
            # A quote that is open in the last line of the file adds only the line break of that line.
            if reader.line_num > number or (cells and cells[-1].endswith(("\n", "\r"))):
                raise ValueError(
                    f"The row of line {number} in {path} must end in the same line. Got a cell with a line "
                    f"break, up to line {reader.line_num}, instead. (Is a closing quote missing?)"
                )
            yield number, cells
            number += 1
    except csv.Error as error:
        raise ValueError(
            f"The annotation file {path} must be CSV. Got an error in the row of line {number} instead: "
            f"{error}. (Is a closing quote missing?)"
        ) from None


def _without_nul(lines: Iterable[str], path: str) -> Iterator[str]:
    for number, line in enumerate(lines, 1):
        if "\0" in line:
            raise ValueError(
                f"The annotation file {path} must be text. Got a NUL byte in line {number} instead: the file "
                "is damaged, or not in UTF-8."
            )
        yield line


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    item = dict(pairs)
    return item if len(item) == len(pairs) else RepeatedKeys(pairs)
