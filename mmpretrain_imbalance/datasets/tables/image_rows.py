"""Names, row numbers and groups of the images of a table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .description import TableDescription, counted
from .image_names import name_of_address, with_slashes
from .table_layout import TableLayout
from .table_source import Chunk, TableSource


class ImageRows:
    """Names, row numbers and groups of the images that are read.

    Args:
        source: The table.
        layout: Roles of its columns.
        keep_upload_prefix: See :class:`TableOptions`.
    """

    def __init__(self, source: TableSource, layout: TableLayout, keep_upload_prefix: bool) -> None:
        self.source, self.layout, self.keep_upload_prefix = source, layout, keep_upload_prefix
        self._numbers: list[np.ndarray] = []
        self._groups: list[str] = []
        self._shared: dict[str, str] = {}

    def add(self, chunk: Chunk) -> list[str]:
        """Note numbers and groups of a chunk, and return the names of its images."""
        self._numbers.append(chunk.numbers)
        if self.layout.group is not None:
            for cell in chunk.columns[self.layout.group]:
                text = str(cell).strip()
                self._groups.append(self._shared.setdefault(text, text))
        return self.names(chunk)

    def names(self, chunk: Chunk) -> list[str]:
        """Return the names of the images of a chunk."""
        cells = chunk.columns[self.layout.image]
        names = [self._name(cell) if isinstance(cell, str) else "" for cell in cells]
        if "" in names:
            raise self.source.error(
                f"the name of an image in every cell of the column {self.source.header[self.layout.image]!r}",
                f"a blank cell in row {chunk.numbers[names.index('')]}",
                "Fill it, or delete the row.",
            )
        return names

    def _name(self, cell: str) -> str:
        if cell.startswith("/data/"):  # in CSV exports of Label Studio
            return name_of_address(cell, self.keep_upload_prefix)
        return with_slashes(cell)

    def replace(self, numbers: Sequence[int], groups: list[str]) -> None:
        """Set the numbers and groups of joined rows."""
        self._numbers = [np.array(numbers, dtype=np.int64)]
        self._groups = groups if self.layout.group is not None else []

    def numbers(self) -> np.ndarray:
        """Return the numbers of all rows."""
        return np.concatenate([np.empty(0, dtype=np.int64), *self._numbers])

    def groups(self, description: TableDescription) -> list[str] | None:
        """Return the groups of all rows; a row with a blank group is a group of its own."""
        if self.layout.group is None:
            return None
        blank = [row for row, group in enumerate(self._groups) if not group]
        if blank:
            numbers = self.numbers()
            name = self.source.header[self.layout.group]
            description.notes.append(
                f"{counted(len(blank), 'image')} with a blank '{name}', first row {numbers[blank[0]]}: each "
                "is a group of its own"
            )
            for row in blank:
                self._groups[row] = f"row {numbers[row]}"
        return self._groups
