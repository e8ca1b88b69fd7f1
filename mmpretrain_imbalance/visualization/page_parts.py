"""Content of tables and bars on the report pages, as plain values; templates write the HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from .series import Series


@dataclass(frozen=True)
class Cell:
    """Cell of a table.

    Attributes:
        text: The text.
        sort: Value by which the rows are sorted; by default the text. An empty string sorts last.
        note: Small text after the text.
        is_best: Whether the text is bold.
        mark: Key of the palette of a colored mark before the text, or an empty string.
        title: Tooltip.
    """

    text: str
    sort: float | str | None = None
    note: str = ""
    is_best: bool = False
    mark: str = ""
    title: str = ""


@dataclass(frozen=True)
class Column:
    """Head of a column of a table.

    Attributes:
        title: The text.
        series: Series whose symbol stands before the text; None for no symbol.
    """

    title: str
    series: Series | None = None


@dataclass(frozen=True)
class PageTable:
    """Table of a page. Its first column stays in view when the others are scrolled.

    Attributes:
        columns: Heads of the columns.
        rows: Rows of cells; the first cell of a row is its head.
        caption: Text above the table.
        is_sortable: Whether a click on the head of a column sorts the rows.
        is_text: Whether the cells are text, which is aligned to the left and wrapped, and not numbers.
    """

    columns: list[Column]
    rows: list[list[Cell]]
    caption: str = ""
    is_sortable: bool = False
    is_text: bool = False


@dataclass(frozen=True)
class Bar:
    """Horizontal bar with a linear scale, divided into colored parts.

    Attributes:
        name: Name on the left.
        text: Amount on the right.
        parts: Key of the palette and length of each part, as a fraction of the longest possible bar.
        title: Tooltip.
    """

    name: str
    text: str
    parts: list[tuple[str, float]] = field(default_factory=list)
    title: str = ""


def amount_bars(names: Sequence[str], amounts: Sequence[int], colors: Sequence[str]) -> list[Bar]:
    """Return one bar per amount, whose length is proportional to it.

    Args:
        names: Names of the bars.
        amounts: The amounts; the largest one has a bar of full length.
        colors: Key of the palette of each bar.

    Returns:
        The bars.

    Example:
        >>> amount_bars(["cat", "dog"], [200, 50], ["head", "tail"])[1].parts
        [('tail', 0.25)]
    """
    highest = max(1, *amounts) if len(amounts) else 1
    return [
        Bar(name, f"{amount:,}", [(color, amount / highest)], f"{name}: {amount:,}")
        for name, amount, color in zip(names, amounts, colors)
    ]


def number_cell(value: float, digits: int = 1, note: str = "", is_best: bool = False) -> Cell:
    """Return a cell with a rounded number, or '-' for NaN, which sorts last.

    Args:
        value: The number.
        digits: Number of decimals.
        note: Small text after the number.
        is_best: Whether the number is bold.

    Returns:
        The cell.

    Example:
        >>> number_cell(3.14159), number_cell(float("nan")).text
        (Cell(text='3.1', sort=3.14159, note='', is_best=False, mark='', title=''), '-')
    """
    if not np.isfinite(value):
        return Cell("-", "")
    return Cell(f"{value:.{digits}f}", round(float(value), 6), note, is_best)


def percent(fraction: float) -> str:
    """Format a fraction as a percentage with three digits.

    Args:
        fraction: The fraction; NaN if undefined.

    Returns:
        The text.

    Example:
        >>> percent(0.4981), percent(float("nan"))
        ('49.8 %', '-')
    """
    return f"{100 * fraction:.3g} %" if np.isfinite(fraction) else "-"
