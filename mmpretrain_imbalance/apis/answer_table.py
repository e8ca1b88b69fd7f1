"""Table of predicted labels in the layout of an annotation file, as CSV or as an Excel workbook."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import cast

import numpy as np

from ..functional.metrics.predicted_labels import labels_above
from ..utils.files import atomic_write, csv_line
from .probability_file import ImageProbabilities, ProbabilityFile

_EXCEL_ROWS, _EXCEL_COLUMNS = 2**20, 2**14  # limits of a sheet


def probability_path(path: str | os.PathLike[str]) -> Path:
    """Return the path of the probabilities that belong to a table of answers.

    Args:
        path: Path of the table of answers.

    Returns:
        The path of the CSV file beside it.

    Example:
        >>> probability_path("results/answers.xlsx").as_posix()
        'results/answers_probabilities.csv'
    """
    path = Path(path)
    return path.with_name(f"{path.stem}_probabilities.csv")


def check_answer_table(path: str | os.PathLike[str], num_images: int, num_classes: int) -> None:
    """Check that a table of answers can be written, before a job starts.

    Args:
        path: Path of the table.
        num_images: Number of images.
        num_classes: Number of classes.

    Raises:
        ImportError: If the path ends in .xlsx and openpyxl is missing.
        ValueError: If the suffix is not supported, or the images or classes exceed the limits of Excel.
    """
    path = Path(path)
    if path.suffix not in (".csv", ".xlsx"):
        raise ValueError(
            f"The 'path' argument of write_answer_table must end in .csv or .xlsx. Got {str(path)!r} instead."
        )
    if path.suffix == ".xlsx":
        _import_openpyxl()
        if num_images + 1 > _EXCEL_ROWS or num_classes + 2 > _EXCEL_COLUMNS:
            raise ValueError(
                "The 'path' argument of write_answer_table must end in .csv for more than "
                f"{_EXCEL_ROWS - 1} images or {_EXCEL_COLUMNS - 2} classes, which are the limits of Excel. "
                f"Got {str(path)!r} with {num_images} images and {num_classes} classes instead."
            )


def write_answer_table(
    probabilities: ProbabilityFile, path: str | os.PathLike[str], thresholds: np.ndarray | float
) -> None:
    """Write the predicted labels in the layout of an annotation file.

    The table has one row per image, the column ``image``, and one column per class with 1 (the probability is
    at least the threshold) or 0. The cells of an image with a fault are blank, which means unknown.
    :class:`PartialLabelDataset` reads the CSV file as labels. An Excel workbook has the sheets ``answers``
    and ``probabilities``; the latter has the column ``fault`` as well.

    Args:
        probabilities: The probabilities of all images.
        path: A file that ends with ``.csv`` or ``.xlsx``. It appears only when it is complete.
        thresholds: One threshold, or one per class, of shape (C,).

    Raises:
        FileExistsError: If the file exists.
        ImportError: If the path ends in .xlsx and openpyxl is missing.
        ValueError: If the suffix is not supported, or the table exceeds the limits of Excel.
    """
    class_names = probabilities.columns[2:]
    check_answer_table(path, len(probabilities), len(class_names))
    path = Path(path)
    if path.exists():
        raise FileExistsError(
            "The 'path' argument of write_answer_table must be a file that does not exist. Got "
            f"{str(path)!r} instead."
        )
    header = ["image", *class_names]
    with atomic_write(path, "wb") as file:
        if path.suffix == ".csv":
            # Without a byte-order mark, Excel shows other letters than those of English wrongly.
            encoding = "utf-8" if all(map(str.isascii, class_names)) else "utf-8-sig"
            file.write(csv_line(header).encode(encoding))
            for cells in _answers(probabilities.rows(), thresholds):
                file.write(csv_line(cells).encode("utf-8", "surrogateescape"))
            return
        book = _import_openpyxl().Workbook(write_only=True)
        _add_sheet(book, "answers", header, _answers(probabilities.rows(), thresholds))
        scores = ([row.image, row.fault, *_numbers(row)] for row in probabilities.rows())
        _add_sheet(book, "probabilities", probabilities.columns, scores)
        book.save(file)


def _answers(rows: Iterable[ImageProbabilities], thresholds: np.ndarray | float) -> Iterator[list[str | int]]:
    for row in rows:
        answers = labels_above(row.values[None], thresholds)[0].astype(int).tolist()
        yield [row.image, *([""] * len(answers) if row.fault else answers)]


def _numbers(row: ImageProbabilities) -> list[float] | list[str]:
    return row.cells if row.fault else [float(cell) for cell in row.cells]


def _add_sheet(book: object, title: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    openpyxl = _import_openpyxl()
    sheet = book.create_sheet(title)  # type: ignore[attr-defined]
    sheet.freeze_panes = "B2"  # the names of the images and of the classes stay visible

    def cell(value: object) -> object:
        if not isinstance(value, str) or not value:
            return None if value == "" else value
        # Excel has no control characters and no parts of characters; a name such as '=a.jpg' is no formula.
        text = os.fsencode(value).decode(errors="replace")
        text = openpyxl.cell.cell.ILLEGAL_CHARACTERS_RE.sub("\ufffd", text)
        written = openpyxl.cell.WriteOnlyCell(sheet, text)
        written.data_type = "s"
        return written

    try:
        for cells in chain([header], rows):
            sheet.append([cell(value) for value in cells])
    finally:  # also after an interruption, because openpyxl writes to a temporary file
        sheet.close()


def _import_openpyxl() -> ModuleType:
    try:
        import openpyxl
    except ImportError as error:
        raise ImportError(
            "Package openpyxl must be installed to write .xlsx files. Got no openpyxl instead. Install it "
            "with: pip install '.[tables]' in the clone of mmpretrain_imbalance, or write a .csv file."
        ) from error
    return cast(ModuleType, openpyxl)
