"""A table of classes as text, for the log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import StringIO

import numpy as np
from rich.console import Console
from rich.table import Table


def class_table(title: str, class_names: Sequence[str] | None, columns: Mapping[str, np.ndarray]) -> str:
    """Write one row a class.

    Args:
        title: The heading of the table.
        class_names: The class names; None to write the class indices.
        columns: Counts (of an integer type) or percentages of each class by heading, of shape (C,); NaN
            becomes a dash.

    Returns:
        The table, without colors.

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
    console = Console(file=StringIO(), width=200, color_system=None, markup=False, emoji=False)
    console.print(table)
    return console.file.getvalue().rstrip("\n")


def _cell(value: np.generic) -> str:
    if isinstance(value, np.integer):
        return str(value)
    return "-" if np.isnan(value) else f"{value:.1f}"
