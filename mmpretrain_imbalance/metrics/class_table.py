"""Text table with one row per class, for the log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import StringIO

import numpy as np
from rich.table import Table

from ..utils.printable import PrintableConsole


def class_table(title: str, class_names: Sequence[str] | None, columns: Mapping[str, np.ndarray]) -> str:
    """Format a table with one row per class.

    Args:
        title: The heading of the table.
        class_names: The class names; None to show the class indices.
        columns: Counts (of an integer type) or percentages by column heading, each of shape (C,). NaN is
            shown as a dash.

    Returns:
        The table as text without colors.

    Example:
        >>> print(class_table("AP", ["cat"], {"known positives": np.array([5]), "AP": np.array([50.0])}))
                       AP
        ┏━━━━━━━┳━━━━━━━━━━━━━━━━━┳━━━━━━┓
        ┃ class ┃ known positives ┃   AP ┃
        ┡━━━━━━━╇━━━━━━━━━━━━━━━━━╇━━━━━━┩
        │ cat   │               5 │ 50.0 │
        └───────┴─────────────────┴──────┘
    """
    table = Table("class", title=title)
    for heading in columns:
        table.add_column(heading, justify="right", no_wrap=True)
    for index, row in enumerate(zip(*columns.values())):
        table.add_row(str(class_names[index]) if class_names else str(index), *map(_cell, row))
    text = StringIO()
    PrintableConsole(file=text, width=200, color_system=None, markup=False, emoji=False).print(table)
    return text.getvalue().rstrip("\n")


def _cell(value: np.generic) -> str:
    if isinstance(value, np.integer):
        return str(value)
    return "-" if np.isnan(value) else f"{value:.1f}"
