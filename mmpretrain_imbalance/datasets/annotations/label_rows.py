"""Labels that a reader returns in parts, and their conversion into a label store."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from ...utils.class_names import check_class_names
from ..label_store.store import LabelStore
from ..label_store.writer import LabelStoreWriter
from .errors import AnnotationErrors

_PART = 4096  # images per part


@dataclass
class LabelPart:
    """Labels of consecutive images.

    Attributes:
        names: Names of the images, M of them.
        images: Position of each label's image in ``names``, of shape (E,).
        classes: Class of each label, of shape (E,).
        values: The labels, 1, 0 or -1, of shape (E,).
    """

    names: Sequence[str]
    images: np.ndarray
    classes: np.ndarray
    values: np.ndarray


@dataclass
class LabelRows:
    """Result of a reader of published files: class names and an iterable over the labels.

    Attributes:
        class_names: Names of the classes, C of them.
        parts: The labels; all labels of an image are in one part.
        default_label: Label of every class that is not listed for an image, 0 or -1.
        num_images: Number of images, if it is known before they are read.
        notes: Messages about labels that were left out or changed, with their numbers; complete after
            ``parts`` is consumed.
        class_metadata: Lists with one value per class, by name, such as the frequency group.
        num_simulations: Number of simulations that hid labels of the source store.
        source: The file or folder that names the images, for error messages.
    """

    class_names: Sequence[str]
    parts: Iterable[LabelPart]
    default_label: int = -1
    num_images: int | None = None
    notes: dict[str, int] = field(default_factory=dict)
    class_metadata: dict[str, list[Any]] = field(default_factory=dict)
    num_simulations: int = 0
    source: str | os.PathLike[str] = "the annotation files"

    def save(self, folder: str | os.PathLike[str]) -> LabelStore:
        """Write the labels into a new label store.

        Args:
            folder: Folder of the new store, which must not exist yet.

        Returns:
            The opened store.

        Raises:
            FileExistsError: If the folder exists.
            ValueError: If the labels are wrong, or there is no image.
        """
        check_class_names(list(self.class_names), f"The class list of {self.source}")
        optional = {"class_metadata": self.class_metadata, "num_simulations": self.num_simulations}
        metadata = {name: value for name, value in optional.items() if value}
        with LabelStoreWriter(folder, self.class_names, self.default_label, metadata) as writer:
            for part in self.parts:
                writer.add_images(part.names, part.images, part.classes, part.values)
            if not writer.num_images:
                raise ValueError(f"The images of {self.source} must have labels. Got no image instead.")
        return LabelStore.open(folder)


def parts_of_images(images: Iterable[tuple[str, Sequence[int], Sequence[int]]]) -> Iterator[LabelPart]:
    """Group images into parts.

    Args:
        images: Name, classes and labels of each image.

    Yields:
        Parts of a few thousand images.
    """
    images = iter(images)
    while chunk := list(islice(images, _PART)):
        names, classes, values = zip(*chunk)
        sizes = [len(row) for row in classes]
        flat = [np.concatenate([np.asarray(row, np.int64) for row in rows]) for rows in (classes, values)]
        yield LabelPart(names, np.repeat(np.arange(len(sizes)), sizes), *flat)


def parts_of_array(labels: np.ndarray, names: Sequence[str], default_label: int = -1) -> Iterator[LabelPart]:
    """Split a label array into parts.

    Args:
        labels: 1, 0 or -1, of shape (N, C).
        names: Names of the images, N of them.
        default_label: The label that is left out.

    Yields:
        Parts of a few thousand images.
    """
    for start in range(0, len(names), _PART):
        part = np.asarray(labels[start : start + _PART])
        images, classes = np.nonzero(part != default_label)
        yield LabelPart(names[start : start + _PART], images, classes, part[images, classes])


def handle_errors(errors: AnnotationErrors, skip_malformed: bool, notes: dict[str, int]) -> None:
    """Raise the errors of a file, or note them if malformed rows are skipped.

    Args:
        errors: The collected errors.
        skip_malformed: Whether malformed rows are skipped.
        notes: Dictionary to which the number of errors is added, with a message about the first.

    Raises:
        ValueError: With the first error and the number of the others, unless malformed rows are skipped.
    """
    if not errors:
        return
    try:
        errors.raise_if_any()
    except ValueError as error:
        if not skip_malformed:
            raise ValueError(f"{error} (Set 'skip_malformed' to skip malformed rows.)") from None
        notes[f"malformed rows skipped in {errors.path}; the first: {error}"] = len(errors)
