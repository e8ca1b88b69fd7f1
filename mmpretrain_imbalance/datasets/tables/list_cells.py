"""Cells that list classes: separators, brackets, JSON, and lists as Python prints them."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable
from typing import Any

from .cell_words import Cell

_SEPARATORS = (";", "|", ",", "\n")
_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")


def parse_list(cell: Cell, separator: str | None) -> tuple[str, ...] | None:
    r"""Return the entries of a cell, or ``None`` if the cell is blank.

    Args:
        cell: The cell.
        separator: Text between two entries of a cell without brackets; ``None`` if a cell has one entry.

    Example:
        >>> parse_list('cat; dog', ';'), parse_list("['cat', 'dog']", None), parse_list('[]', None)
        (('cat', 'dog'), ('cat', 'dog'), ())
        >>> parse_list('{"choices": ["cat"]}', None), parse_list(' ', ';')
        (('cat',), None)
    """
    if isinstance(cell, tuple):
        return tuple(dict.fromkeys(entry.strip() for entry in cell if entry.strip()))
    text = cell.strip()
    if not text or text.casefold() in ("nan", "null", "<na>"):
        return None
    if text[0] in "[({" and text[-1] in "])}":
        entries = _bracketed(text)
    else:
        entries = text.split(separator) if separator else [text]
    cleaned = (str(entry).strip().strip("\"'").strip() for entry in entries)
    return tuple(dict.fromkeys(entry for entry in cleaned if entry))


def find_separator(cells: Iterable[Cell]) -> str | None:
    """Return the text that separates the entries of cells without brackets.

    Args:
        cells: Cells of the column.

    Returns:
        The separator, or ``None`` if no cell has two entries. A space separates entries only if that gives
        fewer different entries than there are different cells.

    Example:
        >>> find_separator(['cat|dog', 'cat'])
        '|'
        >>> find_separator(['cat dog', 'dog', 'cat', 'cat dog elk', 'elk cat'])
        ' '
        >>> find_separator(['polar bear', 'brown bear', 'cat']) is None
        True
    """
    texts = {cell.strip() for cell in cells if isinstance(cell, str) and cell.strip()}
    texts = {text for text in texts if text[0] not in "[({"}
    counts = {separator: sum(separator in text for text in texts) for separator in _SEPARATORS}
    best = max(_SEPARATORS, key=lambda separator: counts[separator])
    if counts[best]:
        return best
    words = {word for text in texts for word in text.split()}
    return " " if any(" " in text for text in texts) and len(words) < len(texts) else None


def _bracketed(text: str) -> list[Any]:
    for parse in (json.loads, _literal):
        try:
            content = parse(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
            continue
        return _entries(content)
    quoted = [
        first or second for first, second in _QUOTED.findall(text)
    ]  # as NumPy prints them, without commas
    return quoted or re.split(r"[,;|]", text[1:-1])


def _literal(text: str) -> Any:
    if re.search(r"['\"]\s+['\"]", text):  # Python would join these strings
        raise ValueError
    return ast.literal_eval(text)


def _entries(content: Any) -> list[Any]:
    if isinstance(content, dict):
        content = content.get("choices", list(content))
    if not isinstance(content, (list, tuple, set)):
        content = [content]
    entries: list[Any] = []
    for entry in content:
        entries += _entries(entry) if isinstance(entry, (list, tuple, set, dict)) else [entry]
    return [entry for entry in entries if entry is not None]
