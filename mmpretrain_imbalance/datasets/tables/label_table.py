"""The reader of label tables: any format and layout to a label store and a description."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..label_store.store import LabelStore
from .arrow_table import open_hugging_face, open_parquet
from .cell_words import CellWords
from .column_survey import survey_columns
from .cvat import read_cvat
from .delimited_text import open_delimited_text
from .describe_columns import describe_columns
from .description import TableDescription
from .file_format import recognize_format
from .image_rows import ImageRows
from .label_studio import options_of_csv_export, read_json_export
from .list_labels import read_list_column
from .long_labels import read_label_rows
from .spreadsheet import open_spreadsheet
from .table_layout import TableLayout, find_layout
from .table_options import TableOptions
from .table_source import TableSource
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
    r"""Read the labels of a table or export as people have them.

    The format is recognized by the content: text tables with any delimiter and encoding, Excel and
    OpenDocument sheets, Parquet files, JSON exports of Label Studio, XML exports of CVAT for images, and
    folders of Hugging Face datasets. Layout, image column, classes and the meaning of words are guessed where
    no option names them; the description says what was guessed and how to overrule it.

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
        ...     _ = file.write('file;cat;dog\na.jpg;yes;\nb.jpg;no;yes\n')
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
    columns, num_rows = survey_columns(source)
    description = TableDescription(
        source.path, source.format, details=source.details, num_rows=num_rows, notes=source.notes
    )
    for text, option in source.guesses:
        description.guess(text, option)
    options = options_of_csv_export(source.header, options, description)
    words = CellWords(options)
    layout = find_layout(source, columns, options, words, description)
    description.layout = _LAYOUTS[layout.kind]
    rows = ImageRows(source, layout, options.keep_upload_prefix)
    if layout.kind == "classes":
        labels = read_class_columns(source, layout, rows.add).finish(
            [source.header[position] for position in layout.classes]
        )
    elif layout.kind == "lists":
        collected, others = read_list_column(source, columns, layout, options, description, rows.add)
        labels = collected.finish(_class_order(source, layout, collected.index), others)
    else:
        images, group_of = read_label_rows(source, layout, options, rows.names)
        default_label = 0 if options.not_listed == "negative" else -1
        class_names = _class_order(source, layout, images.classes)
        labels = images.finish(class_names, default_label, options, description)
        rows.replace(images.first_rows, [group_of.get(name, "") for name in images.images])
        if options.not_listed is None and layout.value is None:
            description.guess(
                "classes without a row of an image are unknown, so that no label is negative",
                "--not-listed negative",
            )
    if layout.kind != "classes":
        description.note_similar_names(labels.class_names)
    if not labels.num_classes:
        raise source.error("classes", "only blank cells", "Fill the table, or name other columns.")
    describe_columns(source, columns, layout, labels, options, description)
    return LabelTable(labels, rows.numbers(), rows.groups(description), description)


def _class_order(source: TableSource, layout: TableLayout, found: dict[str, int]) -> list[str]:
    known = source.class_names.get(source.header[layout.names or 0], [])
    return [*known, *sorted(set(found) - set(known))]
