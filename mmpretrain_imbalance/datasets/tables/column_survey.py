"""Counts of the values of every column, from a first pass over the table."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from .cell_words import Cell, CellWords, number_of
from .image_names import has_image_ending
from .table_source import TableSource

_MAX_VALUES = 1000  # different values of a column that are counted
_SAMPLE = 5000, 2_000_000  # rows whose cells are kept, and cells of all columns together
_INDEX = re.compile(
    r"(column \d+|unnamed: \d+|__index_level_\d+__|(.*[_ -])?(index|id|no\.?|nr\.?|number|row)|#)$",
    re.IGNORECASE,
)
_DATE = re.compile(r"\d{1,4}([-/.])\d{1,2}\1\d{1,4}([ T]\d{1,2}:\d{2}.*)?$")


@dataclass
class ColumnSurvey:
    """Values of one column.

    Args:
        name: Name of the column.
        counts: Number of cells of each value, as long as the column has few different values.
        first_rows: First row of each counted value.
        sample: Cells of the first rows.
        sample_size: Number of rows whose cells are kept.
        has_many: Whether the column has too many different values to be counted.
    """

    name: str
    counts: Counter[Cell] = field(default_factory=Counter)
    first_rows: dict[Cell, int] = field(default_factory=dict)
    sample: list[Cell] = field(default_factory=list)
    sample_size: int = _SAMPLE[0]
    has_many: bool = False

    def add(self, numbers: np.ndarray, cells: Sequence[Cell]) -> None:
        """Count the cells of consecutive rows."""
        self.sample.extend(cells[: max(0, self.sample_size - len(self.sample))])
        if self.has_many:
            return
        new = set(cells) - self.counts.keys()
        self.has_many = len(new) + len(self.counts) > _MAX_VALUES
        if not self.has_many:
            for cell in new:
                self.first_rows[cell] = int(numbers[cells.index(cell)])
            self.counts.update(cells)

    @property
    def filled(self) -> list[Cell]:
        """Cells of the sample that are not blank."""
        return [cell for cell in self.sample if not isinstance(cell, str) or cell.strip()]

    @property
    def is_blank(self) -> bool:
        """Whether all cells are blank."""
        return not self.has_many and all(isinstance(cell, str) and not cell.strip() for cell in self.counts)

    @property
    def has_lists(self) -> bool:
        """Whether cells are lists, as formats other than text have them."""
        return any(isinstance(cell, tuple) for cell in self.sample)

    @property
    def image_fraction(self) -> float:
        """Fraction of the filled cells that end like the name of an image file."""
        filled = self.filled
        return sum(map(has_image_ending, filled)) / max(1, len(filled))

    @property
    def repeats(self) -> bool:
        """Whether a filled cell of the sample occurs twice."""
        filled = self.filled
        return len(set(filled)) < len(filled)

    def numbers(self) -> list[float] | None:
        """Numbers of the filled cells, or ``None`` if a filled cell is no number."""
        found = [number_of(cell) if isinstance(cell, str) else None for cell in set(self.filled)]
        return None if None in found else [number for number in found if number is not None]

    def judge(self, words: CellWords) -> Judgment:
        """Compare the values with the words for labels.

        Args:
            words: The words.

        Returns:
            Whether the column holds labels, with the odd values or the reason why it does not.
        """
        if self.has_many or self.has_lists:
            return Judgment("other", reason=self._kind())
        meanings = {cell: words.meaning(cell) for cell in self.counts}
        if self.is_blank:
            return Judgment("blank", meanings, reason="all cells are blank")
        odd = [
            cell
            for cell, label in meanings.items()
            if label is None or words.is_unclear_cross(cell, meanings)
        ]
        if odd:
            odd += [cell for cell in meanings if words.is_weak(cell)]
        known = [cell for cell, label in meanings.items() if label in (0, 1) and cell not in odd]
        num_odd, num_known = (
            sum(self.counts[cell] for cell in cells if str(cell).strip()) for cells in (odd, known)
        )
        if not odd:
            if num_known:
                return Judgment("labels", meanings)
            return Judgment("blank", meanings, reason="no cell is positive or negative")
        few_words = len(set(odd)) <= 3 and self.numbers() is None and num_known >= 0.1 * num_odd
        if (num_known >= num_odd or few_words) and not self._has_row_numbers():
            return Judgment("mixed", meanings, odd, self._kind())
        return Judgment("other", meanings, odd, self._kind())

    def _has_row_numbers(self) -> bool:
        """Return whether the cells are different numbers, such as those of an index with 0 and 1."""
        enough = 2 if _INDEX.match(self.name) else 10
        return self.numbers() is not None and not self.repeats and len(self.filled) >= enough

    def _kind(self) -> str:
        """Describe values that are not labels."""
        filled, numbers = self.filled, self.numbers()
        if self.has_lists:
            return "lists"
        if self.image_fraction > 0.5:
            return "names of image files"
        different = len(set(filled)) == len(filled)
        if numbers is not None and numbers:
            low, high = min(numbers), max(numbers)
            if low >= 0 and high <= 1:
                return f"numbers between 0 and 1, such as {_example(filled)}: probabilities are no labels"
            text = f"numbers from {low:g} to {high:g}"
            return f"{text}, all different" if different and len(filled) > 2 else text
        if all(isinstance(cell, str) and _DATE.match(cell.strip()) for cell in filled):
            return f"dates, such as {_example(filled)}"
        number = len(set(filled))
        few = {cell: n for cell, n in self.counts.most_common(4) if str(cell).strip()}
        if not self.has_many and number <= 4:
            return "text: " + ", ".join(f"{str(cell)[:30]} ({n:,})" for cell, n in few.items())
        if self.has_many:
            return f"text with more than {_MAX_VALUES:,} different values"
        return f"text with {sum(bool(str(cell).strip()) for cell in self.counts):,} different values"


@dataclass
class Judgment:
    """Whether a column holds labels.

    Args:
        kind: ``'labels'``, ``'mixed'`` (labels and other values), ``'blank'`` or ``'other'``.
        meanings: Label of each value, ``None`` for odd ones.
        odd: Values that are no words for labels.
        reason: Description of the values of other columns.
    """

    kind: str
    meanings: dict[Cell, int | None] = field(default_factory=dict)
    odd: list[Cell] = field(default_factory=list)
    reason: str = ""


def survey_columns(source: TableSource) -> tuple[list[ColumnSurvey], int]:
    """Count the values of all columns.

    Args:
        source: The table.

    Returns:
        The columns, and the number of rows.

    Raises:
        ValueError: If a row is wrong, or there is none.
    """
    sample_size = min(_SAMPLE[0], max(100, _SAMPLE[1] // len(source.header)))
    columns = [ColumnSurvey(name, sample_size=sample_size) for name in source.header]
    num_rows = 0
    for chunk in source.read():
        num_rows += len(chunk.numbers)
        for column, cells in zip(columns, chunk.columns):
            column.add(chunk.numbers, cells)
    if not num_rows:
        raise source.error("one row per image", "no rows", "Add the rows.")
    return columns, num_rows


def _example(cells: Sequence[Cell]) -> str:
    fractional = [cell for cell in cells if number_of(str(cell)) not in (0, 1)]
    return str((fractional or list(cells))[0]).strip()[:30]
