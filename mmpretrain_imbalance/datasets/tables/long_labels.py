"""Labels of tables with one row per label."""

from __future__ import annotations

from collections.abc import Callable

from .cell_words import Cell, fold
from .image_labels import ImageLabels
from .table_layout import TableLayout
from .table_options import TableOptions
from .table_source import Chunk, TableSource


def read_label_rows(
    source: TableSource, layout: TableLayout, options: TableOptions, names_of: Callable[[Chunk], list[str]]
) -> tuple[ImageLabels, dict[str, str]]:
    """Read the labels.

    A row with a blank class only says that the image exists; a row with a word of ``nothing`` says that the
    image shows no class.

    Args:
        source: The table.
        layout: Roles of the columns, with the label of each value.
        options: The options.
        names_of: Function that returns the names of the images of a chunk.

    Returns:
        The labels, and the group of each image, by name.

    Raises:
        ValueError: If an image belongs to two groups.
    """
    labels = ImageLabels(source.path)
    groups: dict[str, str] = {}
    value_column, meanings = layout.value or (None, {})
    nothing = frozenset(map(fold, options.nothing))
    for chunk in source.read():
        names, numbers = names_of(chunk), chunk.numbers.tolist()
        images = [labels.image_index(name, row) for name, row in zip(names, numbers)]
        cells = [_class_name(cell) for cell in chunk.columns[layout.names or 0]]
        labels.empty_images.update(image for image, name in zip(images, cells) if fold(name) in nothing)
        classes = [labels.class_index(name) if name and fold(name) not in nothing else -1 for name in cells]
        values = [1] * len(images)
        if value_column is not None:
            values = [meanings[cell] for cell in chunk.columns[value_column]]
        kept = [row for row, index in enumerate(classes) if index >= 0]
        labels.add(*([items[row] for row in kept] for items in (images, classes, values, numbers)))
        if layout.group is not None:
            for name, cell, row in zip(names, chunk.columns[layout.group], numbers):
                group = str(cell).strip()
                if group and groups.setdefault(name, group) != group:
                    raise source.error(
                        f"one value of {source.header[layout.group]!r} per image",
                        f"{groups[name]!r} and {group!r}, in row {row}, of {name}",
                        "Correct one of them, or leave out --group-column.",
                    )
    return labels, groups


def _class_name(cell: Cell) -> str:
    return cell.strip() if isinstance(cell, str) else " ".join(cell)
