"""Labels that a run predicted worst: cards with images for the page, and the same rows as CSV."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ...utils.files import csv_line
from .examples import WrongLabel, embedded_image, listed, worst_labels
from .report_run import ReportRun

#: Returns the image of a run at an index of the test set, as a path or an array.
ImageOf = Callable[[ReportRun, int], "np.ndarray | str"]
_KINDS = {True: "Positives with the lowest scores", False: "Negatives with the highest scores"}
_READ_ERRORS = (IndexError, KeyError, OSError, ValueError)


@dataclass(frozen=True)
class ExampleCard:
    """Card of one wrong label.

    Attributes:
        wrong: The label.
        file: Path of the image; empty for images that are not files.
        picture: The image as a data URL; None if it is missing.
        reason: Reason why the image is missing.
        unknown: Names of the unknown classes, or their number if there are many.
    """

    wrong: WrongLabel
    file: str
    picture: str | None
    reason: str
    unknown: str

    @property
    def name(self) -> str:
        """Name of the file without its folder, or the index of an image that is not a file."""
        return os.path.basename(self.file) or f"image {self.wrong.image} of the test data"

    @property
    def positives(self) -> str:
        """Names of the known positive classes of the image."""
        return listed(self.wrong.positives) or "none"


def example_cards(
    run: ReportRun, image_of: ImageOf | None, count: int, has_pictures: bool = True
) -> list[tuple[str, list[ExampleCard]]]:
    """Return the worst false negatives and false positives of a run.

    Args:
        run: The run.
        image_of: Returns the image of a run at an index of the test set; None for cards without images and
            file names.
        count: Maximum number of false negatives and maximum number of false positives.
        has_pictures: Whether the cards have images.

    Returns:
        The title of each list, and its cards. A card whose image cannot be loaded has the error message.
    """
    return [
        (
            title,
            [
                _card(run, wrong, image_of, has_pictures)
                for wrong in worst_labels(run.predictions, positive, count)
            ],
        )
        for positive, title in _KINDS.items()
    ]


def most_wrong_csv(runs: Sequence[ReportRun], image_of: ImageOf | None, count: int) -> str:
    """Return the rows of :func:`example_cards` of all runs as the text of a CSV file.

    Args:
        runs: The runs.
        image_of: As in :func:`example_cards`.
        count: As in :func:`example_cards`.

    Returns:
        The text, with a header line.
    """
    header = ("run", "image", "file", "class", "label", "score", "known positives", "unknown classes")
    lines = [csv_line(header)]
    for run in runs:
        for _, cards in example_cards(run, image_of, count, has_pictures=False):
            for card in cards:
                wrong = card.wrong
                positives = ";".join(wrong.positives)
                label, score = int(wrong.is_positive), f"{wrong.score:.3f}"
                cells = (run.name, wrong.image, card.file, wrong.class_name, label, score, positives)
                lines.append(csv_line([*cells, card.unknown]))
    return "".join(lines)


def _card(run: ReportRun, wrong: WrongLabel, image_of: ImageOf | None, has_pictures: bool) -> ExampleCard:
    file, picture, reason = "", None, "no image in this report"
    try:
        image = None if image_of is None else image_of(run, wrong.image)
        if isinstance(image, str):
            # Bytes of the path that are not valid UTF-8 are shown as escape sequences.
            file = os.fsencode(image).decode("utf-8", "backslashreplace")
        if image is not None and has_pictures:
            picture = embedded_image(image)
    except _READ_ERRORS as error:
        reason = str(error)[:120]
    return ExampleCard(wrong, file, picture, reason, _unknown_text(wrong.unknown, run))


def _unknown_text(names: list[str], run: ReportRun) -> str:
    if len(names) <= 12:
        return listed(names, 12)
    return f"{len(names):,} of the {run.predictions.num_classes:,} classes"
