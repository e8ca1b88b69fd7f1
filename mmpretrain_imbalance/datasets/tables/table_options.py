"""Options that say how a table is to be understood where the reader would guess otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

from ...utils.argument_checks import check_choice, check_integer

_DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "pipe": "|", "space": " "}
_LISTS = ("class_columns", "ignore", "yes", "no", "unknown", "nothing")


@dataclass(frozen=True)
class TableOptions:
    """Options of :func:`read_label_table`. An option of a command has the same name, with dashes.

    Every option that is not given is guessed, and the description of the table lists the guesses. Columns are
    named as in the header; a column without a name is ``'column 3'``, and the second column of the same name
    is ``'cat (column 7)'``.

    Args:
        image_column: Column with the file name of the image.
        group_column: Column whose equal values mark images that belong together, such as patient or product.
        class_columns: Columns that are classes, in a table with one column per class. All others are ignored.
        class_column: Column with the class, in a table with one row per label. In exports of Label Studio,
            the name of the control whose choices are the classes.
        value_column: Column with the label, in a table with one row per label. Without it, every row is a
            positive label.
        list_column: Column with a list of the positive classes.
        negative_list_column: Column with a list of the known negative classes, beside ``list_column``.
        list_separator: Text between two classes of a list, such as ``';'``.
        ignore: Columns that are not labels.
        yes: Cells that mean positive, in addition to words such as ``1``, ``yes``, ``true`` and ``x``.
        no: Cells that mean negative, in addition to words such as ``0``, ``no`` and ``false``.
        unknown: Cells that mean unknown, in addition to words such as ``-1``, ``?``, ``NA`` and ``unsure``.
        nothing: Entries of lists which say that the image was checked and shows no class, such as ``none``.
        blank: Meaning of a blank cell: ``'unknown'`` or ``'negative'``.
        not_listed: Label of the classes that a list, or the annotation of an export, does not name:
            ``'unknown'`` or ``'negative'``. The default is unknown in tables, and negative in the checked
            images of exports.
        checked: Images of an export that were looked at: ``'annotated'`` (those with an annotation) or
            ``'all'``; for CVAT also the numbers of the jobs that are finished.
        disagreement: Label of an image and class on which rows or annotators contradict each other:
            ``'unknown'``, ``'positive'``, ``'negative'`` or ``'raise'``.
        header_row: Row that names the columns, counted from 1; 0 if no row does. By default the first row
            that is not blank.
        fill_short_rows: Whether rows that end early have blank cells at the end, instead of an error.
        delimiter: Character between the cells of a text file, or ``comma``, ``semicolon``, ``tab``, ``pipe``,
            ``space``.
        encoding: Encoding of a text file, as Python names it.
        sheet: Name of the sheet of a spreadsheet.
        keep_upload_prefix: Whether to keep the 8 characters that Label Studio puts before the names of
            uploaded files.

    Raises:
        TypeError: If a list of columns or words is a string.
        ValueError: If an option has an unknown value, or two options contradict each other.
    """

    image_column: str | None = None
    group_column: str | None = None
    class_columns: Sequence[str] | None = None
    class_column: str | None = None
    value_column: str | None = None
    list_column: str | None = None
    negative_list_column: str | None = None
    list_separator: str | None = None
    ignore: Sequence[str] = ()
    yes: Sequence[str] = ()
    no: Sequence[str] = ()
    unknown: Sequence[str] = ()
    nothing: Sequence[str] = ()
    blank: str | None = None
    not_listed: str | None = None
    checked: str | Sequence[int] = "annotated"
    disagreement: str = "unknown"
    header_row: int | None = None
    fill_short_rows: bool = False
    delimiter: str | None = None
    encoding: str | None = None
    sheet: str | None = None
    keep_upload_prefix: bool = False

    def __post_init__(self) -> None:
        caller = "read_label_table"
        check_choice(caller, (None, "unknown", "negative"), blank=self.blank, not_listed=self.not_listed)
        choices = ("unknown", "positive", "negative", "raise")
        check_choice(caller, choices, disagreement=self.disagreement)
        for name in _LISTS:
            if isinstance(getattr(self, name), str):
                raise TypeError(
                    f"The '{name}' argument of {caller} must be a list of strings. Got "
                    f"{getattr(self, name)!r} instead."
                )
        if self.header_row is not None:
            check_integer(caller, 0, header_row=self.header_row)
        if isinstance(self.checked, str):
            check_choice(caller, ("annotated", "all"), checked=self.checked)
        layouts = [name for name in ("class_columns", "class_column", "list_column") if getattr(self, name)]
        if len(layouts) > 1:
            raise ValueError(
                f"The '{layouts[0]}' argument of {caller} must not be combined with '{layouts[1]}'. Got both "
                "instead: they belong to different layouts."
            )
        if self.value_column and not self.class_column:
            raise ValueError(
                f"The 'value_column' argument of {caller} must be combined with 'class_column'. Got it alone "
                "instead."
            )

    @property
    def delimiter_character(self) -> str | None:
        """The delimiter as one character."""
        if self.delimiter is None:
            return None
        character = _DELIMITERS.get(self.delimiter.lower(), self.delimiter)
        if len(character) != 1 or character in '"\r\n':
            raise ValueError(
                "The 'delimiter' argument of read_label_table must be one character, or one of "
                f"{', '.join(sorted(set(_DELIMITERS) - {chr(92) + 't'}))}. Got {self.delimiter!r} instead."
            )
        return character

    @classmethod
    def names(cls) -> list[str]:
        """Names of all options."""
        return [field.name for field in fields(cls)]
