"""Names of columns in options and headers: lookup, and the search for the image column."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from .cell_words import fold
from .column_survey import ColumnSurvey
from .description import TableDescription
from .image_names import IMAGE_COLUMN, KEY_COLUMN
from .table_options import TableOptions
from .table_source import TableSource

_GROUP = re.compile(
    r"patient|subject|person|product|group|case|study|customer|plant|animal_?id|site|series", re.IGNORECASE
)


def find_column(source: TableSource, name: str, option: str) -> int:
    """Return the position of a column that an option names.

    Args:
        source: The table.
        name: The name; upper case and spaces matter only if several columns differ in them alone.
        option: Name of the option, for the message.

    Raises:
        ValueError: If there is no such column.
    """
    if name in source.positions:
        return source.positions[name]
    same = source.folded_positions.get(fold(name), [])
    if len(same) == 1:
        return same[0]
    close = difflib.get_close_matches(fold(name), list(source.folded_positions), n=1)
    meant = (
        f"Did you mean {source.header[source.folded_positions[close[0]][0]]!r}?"
        if close
        else f"Name one of its columns with --{option.replace('_', '-')}."
    )
    raise source.error(f"the column of --{option.replace('_', '-')}", f"no column {name!r}", meant)


def find_columns(source: TableSource, names: Sequence[str], option: str) -> list[int]:
    """Return the positions of the columns that an option names, without repetitions."""
    return list(dict.fromkeys(find_column(source, name, option) for name in names))


def find_image_column(
    source: TableSource,
    columns: Sequence[ColumnSurvey],
    options: TableOptions,
    taken: Sequence[int],
    description: TableDescription,
) -> int:
    """Find the column with the file names of the images.

    Args:
        source: The table.
        columns: Values of the columns.
        options: The options.
        taken: Columns that have another role.
        description: Description to which a guess is added.

    Returns:
        Position of the column.

    Raises:
        ValueError: If there is none, or there are several.
    """
    if options.image_column is not None:
        return _readable(source, find_column(source, options.image_column, "image_column"))
    others = sorted(set(range(len(columns))) - set(taken))
    by_ending = [position for position in others if columns[position].image_fraction >= 0.8]
    if len(by_ending) == 1:
        return by_ending[0]
    for position in others:
        if source.unreadable.get(source.header[position], "").startswith("images"):
            return _readable(source, position)
    if len(by_ending) > 1:
        raise _several(source, by_ending)
    text = [
        position
        for position in others
        if columns[position].filled
        and not columns[position].has_lists
        and (columns[position].has_many or len(set(columns[position].filled)) > 1)
    ]
    for pattern in (IMAGE_COLUMN, KEY_COLUMN):
        named = [position for position in text if pattern.search(source.header[position])]
        if len(named) > 1 and any(fold(source.header[position]) == "image" for position in named):
            named = [position for position in named if fold(source.header[position]) == "image"]
        if len(named) == 1:
            description.guess(
                f"'{source.header[named[0]]}' is the image column, by its name", "--image-column"
            )
            return _readable(source, named[0])
        if named:
            raise _several(source, named)
    unique = [
        position for position in text if not columns[position].repeats and columns[position].numbers() is None
    ]
    if len(unique) == 1:
        description.guess(
            f"'{source.header[unique[0]]}' is the image column: its values are all different",
            "--image-column",
        )
        return unique[0]
    raise source.error(
        "a column with the file names of the images",
        "no column whose cells end in .jpg, .png and the like, or that is named 'image'",
        "Name it with --image-column.",
    )


def group_hint(header: Sequence[str], columns: Sequence[ColumnSurvey], ignored: Sequence[int]) -> str | None:
    """Return the name of an unused column that may mark images that belong together."""
    for position in ignored:
        column = columns[position]
        if _GROUP.search(header[position]) and column.repeats:
            return header[position]
    return None


def _readable(source: TableSource, position: int) -> int:
    name = source.header[position]
    if name in source.unreadable:
        raise source.error(
            "file names of images",
            f"{source.unreadable[name]} in the column {name!r}",
            f"Save the images as files, for example with row[{name!r}].save(f'{{number}}.png') for each row, "
            "and save a table with these file names and the labels.",
        )
    return position


def _several(source: TableSource, positions: Sequence[int]) -> ValueError:
    names = ", ".join(repr(source.header[position]) for position in positions)
    return source.error(
        "one column with the file names of the images",
        f"{len(positions)} such columns: {names}",
        f"Name it with --image-column, such as --image-column {_quoted(source.header[positions[0]])}.",
    )


def _quoted(name: str) -> str:
    return name if re.fullmatch(r"[\w./-]+", name) else f'"{name}"'
