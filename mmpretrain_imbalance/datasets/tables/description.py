"""Description of how a table was understood: columns, values and their meaning, guesses, options."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

_MEANING = {1: "positive", 0: "negative", -1: "unknown"}


def counted(number: int, noun: str) -> str:
    """Return a number with its noun.

    Example:
        >>> counted(1, 'image'), counted(2000, 'image')
        ('1 image', '2,000 images')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


@dataclass
class ColumnDescription:
    """One column, or one class of a list, of a table.

    Args:
        name: Name of the column or class.
        role: ``'image'``, ``'group'``, ``'class'``, ``'value'``, ``'list'`` or ``'ignored'``.
        values: Number of cells of each value and, of classes, the label that the value means.
        reason: Reason for the role, in words, where it was guessed.
    """

    name: str
    role: str
    values: dict[str, tuple[int, int | None]] = field(default_factory=dict)
    reason: str = ""

    def text(self) -> str:
        """Values with their numbers and meanings, in one line.

        Example:
            >>> ColumnDescription('cat', 'class', {'yes': (3, 1), 'no': (2, 0), '': (4, -1)}).text()
            'positive: yes (3); negative: no (2); unknown: blank (4)'
        """
        parts = []
        for label, meaning in _MEANING.items():
            cells = [f"{value or 'blank'} ({n:,})" for value, (n, is_) in self.values.items() if is_ == label]
            if cells:
                shown = cells if len(cells) <= 6 else [*cells[:5], f"{len(cells) - 5} more"]
                parts.append(f"{meaning}: {', '.join(shown)}")
        return "; ".join(parts) or self.reason


@dataclass
class TableDescription:
    """How a table was understood, for printing.

    Args:
        path: The file or folder.
        format: The format, such as ``'CSV'``.
        layout: The layout, such as ``'one column per class'``.
        details: Encoding, delimiter, sheet and header row, where the format has them.
        num_rows: Number of rows with labels.
        columns: The columns in the order of the table; for lists and exports also the classes.
        guesses: What was guessed, and the option that overrules it.
        notes: Further messages, such as a possibly truncated file.
    """

    path: str
    format: str
    layout: str = ""
    details: dict[str, str] = field(default_factory=dict)
    num_rows: int = 0
    columns: list[ColumnDescription] = field(default_factory=list)
    guesses: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def guess(self, text: str, option: str) -> None:
        """Add something that was guessed, and the option that overrules it."""
        if (text, option) not in self.guesses:
            self.guesses.append((text, option))

    def note_similar_names(self, class_names: Sequence[str]) -> None:
        """Add a note about classes whose names differ only in upper case, likely by mistake."""
        similar: dict[str, list[str]] = {}
        for name in class_names:
            similar.setdefault(name.casefold(), []).append(repr(name))
        self.notes += [
            f"the classes {', '.join(names)} differ only in upper case; write them in one way if they are one"
            for names in similar.values()
            if len(names) > 1
        ]

    @property
    def summary(self) -> str:
        """Format, details, layout and number of rows, in one line."""
        details = ", ".join(f"{name} {value}" for name, value in self.details.items())
        read = f"{self.format}, {details}" if details else self.format
        return f"{read}: {self.layout}, {counted(self.num_rows, 'row')}"

    @property
    def class_columns(self) -> list[str]:
        """Names of the columns, or entries of lists, that are classes."""
        return [column.name for column in self.columns if column.role == "class"]

    @property
    def ignored_columns(self) -> dict[str, str]:
        """Names of the columns that are not used, with the reasons."""
        return {column.name: column.reason for column in self.columns if column.role == "ignored"}

    @property
    def image_column(self) -> str | None:
        """Name of the column with the images."""
        return next((column.name for column in self.columns if column.role == "image"), None)

    @property
    def group_column(self) -> str | None:
        """Name of the column with the groups."""
        return next((column.name for column in self.columns if column.role == "group"), None)

    def table_rows(self) -> list[tuple[str, str, str]]:
        """Rows for a printed table: column, role, and values with their meaning or the reason of the role."""
        return [(column.name, column.role, column.text()) for column in self.columns]

    def guess_lines(self) -> list[str]:
        """Lines that say what was guessed and which option overrules it, then the notes."""
        guessed = [f"guessed: {text}; overrule with {option}" for text, option in self.guesses]
        return guessed + [f"note: {text}" for text in self.notes]
