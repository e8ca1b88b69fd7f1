"""Labels of tables with one column per class."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .row_labels import RowLabels
from .table_layout import TableLayout
from .table_source import Chunk, TableSource


def read_class_columns(
    source: TableSource, layout: TableLayout, on_rows: Callable[[Chunk], list[str]]
) -> RowLabels:
    """Read the labels.

    Args:
        source: The table.
        layout: Roles of the columns, with the label of each value.
        on_rows: Function that is called with each chunk, and returns the names of its images.

    Returns:
        The labels, one row per row of the table.
    """
    labels = RowLabels([source.header[position] for position in layout.classes])
    for chunk in source.read():
        names = on_rows(chunk)
        table = np.empty((len(names), len(layout.classes)), dtype=np.int8)
        for index, (position, meanings) in enumerate(layout.classes.items()):
            cells = chunk.columns[position]
            table[:, index] = np.fromiter(map(meanings.__getitem__, cells), np.int8, len(cells))
        images, classes = np.nonzero(table != -1)
        labels.add(names, images, classes, table[images, classes])
    return labels
