"""Tables of corrections as people save them: text, or a sheet of a spreadsheet program."""

from __future__ import annotations

import os
import re
from pathlib import Path

from ...datasets.annotations.corrections import Correction, corrections_of_rows, read_corrections
from ...datasets.tables.optional_packages import import_reader
from ...datasets.tables.spreadsheet import cell_text

_COLUMNS = frozenset({"image", "class", "correct"})
_SHEETS = {".xlsx": "openpyxl", ".ods": "odf"}


def is_correction_table(path: str | os.PathLike[str]) -> bool:
    """Return whether a table corrects single labels: its header has the columns image, class and correct.

    Args:
        path: The table, as CSV, .xlsx or .ods.

    Returns:
        Whether its first row has these columns, in any order.
    """
    ending = Path(path).suffix.lower()
    if not Path(path).is_file():
        return False
    if ending in _SHEETS:
        rows = _sheet_rows(path, number=1)
        return bool(rows) and {name.strip().lower() for name in rows[0]} >= _COLUMNS
    if ending not in (".csv", ".txt", ".tsv"):
        return False
    with open(path, encoding="utf-8-sig", errors="replace") as file:
        header = re.split(r"[,;\t]", file.readline().strip().lower())
    return {name.strip(' "') for name in header} >= _COLUMNS


def read_correction_table(path: str | os.PathLike[str]) -> list[Correction]:
    """Read the corrections that a person wrote into the column ``correct`` of a table.

    Args:
        path: The table, as CSV in UTF-8, .xlsx or .ods, of which the first sheet is read.

    Returns:
        The corrections, in the order of the table.

    Raises:
        FileNotFoundError: If there is no such file.
        ImportError: If the file is a spreadsheet, and a package that reads it is missing.
        ValueError: If the file is not such a table, as of :func:`read_corrections`.
    """
    if Path(path).suffix.lower() not in _SHEETS:
        return read_corrections(path)
    return corrections_of_rows(enumerate(_sheet_rows(path), 1), str(path))


def _sheet_rows(path: str | os.PathLike[str], number: int | None = None) -> list[list[str]]:
    """Return the first rows of the first sheet, or nothing if the sheet is damaged."""
    pandas = import_reader("pandas", "a spreadsheet")
    import_reader(_SHEETS[Path(path).suffix.lower()], "a spreadsheet")
    try:
        frame = pandas.read_excel(path, header=None, nrows=number, dtype=object, na_filter=False)
    except (
        Exception
    ):  # damaged archives raise errors of many kinds; the reader of label tables describes them
        return []
    return [list(map(cell_text, row)) for row in frame.itertuples(index=False, name=None)]
