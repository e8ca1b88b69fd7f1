"""A table as a header and chunks of columns, whatever file it comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np

from ...utils.printable import printable
from .cell_words import Cell, CellWords, fold, number_of
from .image_names import IMAGE_COLUMN, KEY_COLUMN, has_image_ending
from .table_options import TableOptions

#: Numbers of rows in the file, and their cells.
Block = tuple[np.ndarray, "list[Sequence[Cell]]"]


@dataclass
class Chunk:
    """Consecutive rows of a table, column by column.

    Args:
        numbers: Number of each row in the file, counted from 1, of shape (R,).
        columns: Cells of each column, R of them.
    """

    numbers: np.ndarray
    columns: list[Sequence[Cell]]


@dataclass
class TableSource:
    """A table that can be read several times in chunks.

    Args:
        path: The file or folder.
        format: Name of the format, for messages.
        header: Names of the columns, all different.
        read: Function that returns an iterator over the rows after the header.
        details: Encoding, delimiter and sheet, where the format has them.
        class_names: All class names of a list column, by the name of the column, where the format has them.
        guesses: What was guessed, and the option that overrules it.
        notes: Further messages.
        unreadable: Reasons why columns cannot be the image column, by name.
    """

    path: str
    format: str
    header: list[str]
    read: Callable[[], Iterator[Chunk]]
    details: dict[str, str] = field(default_factory=dict)
    class_names: dict[str, list[str]] = field(default_factory=dict)
    guesses: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)

    def error(self, expected: str, found: str, remedy: str) -> ValueError:
        """Return an error that describes the table.

        Args:
            expected: What the table must have, as it continues "must have ...".
            found: What was found instead.
            remedy: The option or change that settles it, as a sentence.
        """
        return table_error(self.path, self.seen, expected, found, remedy)

    @cached_property
    def positions(self) -> dict[str, int]:
        """Position of each column by its name."""
        return {name: position for position, name in enumerate(self.header)}

    @cached_property
    def folded_positions(self) -> dict[str, list[int]]:
        """Positions of the columns by their names without regard to upper case and spaces."""
        positions: dict[str, list[int]] = {}
        for position, name in enumerate(self.header):
            positions.setdefault(fold(name), []).append(position)
        return positions

    @property
    def seen(self) -> str:
        """Format, details and columns, for messages."""
        return describe_seen(self.format, self.details, self.header)


def describe_seen(table_format: str, details: dict[str, str], header: Sequence[str]) -> str:
    """Return a short description of what was seen of a table.

    Example:
        >>> describe_seen('CSV', {'delimiter': "';'"}, ['image', 'cat'])
        "CSV, delimiter ';', 2 columns: image, cat"
    """
    parts = [table_format, *(f"{name} {value}" for name, value in details.items())]
    if header:
        shown = ", ".join(name[:30] for name in header[:6]) + (", ..." if len(header) > 6 else "")
        parts.append(f"{len(header)} column{'s' if len(header) > 1 else ''}: {shown}")
    return ", ".join(parts)


def table_error(path: str, seen: str, expected: str, found: str, remedy: str) -> ValueError:
    """Return the error of a table that cannot be read, in the wording of this package."""
    found, remedy = (" ".join(text.split()) for text in (found, remedy))
    found = found if len(found) <= 400 else f"{found[:400]} ..."
    return ValueError(
        printable(f"The table {path} ({seen}) must have {expected}. Got {found} instead. {remedy}")
    )


def source_from_rows(
    path: str,
    table_format: str,
    details: dict[str, str],
    blocks: Callable[[], Iterator[Block]],
    options: TableOptions,
    *,
    pads_rows: bool,
    complete_last_row: bool = True,
) -> TableSource:
    """Find the header of a table of rows.

    Args:
        path: The file.
        table_format: Name of the format.
        details: Encoding, delimiter and sheet.
        blocks: Function that returns an iterator over all rows, with their numbers.
        options: The options.
        pads_rows: Whether the format leaves out blank cells at the end of a row.
        complete_last_row: Whether the file ends with a line break.

    Returns:
        The table.

    Raises:
        ValueError: If the table has no header, or another row looks like the header.
    """
    first = list(islice(_nonblank_rows(blocks()), 12))
    number, cells, following = _find_header(path, describe_seen(table_format, details, []), first, options)
    header = _column_names(cells)
    if number > 1 or options.header_row == 0:
        details = {**details, "header row": str(number) if number else "none"}
    seen = describe_seen(table_format, details, header)
    if not following:
        raise table_error(path, seen, "one row per image", "only a header", "Add the rows.")
    if options.header_row is None:
        _check_header(path, seen, number, header, cells, following)
    ragged = _RaggedRows(path, seen, len(header), pads_rows or options.fill_short_rows, complete_last_row)

    def read() -> Iterator[Chunk]:
        for numbers, rows in blocks():
            chunk = ragged.chunk(numbers, rows, number)
            if chunk is not None:
                yield chunk

    return TableSource(path, table_format, header, read, details)


def _nonblank_rows(blocks: Iterable[Block]) -> Iterator[tuple[int, Sequence[Cell]]]:
    for numbers, rows in blocks:
        for number, row in zip(numbers.tolist(), rows):
            if any(map(_is_filled, row)):
                yield number, row


def _is_filled(cell: Cell) -> bool:
    return bool(cell.strip()) if isinstance(cell, str) else True


def _find_header(
    path: str, seen: str, first: list[tuple[int, Sequence[Cell]]], options: TableOptions
) -> tuple[int, list[str], list[tuple[int, Sequence[Cell]]]]:
    """Return number and cells of the header, and some rows after it with their numbers."""
    if not first:
        raise table_error(path, seen, "a header and one row per image", "no cells", "Fill the table.")
    if options.header_row == 0:
        return 0, [""] * max(len(row) for _, row in first), first
    for index, (number, cells) in enumerate(first):
        if options.header_row in (None, number):
            texts = ["" if isinstance(cell, tuple) else cell.strip() for cell in cells]
            while not texts[-1]:
                texts.pop()
            return number, texts, first[index + 1 :]
    raise table_error(
        path,
        seen,
        "names of columns in row " + str(options.header_row),
        "filled rows " + ", ".join(str(number) for number, _ in first[:6]),
        "Name one of them with --header-row.",
    )


def _column_names(cells: Sequence[str]) -> list[str]:
    names: dict[str, None] = {}
    for position, cell in enumerate(cells, 1):
        text = " ".join(cell.split())  # line breaks within a cell of a spreadsheet
        if not text:
            text = f"column {position}"
        names.setdefault(text if text not in names else f"{text} (column {position})")
    return list(names)


def _check_header(
    path: str,
    seen: str,
    number: int,
    header: list[str],
    cells: list[str],
    rows: list[tuple[int, Sequence[Cell]]],
) -> None:
    words = CellWords(TableOptions())
    labels = sum(bool(cell) and words.meaning(cell) is not None for cell in cells)
    named = any(IMAGE_COLUMN.search(cell) or KEY_COLUMN.search(cell) for cell in cells)
    if sum(map(has_image_ending, cells)) > 2:
        raise table_error(
            path,
            seen,
            "one row per image",
            f"names of images in row {number}: {', '.join(cells[:6])!r}",
            "If each column is an image, swap rows and columns: in a spreadsheet program, copy the cells and "
            "paste them with 'Transpose'.",
        )
    if any(map(has_image_ending, cells)) or (len(cells) > 1 and labels >= len(cells) - 1 and not named):
        raise table_error(
            path,
            seen,
            f"names of columns in row {number}",
            f"the cells {', '.join(cells[:6])!r}",
            "Say --header-row 0 if no row names the columns.",
        )
    next_number, next_cells = rows[0]
    names = ", ".join(str(cell).strip() for cell in next_cells if _is_filled(cell))
    gaps = sum(not cell for cell in cells) + len(cells) - len(set(cells))
    last = max(position for position, cell in enumerate(next_cells, 1) if _is_filled(cell))
    if _are_names(next_cells) and (gaps or len(cells) < last):
        raise table_error(
            path,
            seen,
            "one row with the names of the columns",
            f"names also in row {next_number}, after row {number}: {names!r:.100}",
            f"Say --header-row {next_number} if that row names the classes, or --header-row {number}.",
        )


def _are_names(cells: Sequence[Cell]) -> bool:
    """Return whether the filled cells of a row are several different texts, and no images or labels."""
    words = CellWords(TableOptions())
    filled = [cell for cell in cells if _is_filled(cell)]
    texts = [cell for cell in filled if isinstance(cell, str) and not has_image_ending(cell)]
    return len(texts) == len(filled) == len(set(texts)) > 1 and not any(
        words.meaning(text) is not None or number_of(text) is not None for text in texts
    )


class _RaggedRows:
    """Converter of rows to columns, which checks the numbers of cells."""

    def __init__(self, path: str, seen: str, width: int, pads: bool, complete_last_row: bool) -> None:
        self.path, self.seen, self.width, self.pads = path, seen, width, pads
        self.complete_last_row = complete_last_row

    def chunk(self, numbers: np.ndarray, rows: list[Sequence[Cell]], header: int) -> Chunk | None:
        filled = np.fromiter(map(any, rows), dtype=bool, count=len(rows)) & (numbers > header)
        if not filled.all():
            rows, numbers = [row for row, is_filled in zip(rows, filled) if is_filled], numbers[filled]
        if not rows:
            return None
        if set(map(len, rows)) != {self.width}:
            rows = [self._fixed(number, row) for number, row in zip(numbers.tolist(), rows)]
        return Chunk(numbers, list(zip(*rows)))

    def _fixed(self, number: int, row: Sequence[Cell]) -> Sequence[Cell]:
        missing = self.width - len(row)
        if missing < 0 and not any(map(_is_filled, row[self.width :])):
            return row[: self.width]
        if missing > 0 and self.pads:
            return [*row, *[""] * missing]
        if missing == 0:
            return row
        cut = "" if self.complete_last_row else " (Was the file cut off in its last row?)"
        remedy = (
            f"Correct the row, or say --fill-short-rows if its last cells are blank.{cut}"
            if missing > 0
            else f"Say --header-row {number} if row {number} names the columns."
            if _are_names(row)
            else "Correct the row, or put quotes around cells that contain the delimiter."
        )
        cells: Any = f"{len(row)} cell{'s' if len(row) > 1 else ''} in row {number}"
        raise table_error(
            self.path,
            self.seen,
            f"{self.width} cell{'s' if self.width > 1 else ''} in every row",
            cells,
            remedy,
        )
