"""Labels of tables with one column that lists the positive classes of an image."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from .cell_words import Cell, fold
from .column_survey import ColumnSurvey
from .description import TableDescription
from .list_cells import find_separator, parse_list
from .row_labels import RowLabels
from .table_layout import TableLayout
from .table_options import TableOptions
from .table_source import Chunk, TableSource


def read_list_column(
    source: TableSource,
    columns: Sequence[ColumnSurvey],
    layout: TableLayout,
    options: TableOptions,
    description: TableDescription,
    on_rows: Callable[[Chunk], list[str]],
) -> tuple[RowLabels, np.ndarray]:
    """Read the labels.

    Args:
        source: The table.
        columns: Values of the columns.
        layout: Roles of the columns.
        options: The options.
        description: Description to which guesses are added.
        on_rows: Function that is called with each chunk, and returns the names of its images.

    Returns:
        The labels, one row per row of the table, and the rows whose classes that are not listed have the
        other label than the default: unknown instead of negative, or negative instead of unknown.

    Raises:
        ValueError: If an image has a class in both lists.
    """
    position = layout.names or 0
    reader = _ListReader(columns[position], options, description)
    negatives = layout.negatives
    negative_reader = None if negatives is None else _ListReader(columns[negatives], options, description)
    negative_default = options.not_listed == "negative"
    labels = RowLabels(source.class_names.get(source.header[position], ()), 0 if negative_default else -1)
    unknown_rows: list[int] = []
    start = num_blank = 0
    all_negative: list[int] = []
    for chunk in source.read():
        names = on_rows(chunk)
        elements: list[tuple[int, int, int]] = []
        for row, cell in enumerate(chunk.columns[position]):
            entries = reader.entries(cell)
            listed = {labels.class_index(name): 1 for name in entries or ()}
            if negative_reader is not None and negatives is not None:
                for name in negative_reader.entries(chunk.columns[negatives][row]) or ():
                    if listed.setdefault(labels.class_index(name), 0):
                        raise source.error(
                            "each class in one list",
                            f"{name!r} in both of row {chunk.numbers[row]}",
                            "Correct it.",
                        )
            elements += [(row, index, value) for index, value in listed.items()]
            if entries is None:
                num_blank += 1
                if options.blank == "negative":
                    all_negative.append(start + row)
                elif not listed:
                    unknown_rows.append(start + row)
            elif reader.says_nothing(cell):
                all_negative.append(start + row)
        array = np.array(elements, dtype=np.int64).reshape(-1, 3)
        labels.add(names, array[:, 0], array[:, 1], array[:, 2])
        start += len(names)
    _describe_guesses(options, description, num_blank, layout)
    return labels, np.array(unknown_rows if negative_default else all_negative, dtype=np.int64)


class _ListReader:
    """Parser of the cells of a column, which remembers the cells it has seen."""

    def __init__(self, column: ColumnSurvey, options: TableOptions, description: TableDescription) -> None:
        self.separator = options.list_separator
        if self.separator is None:
            self.separator = find_separator([*column.filled, *column.counts])
            if self.separator is not None:
                text = {" ": "a space", "\n": "a line break"}.get(self.separator, f"'{self.separator}'")
                description.guess(
                    f"the entries of '{column.name}' are separated by {text}", "--list-separator"
                )
        self.nothing = frozenset(map(fold, options.nothing))
        self._seen: dict[Cell, tuple[str, ...] | None] = {}

    def entries(self, cell: Cell) -> tuple[str, ...] | None:
        """Return the classes that a cell lists, or ``None`` if it is blank."""
        if cell not in self._seen:
            entries = parse_list(cell, self.separator)
            if entries is not None:
                entries = tuple(entry for entry in entries if fold(entry) not in self.nothing)
            if len(self._seen) > 100_000:
                self._seen.clear()
            self._seen[cell] = entries
        return self._seen[cell]

    def says_nothing(self, cell: Cell) -> bool:
        """Return whether a cell says that the image shows no class."""
        if not self.nothing:
            return False
        entries = parse_list(cell, self.separator) or ()
        return bool(entries) and all(fold(entry) in self.nothing for entry in entries)


def _describe_guesses(
    options: TableOptions, description: TableDescription, num_blank: int, layout: TableLayout
) -> None:
    if options.not_listed is None and layout.negatives is None:
        description.guess(
            "classes that an image does not list are unknown, so that no label is negative",
            "--not-listed negative",
        )
    if num_blank and options.blank is None:
        description.guess(
            f"images with a blank list ({num_blank:,}) were not checked: all of their classes are unknown",
            "--blank negative",
        )
