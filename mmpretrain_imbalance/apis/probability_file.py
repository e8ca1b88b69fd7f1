"""Append-only CSV file of the probabilities of all classes, so that a stopped job can be resumed."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..utils.files import csv_line
from .image_prediction import ImagePrediction
from .prediction_file import PredictionFile, unlimited_field_size


class ImageProbabilities(NamedTuple):
    """Probabilities of the classes of one image.

    Attributes:
        image: Path of the image.
        fault: Reason why the image could not be predicted; empty for a valid image.
        cells: The probabilities as text, which gives the float32 value exactly; empty for an invalid image.
        values: The probabilities, float32 of shape (C,); NaN for an invalid image.
    """

    image: str
    fault: str
    cells: list[str]
    values: np.ndarray


class ProbabilityFile(PredictionFile):
    """Predictions as CSV with one row per image and the columns image, fault, and one per class.

    It stops and resumes like a :class:`PredictionFile`. The cells of the classes have the probabilities,
    without loss of precision, and are empty if the image has a fault.

    Args:
        path: Path of a new or existing ``.csv`` file.
        settings: Settings that the predictions depend on, such as the model and the thresholds.
        class_names: Names of the C classes.

    Raises:
        ValueError: If the suffix is not ``.csv``, or an existing file has other settings or is invalid.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = ProbabilityFile(f"{folder}/out.csv", {"model": "a"}, ["cat", "dog"])
        ...     scores = np.array([0.9, 0.25], dtype=np.float32)
        ...     file.append([ImagePrediction("a.jpg", ["cat"], [0.9], class_scores=scores)])
        ...     print(file.path.read_text(), end="")
        image,fault,cat,dog
        a.jpg,,0.9,0.25
    """

    def rows(self) -> Iterator[ImageProbabilities]:
        """Read the probabilities, one image at a time.

        Yields:
            The probabilities of each image in the order of the file.
        """
        for record in self._records():
            image, fault, *cells = record.values()
            values = np.full(len(cells), np.nan, np.float32) if fault else np.array(cells, dtype=np.float32)
            yield ImageProbabilities(image, fault, cells, values)

    def _columns(self, class_names: Sequence[str]) -> tuple[str, ...]:
        if not self.is_csv:
            raise ValueError(
                f"The 'path' argument of ProbabilityFile must end in .csv. Got {str(self.path)!r} instead."
            )
        return "image", "fault", *class_names

    def _line(self, prediction: ImagePrediction) -> str:
        scores = prediction.class_scores
        cells = [""] * (len(self.columns) - 2) if scores is None else list(map(str, scores))
        return csv_line([prediction.image, prediction.fault or "", *cells])

    def _records(self) -> Iterator[dict[str, Any]]:
        # Columns by number, because a class may have the name 'image' or 'fault'.
        keys = ["image", "fault", *map(str, range(len(self.columns) - 2))]
        with open(self.path, encoding="utf-8", errors="surrogateescape", newline="") as file:
            with unlimited_field_size():
                lines = csv.reader(file)
                if tuple(next(lines, self.columns)) != self.columns:
                    raise ValueError("another header")
                for cells in lines:
                    if len(cells) != len(keys):
                        raise ValueError(f"{len(cells)} cells instead of {len(keys)}")
                    yield dict(zip(keys, cells))
