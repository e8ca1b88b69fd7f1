"""Words in cells that mean positive, negative or unknown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Union

from .table_options import TableOptions

#: A cell: its text, or the entries of a list.
Cell = Union[str, "tuple[str, ...]"]

# With the truth values of Excel in other languages.
POSITIVE = frozenset(
    "yes y true t x positive pos present + ✓ ✔ ☑ wahr vrai verdadero verdadeiro vero waar".split()
)
NEGATIVE = frozenset("no n false f negative neg absent ☐ falsch faux falso onwaar".split())
UNKNOWN = frozenset("? ?? nan na n/a n.a. #n/a <na> nat null none unknown unsure uncertain unclear".split())
# Letters that also stand for other things, such as female: they count only if all words of a column do.
WEAK = frozenset("tf")
CHECK_MARKS = frozenset("✓ ✔ ☑".split())


class CellWords:
    """Meaning of the cells of class columns.

    Case and surrounding spaces do not matter, and numbers may have decimals, with a point or a comma.

    Args:
        options: The options, with the words of ``yes``, ``no`` and ``unknown`` and the meaning of ``blank``.

    Raises:
        ValueError: If two options name the same word.

    Example:
        >>> words = CellWords(TableOptions(yes=['ja'], no=['-1']))
        >>> [words.meaning(cell) for cell in ['Ja', '1,0', ' FALSE ', '-1', '?', '', 'maybe']]
        [1, 1, 0, 0, -1, -1, None]
    """

    def __init__(self, options: TableOptions) -> None:
        self.given: dict[str, int] = {}
        option_of: dict[str, str] = {}
        for option, label in (("yes", 1), ("no", 0), ("unknown", -1)):
            for word in getattr(options, option):
                key = fold(word)
                if option_of.setdefault(key, option) != option:
                    raise ValueError(
                        f"The '{option}' argument of read_label_table must have other words than "
                        f"'{option_of[key]}'. Got {word!r} in both instead."
                    )
                self.given[key] = label
        self.blank = 0 if options.blank == "negative" else -1

    def meaning(self, cell: Cell) -> int | None:
        """Return the label of a cell, or ``None`` if it is none of the words."""
        if isinstance(cell, tuple):
            return None
        word = fold(cell)
        if word in self.given:
            return self.given[word]
        if not word:
            return self.blank
        for words, label in ((POSITIVE, 1), (NEGATIVE, 0), (UNKNOWN, -1)):
            if word in words:
                return label
        number = number_of(word)
        return int(number) if number in (1, 0, -1) else None

    def is_weak(self, cell: Cell) -> bool:
        """Return whether a cell is a word only beside other words."""
        return isinstance(cell, str) and fold(cell) in WEAK and fold(cell) not in self.given

    def is_unclear_cross(self, cell: Cell, others: Iterable[Cell]) -> bool:
        """Return whether a cell is an x beside check marks: it may be another mark, or mean no."""
        is_cross = isinstance(cell, str) and fold(cell) == "x" and "x" not in self.given
        return is_cross and any(isinstance(other, str) and fold(other) in CHECK_MARKS for other in others)


def fold(text: str) -> str:
    """Return a text without surrounding spaces and without upper case."""
    return text.strip().casefold()


def number_of(text: str) -> float | None:
    """Return the number that a text is, with a decimal point or comma, or ``None``.

    Args:
        text: The text.

    Example:
        >>> number_of('0,5'), number_of('1e3'), number_of('1_0'), number_of('a')
        (0.5, 1000.0, None, None)
    """
    text = text.strip()
    if not text or text[-1] not in "0123456789." or "_" in text:  # not inf, nan or 1_0, which float() reads
        return None
    try:
        return float(text.replace(",", ".", 1))
    except ValueError:
        return None
