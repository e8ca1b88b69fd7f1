"""Sheets of Excel and OpenDocument workbooks."""

from __future__ import annotations

import datetime
import re
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from .cell_words import Cell
from .optional_packages import import_reader
from .table_options import TableOptions
from .table_source import Block, TableSource, source_from_rows, table_error

_ROWS = 8192
_FORMATS = {"xlsx": "Excel workbook", "ods": "OpenDocument sheet"}


def open_spreadsheet(path: str, file_format: str, options: TableOptions) -> TableSource:
    """Read a sheet of a workbook.

    Args:
        path: The file.
        file_format: ``'xlsx'`` or ``'ods'``.
        options: The options; ``sheet`` names the sheet if several have cells.

    Returns:
        The table.

    Raises:
        ImportError: If a package is missing. The message names the extra of this package that installs it.
        ValueError: If the file is damaged, several sheets have cells, or a formula has no stored value.
    """
    name = _FORMATS[file_format]
    sheets = (_read_xlsx if file_format == "xlsx" else _read_ods)(path)
    if options.sheet is None:
        filled = [title for title, rows in sheets.items() if any(map(any, rows))]
        if len(filled) > 1:
            shown = ", ".join(map(repr, filled[:8]))
            raise table_error(
                path, name, "one sheet with cells", f"{len(filled)}: {shown}", "Name one with --sheet."
            )
        title = filled[0] if filled else next(iter(sheets), "")
    elif options.sheet in sheets:
        title = options.sheet
    else:
        shown = ", ".join(map(repr, list(sheets)[:8]))
        raise table_error(
            path,
            name,
            f"the sheet {options.sheet!r}",
            f"the sheets {shown}",
            "Name one of them with --sheet.",
        )
    rows = sheets.get(title, [])
    if file_format == "xlsx":
        _check_formulas(path, title)

    def blocks() -> Iterator[Block]:
        for start in range(0, len(rows), _ROWS):
            part = rows[start : start + _ROWS]
            yield np.arange(start + 1, start + len(part) + 1), part

    return source_from_rows(path, name, {"sheet": repr(title)}, blocks, options, pads_rows=True)


def cell_text(value: Any) -> str:
    """Return the text of a cell as a person reads it.

    Args:
        value: A number, text, date, truth value or ``None``.

    Example:
        >>> [cell_text(value) for value in (None, True, 1.0, 0.5, 7, ' cat ')]
        ['', 'true', '1', '0.5', '7', ' cat ']
    """
    if value is None or value != value:
        return ""
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating)):
        return str(int(value)) if value.is_integer() else repr(float(value))
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    return str(value)


def _read_xlsx(path: str) -> dict[str, list[Sequence[Cell]]]:
    openpyxl = import_reader("openpyxl", "an Excel workbook")
    # As an open file, because openpyxl rejects other endings than .xlsx.
    with _damage_as_value_error(path, "xlsx"), open(path, "rb") as file:
        workbook = openpyxl.load_workbook(file, read_only=True, data_only=True)
        try:
            sheets = {}
            for sheet in workbook.worksheets:
                if sheet.sheet_state == "visible" or len(workbook.worksheets) == 1:
                    sheet.reset_dimensions()
                    sheets[sheet.title] = _texts(sheet.iter_rows(values_only=True))
            return sheets
        finally:
            workbook.close()


def _read_ods(path: str) -> dict[str, list[Sequence[Cell]]]:
    pandas = import_reader("pandas", "an OpenDocument sheet")
    import_reader("odf", "an OpenDocument sheet")
    with _damage_as_value_error(path, "ods"), open(path, "rb") as file:
        frames = pandas.read_excel(
            file, sheet_name=None, header=None, engine="odf", dtype=object, na_filter=False
        )
        return {title: _texts(frame.itertuples(index=False, name=None)) for title, frame in frames.items()}


def _texts(rows: Any) -> list[Sequence[Cell]]:
    texts: dict[Any, str] = {}  # one string per different cell

    def text(value: Any) -> str:
        key = (type(value), value)
        found = texts.get(key)
        if found is None:
            found = cell_text(value)
            if len(texts) < 100_000:
                texts[key] = found
        return found

    return [tuple(map(text, row)) for row in rows]


@contextmanager
def _damage_as_value_error(path: str, file_format: str) -> Iterator[None]:
    try:
        yield
    except ImportError:
        raise
    except Exception as error:  # readers of XML in archives raise errors of many kinds for damaged files
        raise table_error(
            path,
            _FORMATS[file_format],
            "readable sheets",
            f"{type(error).__name__}: {' '.join(str(error).split())[:100]}",
            "Open it in a spreadsheet program, and save it again as .xlsx or .csv.",
        ) from None


def _check_formulas(path: str, title: str) -> None:
    """Raise if a formula of the sheet has no stored value, as in files that no spreadsheet program saved."""
    with _damage_as_value_error(path, "xlsx"), zipfile.ZipFile(path) as archive:
        parts = [name for name in archive.namelist() if re.match(r"xl/worksheets/[^/]+\.xml$", name)]
        if not any(re.search(rb"<f[ >/]", archive.read(name)) for name in parts):
            return
    openpyxl = import_reader("openpyxl", "an Excel workbook")
    with open(path, "rb") as first, open(path, "rb") as second:
        values = openpyxl.load_workbook(first, read_only=True, data_only=True)
        formulas = openpyxl.load_workbook(second, read_only=True, data_only=False)
        for sheet in (values[title], formulas[title]):
            sheet.reset_dimensions()
        pairs = zip(values[title].iter_rows(), formulas[title].iter_rows())
        for value_row, formula_row in pairs:
            for value, formula in zip(value_row, formula_row):
                if value.value is None and isinstance(formula.value, str) and formula.value.startswith("="):
                    raise table_error(
                        path,
                        f"{_FORMATS['xlsx']}, sheet {title!r}",
                        "a stored value for every formula",
                        f"none for {formula.value[:50]!r} in row {formula.row}, column {formula.column}",
                        "Open it in a spreadsheet program and save it, or save it as .csv.",
                    )
