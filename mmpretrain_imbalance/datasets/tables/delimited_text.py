"""Text tables with any delimiter and encoding, read in blocks."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from itertools import islice

import numpy as np
from rich.progress import open as open_with_progress

from ...utils.printable import PrintableConsole
from .cell_words import Cell
from .table_options import TableOptions
from .table_source import Block, TableSource, source_from_rows, table_error
from .text_encoding import DELIMITERS, recognize_delimiter, recognize_encoding

_ROWS = 1024  # rows per block, few enough for the cache of the processor
_MAX_LINES = 100  # a row with more lines follows an open quote


def open_delimited_text(path: str, options: TableOptions, progress: bool) -> TableSource:
    """Recognize encoding, delimiter and header of a text table.

    Args:
        path: The file.
        options: The options.
        progress: Whether to show a progress bar.

    Returns:
        The table.

    Raises:
        ValueError: If the file is not such a table.
    """
    encoding, encoding_name = recognize_encoding(path, options.encoding)
    start = _start(path, encoding)
    skipped, delimiter = 0, options.delimiter_character
    first_line = start.split("\n", 1)[0].strip().strip('"').lower()
    if first_line.startswith("sep=") and len(first_line) in (4, 5):  # a line for Excel
        skipped, start = 1, start.split("\n", 1)[1] if "\n" in start else ""
        delimiter = delimiter or (first_line[4:] or "\t")
    guessed = delimiter is None
    if delimiter is None:
        delimiter = recognize_delimiter(start)
    if delimiter is None:
        raise table_error(
            path,
            f"text in {encoding_name}",
            "several columns, separated by comma, semicolon, tab or pipe",
            f"the first line {start.strip().split(chr(10))[0][:80]!r}",
            "Name the character between the cells with --delimiter.",
        )
    name = DELIMITERS.get(delimiter, "space" if delimiter == " " else repr(delimiter))

    def blocks() -> Iterator[Block]:
        return _read_blocks(path, encoding, encoding_name, delimiter or ",", skipped, progress)

    kind = "TSV" if delimiter == "\t" else "CSV"
    source = source_from_rows(
        path,
        kind,
        {"encoding": encoding_name, "delimiter": name},
        blocks,
        options,
        pads_rows=False,
        complete_last_row=_ends_with_line_break(path),
    )
    if guessed and delimiter != ",":
        source.guesses.append((f"the cells are separated by {name}", "--delimiter"))
    if encoding_name.endswith("Latin-1)") or encoding == "latin-1":
        source.guesses.append((f"the text is in {encoding_name}, because it is not in UTF-8", "--encoding"))
    return source


def _start(path: str, encoding: str) -> str:
    with open(path, encoding=encoding, newline="") as file:
        text = file.read(2**16)
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        if len(lines) > 2 and file.read(1):  # the last line may be incomplete
            lines.pop()
    return "\n".join(lines[:200])


def _read_blocks(
    path: str, encoding: str, encoding_name: str, delimiter: str, skipped: int, progress: bool
) -> Iterator[Block]:
    with open_with_progress(
        path,
        "rb",
        description=os.path.basename(path),
        disable=not progress,
        transient=True,
        console=PrintableConsole(stderr=True),
    ) as binary:
        text = io.TextIOWrapper(binary, encoding=encoding, newline="")
        for _ in range(skipped):
            text.readline()
        reader = csv.reader(text, delimiter=delimiter, skipinitialspace=delimiter != "\t")
        end = start = skipped
        try:
            while rows := list(islice(reader, _ROWS)):
                end = reader.line_num + skipped
                numbers = _row_numbers(rows, start, end)
                longest = int(np.diff(numbers, append=end + 1).max())
                if longest > _MAX_LINES:
                    row = int(numbers[int(np.diff(numbers, append=end + 1).argmax())])
                    raise _quote_error(path, encoding_name, f"a cell with {longest} lines in row {row}")
                yield numbers, rows  # type: ignore[misc]
                start = end
        except csv.Error as error:
            raise _quote_error(path, encoding_name, f"an error after row {start}: {error}") from None


def _row_numbers(rows: list[list[str]], start: int, end: int) -> np.ndarray:
    if end - start == len(rows):
        return np.arange(start + 1, end + 1)
    # Cells with line breaks: a row has one line more than its cells have line breaks.
    lines = np.array([1 + sum(map(_line_breaks, row)) for row in rows])
    return start + 1 + np.cumsum(lines) - lines


def _line_breaks(cell: Cell) -> int:
    if "\n" not in cell and "\r" not in cell:
        return 0
    return str(cell).replace("\r\n", "\n").replace("\r", "\n").count("\n")


def _quote_error(path: str, encoding_name: str, found: str) -> ValueError:
    return table_error(
        path,
        f"text in {encoding_name}",
        "rows of cells",
        found,
        "Close the quotes of that row, or remove a quote that stands alone.",
    )


def _ends_with_line_break(path: str) -> bool:
    with open(path, "rb") as file:
        file.seek(max(0, os.path.getsize(path) - 4))
        return bool(set(file.read()) & {10, 13})
