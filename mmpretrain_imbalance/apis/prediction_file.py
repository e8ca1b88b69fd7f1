"""Append-only file of predictions, so that a stopped job can be resumed."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..utils.files import atomic_write, csv_line
from ..utils.json_content import parse_json
from .image_prediction import ImagePrediction

_SEPARATOR = "|"


class PredictionFile:
    """Predictions as JSON lines (``.jsonl``) or as CSV (``.csv``), with one record per image.

    A record is complete if its line is terminated. If a killed process or a full disk left an incomplete
    line, the line is removed when the file is opened again, and only its image is predicted again.

    The settings of the predictions are stored in ``<file>.settings.json``. They must be the same whenever the
    file is opened, so that a file never contains predictions of different models.

    Args:
        path: Path of a new or existing file.
        settings: Settings that the predictions depend on, such as the model and the thresholds.
        class_names: Names of the labels; names that CSV cannot represent are rejected.

    Attributes:
        columns: Columns of a CSV file.
        faults: Reason for each image that could not be predicted, by path.

    Raises:
        ValueError: If the suffix is not supported, or an existing file has other settings or is invalid.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = PredictionFile(f"{folder}/out.jsonl", settings={"model": "a"})
        ...     file.append([ImagePrediction("a.jpg", ["cat"], [0.9])])
        ...     again = PredictionFile(f"{folder}/out.jsonl", settings={"model": "a"})
        ...     again.remaining(["a.jpg", "b.jpg"])
        ['b.jpg']
    """

    def __init__(
        self, path: str | os.PathLike[str], settings: dict[str, Any], class_names: Sequence[str] = ()
    ) -> None:
        self.path = Path(path)
        self.is_csv = self.path.suffix == ".csv"
        self.columns = self._columns(class_names)
        if self.path.suffix not in (".csv", ".jsonl"):
            raise ValueError(
                "The 'path' argument of PredictionFile must end in .jsonl or .csv. "
                f"Got {str(path)!r} instead."
            )
        self._done: set[str] = set()
        self.faults: dict[str, str] = {}
        self._check_settings(json.loads(json.dumps(settings)))
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.exists():
            self._cut_partial_record()
            self._read()
        if self.is_csv and not (self.path.exists() and self.path.stat().st_size):
            self._write(csv_line(self.columns))

    def __len__(self) -> int:
        return len(self._done)

    def remaining(self, images: Sequence[str]) -> list[str]:
        """Return the images without a record, in the given order."""
        return [image for image in images if image not in self._done]

    def append(self, predictions: Sequence[ImagePrediction]) -> None:
        """Append records.

        Args:
            predictions: Predictions in the order of their records.

        Raises:
            OSError: If the records cannot be written. Open the file again to continue.
        """
        self._write("".join(map(self._line, predictions)))
        for prediction in predictions:
            self._mark_done(prediction.image, prediction.fault)

    def forget_faults(self) -> int:
        """Remove the records of images that could not be predicted, so that these images are predicted again.

        The file is replaced atomically.

        Returns:
            The number of removed records.
        """
        num_removed = len(self.faults)
        if num_removed:
            with atomic_write(self.path, "wb") as file:
                if self.is_csv:
                    file.write(_encoded(csv_line(self.columns)))
                for record in self._records():
                    if not record.get("fault"):
                        line = csv_line(record.values()) if self.is_csv else json.dumps(record) + "\n"
                        file.write(_encoded(line))
            self._done -= set(self.faults)
            self.faults.clear()
        return num_removed

    def _columns(self, class_names: Sequence[str]) -> tuple[str, ...]:
        invalid = [name for name in class_names if _SEPARATOR in name]
        if self.is_csv and invalid:
            raise ValueError(
                f"The 'class_names' argument of PredictionFile must not contain {_SEPARATOR!r}, which "
                f"separates the labels in CSV. Got {invalid[0]!r} instead. Use a .jsonl file."
            )
        return "image", "labels", "scores", "top_labels", "top_scores", "fault"

    def _line(self, prediction: ImagePrediction) -> str:
        record = prediction.to_dict()
        if not self.is_csv:
            return json.dumps(record) + "\n"
        cells = [record.get(column, "") for column in self.columns]
        return csv_line(_SEPARATOR.join(map(str, cell)) if isinstance(cell, list) else cell for cell in cells)

    def _write(self, text: str) -> None:
        with open(self.path, "ab") as file:
            file.write(_encoded(text))

    def _mark_done(self, image: str, fault: str | None) -> None:
        self._done.add(image)
        if fault:
            self.faults[image] = fault

    def _check_settings(self, settings: dict[str, Any]) -> None:
        settings_path = self.path.with_name(self.path.name + ".settings.json")
        if not self.path.exists():
            with atomic_write(settings_path) as file:
                json.dump(settings, file, indent=1)
            return
        try:
            name = f"The file {settings_path}"
            stored = parse_json(settings_path.read_bytes(), name) if settings_path.exists() else None
        except ValueError as error:
            raise ValueError(f"{settings_path}: expected settings as JSON, found {error}.") from error
        if stored != settings:
            stored = stored if isinstance(stored, dict) else None
            different = [key for key in settings if stored is None or stored.get(key) != settings[key]]
            found = "a file without settings" if stored is None else f"different {' and '.join(different)}"
            raise ValueError(
                f"The settings of the predictions in {str(self.path)!r} must be those of this job. "
                f"Got {found} instead. Choose another file, or delete this file to start again."
            )

    def _cut_partial_record(self) -> None:
        content = self.path.read_bytes()
        end = content.rfind(b"\n") + 1
        # In CSV, a line break within quotes is part of an image path.
        while self.is_csv and content.count(b'"', 0, end) % 2:
            end = content.rfind(b"\n", 0, end - 1) + 1
        if end < len(content):
            os.truncate(self.path, end)

    def _read(self) -> None:
        try:
            for record in self._records():
                self._mark_done(record["image"], record.get("fault"))
        except (AttributeError, KeyError, TypeError, ValueError, csv.Error) as error:
            raise ValueError(
                f"{self.path}, after {len(self)} records: expected a prediction, found {error}."
            ) from error

    def _records(self) -> Iterator[dict[str, Any]]:
        with open(self.path, encoding="utf-8", errors="surrogateescape", newline="") as file:
            with unlimited_field_size():
                yield from csv.DictReader(file) if self.is_csv else map(json.loads, file)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


@contextmanager
def unlimited_field_size() -> Iterator[None]:
    """Increase the field size limit of the CSV reader: thousands of labels or scores exceed the default."""
    limit = csv.field_size_limit(2**31 - 1)
    try:
        yield
    finally:
        csv.field_size_limit(limit)
