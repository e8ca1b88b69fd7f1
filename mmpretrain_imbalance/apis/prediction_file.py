"""A file of predictions that only grows, so that a stopped job goes on where it was."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..utils.files import atomic_write, csv_line
from .image_prediction import ImagePrediction

_COLUMNS = ("image", "labels", "scores", "top_labels", "top_scores", "fault")
_SEPARATOR = "|"


class PredictionFile:
    """Predictions as JSON lines (``.jsonl``) or as CSV (``.csv``), one record an image.

    A record is whole when its line ends. What a killed process or a full disk left of a line is cut off when
    the file is opened again, and that image is predicted again; nothing else is.

    The settings that the predictions were made with stand beside the file, in ``<file>.settings.json``:
    predictions of two models never meet in one file.

    Args:
        path: The file, new or begun.
        settings: What the predictions depend on, such as the model and thresholds.
        class_names: Names of the labels, to refuse those that CSV could not hold.

    Attributes:
        faults: What was wrong with each image that could not be predicted, by its path.

    Raises:
        ValueError: If the ending is another, the file was begun with other settings, or is damaged.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = PredictionFile(f"{folder}/out.jsonl", settings={"model": "a"})
        ...     file.append([ImagePrediction("a.jpg", ["cat"], [0.9])])
        ...     again = PredictionFile(f"{folder}/out.jsonl", settings={"model": "a"})
        ...     again.remaining(["a.jpg", "b.jpg"])
        ['b.jpg']
    """

    def __init__(self, path: str | os.PathLike, settings: dict, class_names: Sequence[str] = ()) -> None:
        self.path = Path(path)
        self.is_csv = self.path.suffix == ".csv"
        if self.path.suffix not in (".csv", ".jsonl"):
            raise ValueError(
                f"The 'path' argument of PredictionFile must end in .jsonl or .csv. "
                f"Got {str(path)!r} instead."
            )
        split = [name for name in class_names if _SEPARATOR in name]
        if self.is_csv and split:
            raise ValueError(
                f"The 'class_names' argument of PredictionFile must be free of {_SEPARATOR!r}, "
                f"which separates "
                f"the labels in CSV. Got {split[0]!r} instead: use a .jsonl file."
            )
        self._done: set[str] = set()
        self.faults: dict[str, str] = {}
        self._check_settings(json.loads(json.dumps(settings)))
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.exists():
            self._cut_partial_record()
            self._read()
        if self.is_csv and not (self.path.exists() and self.path.stat().st_size):
            self._write(csv_line(_COLUMNS))

    def __len__(self) -> int:
        return len(self._done)

    def remaining(self, images: Sequence[str]) -> list[str]:
        """The images that have no record yet, in their order."""
        return [image for image in images if image not in self._done]

    def append(self, predictions: Sequence[ImagePrediction]) -> None:
        """Add the records of some images.

        Args:
            predictions: The predictions, in the order wanted.

        Raises:
            OSError: If they cannot be written; open the file again to go on.
        """
        self._write("".join(map(self._line, predictions)))
        for prediction in predictions:
            self._note(prediction.image, prediction.fault)

    def forget_faults(self) -> int:
        """Drop the records of the images that could not be predicted, so that they remain to be done.

        The file is replaced as a whole, or not at all.

        Returns:
            How many there were.
        """
        dropped = len(self.faults)
        if dropped:
            with atomic_write(self.path, "wb") as file:
                if self.is_csv:
                    file.write(_encoded(csv_line(_COLUMNS)))
                for record in self._records():
                    if not record.get("fault"):
                        line = csv_line(record.values()) if self.is_csv else json.dumps(record) + "\n"
                        file.write(_encoded(line))
            self._done -= set(self.faults)
            self.faults.clear()
        return dropped

    def _line(self, prediction: ImagePrediction) -> str:
        record = prediction.to_dict()
        if not self.is_csv:
            return json.dumps(record) + "\n"
        cells = [record.get(column, "") for column in _COLUMNS]
        return csv_line(_SEPARATOR.join(map(str, cell)) if isinstance(cell, list) else cell for cell in cells)

    def _write(self, text: str) -> None:
        with open(self.path, "ab") as file:
            file.write(_encoded(text))

    def _note(self, image: str, fault: str | None) -> None:
        self._done.add(image)
        if fault:
            self.faults[image] = fault

    def _check_settings(self, settings: dict) -> None:
        beside = self.path.with_name(self.path.name + ".settings.json")
        if not self.path.exists():
            with atomic_write(beside) as file:
                json.dump(settings, file, indent=1)
            return
        try:
            begun = json.loads(beside.read_text(encoding="utf-8")) if beside.exists() else None
        except ValueError as error:
            raise ValueError(f"{beside}: expected the settings of a job, found {error}.") from error
        if begun != settings:
            begun = begun if isinstance(begun, dict) else None
            other = [key for key in settings if begun is None or begun.get(key) != settings[key]]
            found = "a file without settings" if begun is None else f"another {' and another '.join(other)}"
            raise ValueError(
                f"The predictions in {str(self.path)!r} must have been begun with the same settings. "
                f"Got {found} instead: choose another file, or delete it to begin anew."
            )

    def _cut_partial_record(self) -> None:
        content = self.path.read_bytes()
        end = content.rfind(b"\n") + 1
        # In CSV a line break within quotes belongs to the path of an image.
        while self.is_csv and content.count(b'"', 0, end) % 2:
            end = content.rfind(b"\n", 0, end - 1) + 1
        if end < len(content):
            os.truncate(self.path, end)

    def _read(self) -> None:
        try:
            for record in self._records():
                self._note(record["image"], record.get("fault"))
        except (AttributeError, KeyError, TypeError, ValueError, csv.Error) as error:
            raise ValueError(
                f"{self.path}, after {len(self)} records: expected a prediction, found {error}."
            ) from error

    def _records(self) -> Iterator[dict]:
        with open(self.path, encoding="utf-8", errors="surrogateescape", newline="") as file:
            with _cells_of_any_length():
                yield from csv.DictReader(file) if self.is_csv else map(json.loads, file)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


@contextmanager
def _cells_of_any_length() -> Iterator[None]:
    """Labels and scores of thousands of classes are longer than what the reader takes by default."""
    limit = csv.field_size_limit(2**31 - 1)
    try:
        yield
    finally:
        csv.field_size_limit(limit)
