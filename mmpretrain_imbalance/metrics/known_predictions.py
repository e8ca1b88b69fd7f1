"""File with the predictions for all known elements of a validation or test set."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..utils.array_files import load_archive
from ..utils.class_names import check_class_names
from ..utils.files import atomic_write


@dataclass(frozen=True)
class KnownPredictions:
    """Scores and labels of all known elements of a set of images.

    Attributes:
        class_names: Class names, C of them.
        num_images: Number of images, including images without known labels.
        images: Image index of each element, of shape (K,).
        classes: Class index of each element, of shape (K,).
        scores: Predicted probability of each element, of shape (K,).
        labels: Label of each element, 1 positive or 0 negative, of shape (K,).
        training_positives: Number of training positives of each class, of shape (C,); None if not known.
        class_groups: 'head', 'middle' or 'tail' of each class if the dataset defines groups; else None.
    """

    class_names: list[str]
    num_images: int
    images: np.ndarray
    classes: np.ndarray
    scores: np.ndarray
    labels: np.ndarray
    training_positives: np.ndarray | None = None
    class_groups: list[str] | None = None

    @property
    def num_classes(self) -> int:
        """Number of classes C."""
        return len(self.class_names)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the predictions to a numpy archive; an existing file is replaced atomically.

        Args:
            path: The file, usually ``predictions.npz`` in the work directory of a run.

        Raises:
            OSError: If the file cannot be written; an existing file is then unchanged.

        Example:
            >>> import tempfile
            >>> elements = [np.array(column) for column in ([0, 0], [0, 1], [0.9, 0.2], [1, 0])]
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     KnownPredictions(["cat", "dog"], 1, *elements).save(f"{folder}/predictions.npz")
            ...     KnownPredictions.load(f"{folder}/predictions.npz").scores
            array([0.9, 0.2], dtype=float32)
        """
        columns: dict[str, Any] = {
            "class_names": np.array(self.class_names, dtype=str),
            "num_images": np.array(self.num_images, dtype=np.int64),
            "images": self.images.astype(np.int64),
            "classes": self.classes.astype(np.int32),
            "scores": self.scores.astype(np.float32),
            "labels": self.labels.astype(np.int8),
        }
        if self.training_positives is not None:
            columns["training_positives"] = np.asarray(self.training_positives, dtype=np.int64)
        if self.class_groups is not None:
            columns["class_groups"] = np.array(self.class_groups, dtype=str)
        with atomic_write(path, "wb") as file:
            np.savez(file, **columns)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> KnownPredictions:
        """Read a file of :meth:`KnownPredictions.save`.

        Args:
            path: The file.

        Returns:
            The predictions.

        Raises:
            FileNotFoundError: If the file does not exist.
            ValueError: If the file is damaged or of another kind.
        """
        if not Path(path).is_file():
            raise FileNotFoundError(f"The predictions file must exist. Got {str(path)!r} instead.")
        try:
            columns: dict[str, Any] = dict(load_archive(path))
            if "class_groups" in columns:
                columns["class_groups"] = columns["class_groups"].tolist()
            predictions = cls(
                class_names=columns.pop("class_names").tolist(),
                num_images=int(columns.pop("num_images")),
                **columns,
            )
            predictions._check_elements()
            return predictions
        except (KeyError, OverflowError, TypeError, ValueError) as error:
            raise ValueError(
                f"{path}: expected predictions written by DumpPredictions, found {error}. Write it again."
            ) from error

    def _check_elements(self) -> None:
        check_class_names(self.class_names, "the class names")
        columns = self.images, self.classes, self.scores, self.labels
        if any(column.shape != (self.images.size,) or column.dtype.kind not in "iuf" for column in columns):
            raise ValueError("columns that are not numbers, or not of one length")
        highest = (self.images, self.num_images - 1), (self.classes, self.num_classes - 1), (self.labels, 1)
        if any(((column < 0) | (column > most)).any() for column, most in highest):
            raise ValueError("an image, a class or a label out of range")
