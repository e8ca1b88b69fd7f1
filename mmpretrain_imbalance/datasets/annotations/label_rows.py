"""Labels on their way from published files into a label store."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from ..label_store.store import LabelStore
from ..label_store.writer import LabelStoreWriter
from .errors import AnnotationErrors

_PART = 4096  # images that are put in order at once


@dataclass
class LabelPart:
    """Labels of a few images in a row.

    Attributes:
        names: Names of the images, M of them.
        images: Place of each label's image in ``names``, of shape (E,).
        classes: Class of each label, of shape (E,).
        values: The labels, 1, 0 or -1, of shape (E,).
    """

    names: Sequence[str]
    images: np.ndarray
    classes: np.ndarray
    values: np.ndarray


@dataclass
class LabelRows:
    """What a reader of published files returns: classes now, labels while they are asked for.

    Attributes:
        class_names: Names of the classes, C of them.
        parts: The labels, each image in one part.
        default_label: Label of every class that an image does not list, 0 or -1.
        num_images: Number of images, where it is known before they are read.
        notes: What was left out or decided on the way, a number each; complete once ``parts`` are read.
        class_metadata: A value for each class, C a list, such as its frequency group.
        num_simulations: How often labels of a store they come from were hidden on purpose.
    """

    class_names: Sequence[str]
    parts: Iterable[LabelPart]
    default_label: int = -1
    num_images: int | None = None
    notes: dict[str, int] = field(default_factory=dict)
    class_metadata: dict[str, list[Any]] = field(default_factory=dict)
    num_simulations: int = 0

    def save(self, folder: str | os.PathLike) -> LabelStore:
        """Write the labels into a new label store.

        Args:
            folder: Where to; it must not exist yet.

        Returns:
            The store, opened.

        Raises:
            FileExistsError: If the folder exists.
            ValueError: If the labels are wrong, or there is no image.
        """
        optional = {"class_metadata": self.class_metadata, "num_simulations": self.num_simulations}
        facts = {name: fact for name, fact in optional.items() if fact}
        with LabelStoreWriter(folder, self.class_names, self.default_label, facts) as writer:
            for part in self.parts:
                writer.add_images(part.names, part.images, part.classes, part.values)
            if not writer.num_images:
                raise ValueError("The annotation files must name images with labels. Got none instead.")
        return LabelStore.open(folder)


def parts_of_images(images: Iterable[tuple[str, Sequence[int], Sequence[int]]]) -> Iterator[LabelPart]:
    """Gather images into parts.

    Args:
        images: Name, classes and labels of one image after the other.

    Yields:
        Parts of some thousand images.
    """
    images = iter(images)
    while chunk := list(islice(images, _PART)):
        names, classes, values = zip(*chunk)
        sizes = [len(row) for row in classes]
        flat = [np.concatenate([np.asarray(row, np.int64) for row in rows]) for rows in (classes, values)]
        yield LabelPart(names, np.repeat(np.arange(len(sizes)), sizes), *flat)


def parts_of_table(labels: np.ndarray, names: Sequence[str], default_label: int = -1) -> Iterator[LabelPart]:
    """Cut a table into parts.

    Args:
        labels: 1, 0 or -1, of shape (N, C).
        names: Names of the images, N of them.
        default_label: The label that is left out.

    Yields:
        Parts of some thousand images.
    """
    for start in range(0, len(names), _PART):
        table = np.asarray(labels[start : start + _PART])
        images, classes = np.nonzero(table != default_label)
        yield LabelPart(names[start : start + _PART], images, classes, table[images, classes])


def settle_faults(faults: AnnotationErrors, skip_malformed: bool, notes: dict[str, int]) -> None:
    """Refuse what is wrong in a file, or note how much of it was skipped.

    Args:
        faults: What is wrong.
        skip_malformed: Whether the user asked to go on without those rows.
        notes: Where the count and the first fault are noted.

    Raises:
        ValueError: With the first fault and the number of the others, unless they are to be skipped.
    """
    if not faults:
        return
    try:
        faults.raise_if_any()
    except ValueError as error:
        if not skip_malformed:
            raise ValueError(f"{error} (Rows that are wrong can be skipped: skip_malformed.)") from None
        notes[f"malformed rows skipped in {faults.path}; the first: {error}"] = len(faults)
