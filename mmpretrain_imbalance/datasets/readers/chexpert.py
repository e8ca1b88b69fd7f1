"""Tables in the style of CheXpert, which tell what a report says, leaves open, or does not mention."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from ...functional.labels import LABEL_WORDS
from ...utils.argument_checks import check_choice
from ..annotations.content import csv_rows, open_text
from ..annotations.errors import AnnotationErrors
from ..annotations.label_rows import LabelRows, parts_of_images, settle_faults

_NOT_CLASSES = ("Path", "Sex", "Age", "Frontal/Lateral", "AP/PA")


def read_chexpert(
    table: str | os.PathLike,
    *,
    uncertain: str = "unknown",
    blank: str = "unknown",
    not_classes: Sequence[str] = _NOT_CLASSES,
    strip_prefix: str = "",
    skip_malformed: bool = False,
) -> LabelRows:
    """Read a CSV table: 1 is positive, 0 negative, -1 uncertain, and a blank cell is not mentioned.

    Args:
        table: The CSV file; its column ``Path`` names the images.
        uncertain: What -1 means: ``'unknown'``, ``'positive'`` (published as U-Ones) or ``'negative'``
            (U-Zeroes).
        blank: What a blank cell means, as for ``uncertain``.
        not_classes: Columns that are no classes.
        strip_prefix: What to take off the front of every path.
        skip_malformed: Whether to leave out wrong lines and count them, instead of refusing the file.

    Returns:
        The labels, classes in the order of the columns.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If an argument has no meaning or a line is wrong.
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
    places = [(place, name) for place, name in enumerate(header) if name not in {"Path", *not_classes}]
    meaning = {"1": 1, "1.0": 1, "0": 0, "0.0": 0}
    meaning.update(dict.fromkeys(("-1", "-1.0"), LABEL_WORDS[uncertain]), **{"": LABEL_WORDS[blank]})
    notes: dict[str, int] = {}

    def images() -> Iterator[tuple[str, list[int], list[int]]]:
        faults, line_of_image = AnnotationErrors(path), {}
        with open_text(path) as file:
            lines = csv_rows(file, path)
            next(lines)
            for line, cells in lines:
                if not cells:  # an empty line
                    continue
                where, before = f"line {line}", len(faults)
                if len(cells) != len(header):
                    faults.add(where, "row", f"{len(header)} cells, as in the header", f"{len(cells)} cells")
                    continue
                values = [meaning.get(cells[place].strip()) for place, _ in places]
                for value, (place, name) in zip(values, places):
                    if value is None:
                        faults.add(where, name, "1, 0, -1 or blank", cells[place])
                image = cells[header.index("Path")].strip()
                if not image.startswith(strip_prefix) or len(image) == len(strip_prefix):
                    faults.add(where, "Path", f"the path of an image, beginning with {strip_prefix!r}", image)
                elif line_of_image.setdefault(image, line) != line:
                    expected = f"an image that is not in line {line_of_image[image]} already"
                    faults.add(where, "Path", expected, image)
                if len(faults) == before:
                    known = [number for number, value in enumerate(values) if value != -1]
                    yield image[len(strip_prefix) :], known, [values[number] for number in known]
        settle_faults(faults, skip_malformed, notes)

    return LabelRows([name for _, name in places], parts_of_images(images()), notes=notes)
