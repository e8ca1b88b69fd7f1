"""Reader of CheXpert and tables in its format, with uncertain labels and blank cells."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from ...functional.labels import LABEL_WORDS
from ...utils.argument_checks import check_choice
from ..annotations.content import csv_rows, open_text
from ..annotations.errors import AnnotationErrors
from ..annotations.label_rows import LabelRows, handle_errors, parts_of_images

_NOT_CLASSES = ("Path", "Sex", "Age", "Frontal/Lateral", "AP/PA")


def read_chexpert(
    table: str | os.PathLike[str],
    *,
    uncertain: str = "unknown",
    blank: str = "unknown",
    not_classes: Sequence[str] = _NOT_CLASSES,
    strip_prefix: str = "",
    skip_malformed: bool = False,
) -> LabelRows:
    """Read a CSV table with 1 (positive), 0 (negative), -1 (uncertain) and blank cells (not mentioned).

    Args:
        table: The CSV file; its column ``Path`` names the images.
        uncertain: Label for -1: ``'unknown'``, ``'positive'`` (published as U-Ones) or ``'negative'``
            (U-Zeroes).
        blank: Label for a blank cell: ``'unknown'``, ``'positive'`` or ``'negative'``.
        not_classes: Columns that are not classes.
        strip_prefix: Prefix to remove from every path.
        skip_malformed: Whether to leave out and count malformed lines instead of raising.

    Returns:
        The labels, classes in the order of the columns.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If an argument is invalid or a line is malformed.
    """
    check_choice("read_chexpert", tuple(LABEL_WORDS), uncertain=uncertain, blank=blank)
    path = os.fspath(table)
    if not os.path.isfile(path):
        raise FileNotFoundError(f"The table of labels must be an existing file. Got {path} instead.")
    with open_text(path) as file:
        _, header = next(csv_rows(file, path), (1, []))
    header = [name.strip() for name in header]
    if "Path" not in header:
        raise ValueError(
            f"The header of {path} must have a column 'Path'. Got {','.join(header)!r:.200} instead."
        )
    columns = [(column, name) for column, name in enumerate(header) if name not in {"Path", *not_classes}]
    meaning = {"1": 1, "1.0": 1, "0": 0, "0.0": 0}
    meaning.update(dict.fromkeys(("-1", "-1.0"), LABEL_WORDS[uncertain]), **{"": LABEL_WORDS[blank]})
    notes: dict[str, int] = {}

    def images() -> Iterator[tuple[str, list[int], list[int]]]:
        errors = AnnotationErrors(path)
        line_of_image: dict[str, int] = {}
        with open_text(path) as file:
            lines = csv_rows(file, path)
            next(lines)
            for line, cells in lines:
                if not cells:  # an empty line
                    continue
                where, before = f"line {line}", len(errors)
                if len(cells) != len(header):
                    errors.add(where, "row", f"{len(header)} cells, as in the header", f"{len(cells)} cells")
                    continue
                values = [meaning.get(cells[column].strip()) for column, _ in columns]
                for value, (column, name) in zip(values, columns):
                    if value is None:
                        errors.add(where, name, "1, 0, -1 or blank", cells[column])
                image = cells[header.index("Path")].strip()
                if not image.startswith(strip_prefix) or len(image) == len(strip_prefix):
                    errors.add(where, "Path", f"the path of an image, beginning with {strip_prefix!r}", image)
                elif line_of_image.setdefault(image, line) != line:
                    expected = f"an image that is not already in line {line_of_image[image]}"
                    errors.add(where, "Path", expected, image)
                if len(errors) == before:
                    known = {
                        index: value
                        for index, value in enumerate(values)
                        if value is not None and value != -1
                    }
                    yield image[len(strip_prefix) :], list(known), list(known.values())
        handle_errors(errors, skip_malformed, notes)

    names = [name for _, name in columns]
    return LabelRows(names, parts_of_images(images()), notes=notes, source=path)
