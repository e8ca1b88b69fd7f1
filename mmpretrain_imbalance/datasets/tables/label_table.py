"""The reader of label tables: any format and layout to a label store and a description."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..label_store.store import LabelStore
from .arrow_table import open_hugging_face, open_parquet
from .cell_words import Cell, CellWords
from .column_survey import ColumnSurvey, survey_columns
from .cvat import read_cvat
from .delimited_text import open_delimited_text
from .description import ColumnDescription, TableDescription
from .file_format import recognize_format
from .image_names import with_slashes
from .label_studio import read_json_export
from .list_labels import read_list_column
from .long_labels import read_label_rows
from .spreadsheet import open_spreadsheet
from .table_layout import TableLayout, find_layout
from .table_options import TableOptions
from .table_source import Chunk, TableSource
from .wide_labels import read_class_columns

_LAYOUTS = {
    "classes": "one column per class",
    "lists": "one column of lists",
    "labels": "one row per label",
}


@dataclass(frozen=True)
class LabelTable:
    """Labels of a table, and how the table was understood.

    Args:
        labels: The labels. Image names are those of the table, with ``/`` as separator. Tables with one row
            per image keep their rows, so that an image can occur twice; other tables and exports are joined
            into one row per image.
        rows: Number of each row of ``labels`` in the file, counted from 1, of shape (N,).
        groups: Value of the group column of each row of ``labels``, ``None`` without such a column.
        description: What was read and guessed.
    """

    labels: LabelStore
    rows: np.ndarray
    groups: list[str] | None
    description: TableDescription


def read_label_table(
    path: str | os.PathLike[str], *, progress: bool | None = None, **options: Any
) -> LabelTable:
    """Read the labels of a table or export as people have them.

    The format is recognized by the content: text tables with any delimiter and encoding, Excel and OpenDocument
    sheets, Parquet files, JSON exports of Label Studio, XML exports of CVAT for images, and folders of Hugging
    Face datasets. Layout, image column, classes and the meaning of words are guessed where no option names
    them; the description says what was guessed and how to overrule it.

    Args:
        path: The file or folder.
        progress: Whether to show a progress bar for text tables. ``None`` shows it on a terminal.
        **options: See :class:`TableOptions`.

    Returns:
        The labels and the description.

    Raises:
        FileNotFoundError: If there is no such file.
        ImportError: If a package that the format needs is missing.
        TypeError: If an option does not exist.
        ValueError: If the table cannot be read or understood. The message says what was seen, and the option
            or change that settles it.

    Example:
        >>> import tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> path = os.path.join(folder.name, 'labels.csv')
        >>> with open(path, 'w') as file:
        ...     _ = file.write('file;cat;dog\\na.jpg;yes;\\nb.jpg;no;yes\\n')
        >>> table = read_label_table(path)
        >>> table.labels.image_name(1), table.labels.dense(1), table.rows
        ('b.jpg', array([0., 1.], dtype=float32), array([2, 3]))
        >>> table.description.guess_lines()[0]
        "guessed: the cells are separated by ';'; overrule with --delimiter"
        >>> folder.cleanup()
    """
    path, chosen = os.fspath(path), TableOptions(**options)
    progress = sys.stderr.isatty() if progress is None else progress
    file_format = recognize_format(path)
    if file_format == "json":
        return LabelTable(*read_json_export(path, chosen))
    if file_format in ("xml", "zip"):
        return LabelTable(*read_cvat(path, file_format == "zip", chosen))
    if file_format == "text":
        source = open_delimited_text(path, chosen, progress)
    elif file_format == "folder":
        source = open_hugging_face(path)
    elif file_format == "parquet":
        source = open_parquet(path)
    else:
        source = open_spreadsheet(path, file_format, chosen)
    return _read_source(source, chosen)


def _read_source(source: TableSource, options: TableOptions) -> LabelTable:
    words = CellWords(options)
    columns, num_rows = survey_columns(source)
    description = TableDescription(
        source.path, source.format, details=source.details, num_rows=num_rows, notes=source.notes
    )
    for text, option in source.guesses:
        description.guess(text, option)
    layout = find_layout(source, columns, options, words, description)
    description.layout = _LAYOUTS[layout.kind]
    rows = _Rows(source, layout)
    if layout.kind == "classes":
        labels = read_class_columns(source, layout, rows.add).finish(
            [source.header[position] for position in layout.classes]
        )
    elif layout.kind == "lists":
        collected, others = read_list_column(source, columns, layout, options, description, rows.add)
        labels = collected.finish(_class_order(source, layout, collected.index), others)
    else:
        images, group_of = read_label_rows(source, layout, rows.names)
        default_label = 0 if options.not_listed == "negative" else -1
        class_names = _class_order(source, layout, images.classes)
        labels = images.finish(class_names, default_label, options, description)
        rows.replace(images.first_rows, [group_of.get(name, "") for name in images.images])
        if options.not_listed is None and layout.value is None:
            description.guess(
                "classes without a row of an image are unknown, so that no label is negative",
                "--not-listed negative",
            )
    if not labels.num_classes:
        raise source.error("classes", "only blank cells", "Fill the table, or name other columns.")
    _describe_columns(source, columns, layout, labels, options, description)
    return LabelTable(labels, rows.numbers(), rows.groups(description), description)


class _Rows:
    """Row numbers and groups of the images that are read."""

    def __init__(self, source: TableSource, layout: TableLayout) -> None:
        self.source, self.layout = source, layout
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
        names = [with_slashes(cell) if isinstance(cell, str) else "" for cell in cells]
        if "" in names:
            raise self.source.error(
                f"the name of an image in every cell of the column {self.source.header[self.layout.image]!r}",
                f"a blank cell in row {chunk.numbers[names.index('')]}",
                "Fill it, or delete the row.",
            )
        return names

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
            description.notes.append(
                f"{len(blank):,} images have a blank '{self.source.header[self.layout.group]}', the first in row "
                f"{numbers[blank[0]]}: each of them is a group of its own"
            )
            for row in blank:
                self._groups[row] = f"row {numbers[row]}"
        return self._groups


def _class_order(source: TableSource, layout: TableLayout, found: dict[str, int]) -> list[str]:
    known = source.class_names.get(source.header[layout.names or 0], [])
    return [*known, *sorted(set(found) - set(known))]


def _describe_columns(
    source: TableSource,
    columns: Sequence[ColumnSurvey],
    layout: TableLayout,
    labels: LabelStore,
    options: TableOptions,
    description: TableDescription,
) -> None:
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
    """Return the numbers of positive, negative and unknown labels of each class."""
    counts = labels.label_counts()
    rows = zip(labels.class_names, counts.positives, counts.negatives, counts.unknown)
    return [
        ColumnDescription(
            name, "class", {"1": (int(positives), 1), "0": (int(negatives), 0), "-1": (int(unknown), -1)}
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
