"""Description of the columns of a table after its labels were read."""

from __future__ import annotations

from collections.abc import Sequence

from ..label_store.store import LabelStore
from .cell_words import Cell
from .column_survey import ColumnSurvey
from .description import ColumnDescription, TableDescription
from .table_layout import TableLayout
from .table_options import TableOptions
from .table_source import TableSource


def describe_columns(
    source: TableSource,
    columns: Sequence[ColumnSurvey],
    layout: TableLayout,
    labels: LabelStore,
    options: TableOptions,
    description: TableDescription,
) -> None:
    """Describe every column and, of lists and rows of labels, every class.

    Args:
        source: The table.
        columns: Values of the columns.
        layout: Roles of the columns.
        labels: The labels that were read.
        options: The options.
        description: Description, which is completed.
    """
    value_column = layout.value[0] if layout.value else None
    for position, name in enumerate(source.header):
        column = columns[position]
        if position == layout.image:
            described = ColumnDescription(name, "image", reason=_shown(column))
        elif position == layout.group:
            described = ColumnDescription(name, "group", reason=_shown(column))
        elif position in layout.classes:
            described = ColumnDescription(name, "class", _values(column, layout.classes[position]))
        elif position == value_column and layout.value:
            described = ColumnDescription(name, "value", _values(column, layout.value[1]))
        elif position in (layout.names, layout.negatives):
            described = ColumnDescription(
                name, "list" if layout.kind == "lists" else "names", reason=_shown(column)
            )
        else:
            described = ColumnDescription(name, "ignored", reason=layout.ignored.get(position, ""))
        description.columns.append(described)
    if layout.kind != "classes":
        description.columns += class_descriptions(labels)
        return
    num_blank = sum(
        column.values[""][0]
        for column in description.columns
        if column.role == "class" and "" in column.values
    )
    if num_blank and options.blank is None:
        negatives = bool(labels.label_counts().negatives.sum())
        extra = "" if negatives else ", so that no label is negative"
        description.guess(f"blank cells ({num_blank:,}) are unknown{extra}", "--blank negative")
    _guess_minus_one(layout, columns, labels, description)


def _guess_minus_one(
    layout: TableLayout, columns: Sequence[ColumnSurvey], labels: LabelStore, description: TableDescription
) -> None:
    cells = {cell for position in layout.classes for cell in columns[position].counts}
    if not labels.label_counts().negatives.sum() and {"-1", "1"} <= cells:
        description.guess("-1 is unknown, so that no label is negative", "--no -1")


def class_descriptions(labels: LabelStore) -> list[ColumnDescription]:
    """Return the numbers of positive, negative and unknown labels of each class.

    Args:
        labels: The labels.

    Example:
        >>> from mmpretrain_imbalance.datasets import label_store_from_array
        >>> class_descriptions(label_store_from_array([[1], [-1]], ['a.jpg', 'b.jpg'], ['cat']))[0].text()
        '1 positive, 0 negative, 1 unknown'
    """
    counts = labels.label_counts()
    rows = zip(labels.class_names, counts.positives, counts.negatives, counts.unknown)
    return [
        ColumnDescription(
            name, "class", reason=f"{positives:,} positive, {negatives:,} negative, {unknown:,} unknown"
        )
        for name, positives, negatives, unknown in rows
    ]


def _values(column: ColumnSurvey, meanings: dict[Cell, int]) -> dict[str, tuple[int, int | None]]:
    values: dict[str, tuple[int, int | None]] = {}
    for cell, count in column.counts.most_common():
        text = str(cell).strip()
        values[text] = (values.get(text, (0, None))[0] + count, meanings[cell])
    return values


def _shown(column: ColumnSurvey) -> str:
    cells = [" ".join(cell) if isinstance(cell, tuple) else cell.strip() for cell in column.filled[:2]]
    return "such as " + ", ".join(cell[:40] for cell in cells)
