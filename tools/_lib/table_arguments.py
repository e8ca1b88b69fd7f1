"""Options that say how a table of labels is to be understood. The module imports no slow package."""

from __future__ import annotations

import argparse
from typing import Any

_COLUMNS = {
    "image_column": "column with the file name of the image",
    "group_column": "column whose equal values mark images that belong together, such as patient; they stay "
    "in one part",
    "class_column": "column with the class, in a table with one row per label",
    "value_column": "column with the label, in a table with one row per label",
    "list_column": "column with a list of the positive classes",
    "negative_list_column": "column with a list of the known negative classes",
}
_WORDS = {
    "class_columns": ("COLUMN", "columns that are classes; all others are ignored"),
    "ignore": ("COLUMN", "columns that are not labels"),
    "yes": ("WORD", "cells that mean positive"),
    "no": ("WORD", "cells that mean negative"),
    "unknown": ("WORD", "cells that mean unknown"),
    "nothing": ("WORD", "entries of lists which mean that the image shows no class"),
    "checked": ("JOB", "images of an export that were looked at: annotated, all, or numbers of jobs of CVAT"),
}
_CHOICES = {
    "blank": (["unknown", "negative"], "meaning of a blank cell"),
    "not_listed": (
        ["unknown", "negative"],
        "label of the classes that a list or an annotation does not name",
    ),
    "disagreement": (
        ["unknown", "positive", "negative", "raise"],
        "label on which rows or annotators contradict each other",
    ),
}
_TEXTS = {
    "list_separator": "text between two classes of a list, such as ';'",
    "delimiter": "character between the cells of a text file, or comma, semicolon, tab, pipe or space",
    "encoding": "encoding of a text file, as Python names it",
    "sheet": "name of the sheet of a spreadsheet",
    "header_row": "row that names the columns, counted from 1; 0 if no row does",
}
_SWITCHES = {
    "fill_short_rows": "fill rows that end early with blank cells, instead of an error",
    "keep_upload_prefix": "keep the 8 characters that Label Studio puts before the names of uploaded files",
}


def add_table_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``read_label_table``. What is not given is guessed, and the guesses are printed.

    Args:
        parser: Parser of the command line.
    """
    group = parser.add_argument_group("meaning of the table, where the guess is wrong")
    for name, text in _COLUMNS.items():
        group.add_argument(_option(name), metavar="COLUMN", help=text)
    for name, (metavar, text) in _WORDS.items():
        group.add_argument(_option(name), nargs="+", metavar=metavar, help=text)
    for name, (choices, text) in _CHOICES.items():
        group.add_argument(_option(name), choices=choices, help=text)
    for name, text in _TEXTS.items():
        kind = int if name == "header_row" else str
        group.add_argument(_option(name), type=kind, metavar=name.split("_")[-1].upper(), help=text)
    for name, text in _SWITCHES.items():
        group.add_argument(_option(name), action="store_true", default=None, help=text)


def table_options(args: argparse.Namespace) -> dict[str, Any]:
    """Return the options of ``read_label_table`` that were given.

    Args:
        args: The parsed options.

    Returns:
        The options by their name.
    """
    names = [*_COLUMNS, *_WORDS, *_CHOICES, *_TEXTS, *_SWITCHES]
    given = {name: getattr(args, name) for name in names if getattr(args, name) is not None}
    if "checked" in given:
        words = given["checked"]
        given["checked"] = words[0] if len(words) == 1 and not words[0].isdigit() else [*map(_number, words)]
    return given


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def _number(word: str) -> int | str:
    return int(word) if word.isdigit() else word
