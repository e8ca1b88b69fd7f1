"""Labels of images that several rows or annotators name, with the treatment of contradictions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..label_store.build import build_label_store
from ..label_store.store import LabelStore
from .description import TableDescription, counted
from .table_options import TableOptions
from .table_source import table_error

_LABEL = {"unknown": -1, "positive": 1, "negative": 0}


class ImageLabels:
    """Collects labels of images in any order, and joins them: a known label goes before an unknown one.

    Args:
        path: The file, for messages.
        unit: Name of the rows of the file in messages, such as ``'row'``.

    Attributes:
        images: Number of each image, by name.
        classes: Number of each class, by name.
        first_rows: First row of each image.
        empty_images: Images whose classes are negative where no row says otherwise.
    """

    def __init__(self, path: str, unit: str = "row") -> None:
        self.path, self.unit = path, unit
        self.images: dict[str, int] = {}
        self.classes: dict[str, int] = {}
        self.first_rows: list[int] = []
        self.empty_images: set[int] = set()
        self._parts: list[np.ndarray] = []

    def image_index(self, name: str, row: int) -> int:
        """Return the number of an image, which is new if no row named it before."""
        index = self.images.setdefault(name, len(self.images))
        if index == len(self.first_rows):
            self.first_rows.append(row)
        return index

    def class_index(self, name: str) -> int:
        """Return the number of a class."""
        return self.classes.setdefault(name, len(self.classes))

    def add(
        self, images: Sequence[int], classes: Sequence[int], values: Sequence[int], rows: Sequence[int]
    ) -> None:
        """Add labels, with the row of the file that names each."""
        if len(images):
            self._parts.append(np.array([images, classes, values, rows], dtype=np.int64))

    def finish(
        self,
        class_names: Sequence[str],
        default_label: int,
        options: TableOptions,
        description: TableDescription,
    ) -> LabelStore:
        """Build the store.

        Args:
            class_names: Names of all classes in their final order.
            default_label: Label of the classes that no row names, 0 or -1.
            options: The options; ``disagreement`` is the label of contradictions.
            description: Description to which the number of contradictions is added.

        Returns:
            The store, in memory, images in the order of their first rows.

        Raises:
            ValueError: If rows contradict each other, and ``disagreement`` is ``'raise'``.
        """
        empty = np.empty((4, 0), dtype=np.int64)
        images, classes, values, rows = np.concatenate([empty, *self._parts], axis=1)
        position = {name: index for index, name in enumerate(class_names)}
        final = np.array([position[name] for name in self.classes], dtype=np.int64)
        num_classes = max(1, len(class_names))
        keys, groups = np.unique(
            images * num_classes + (final[classes] if len(classes) else classes), return_inverse=True
        )
        groups = groups.reshape(-1)
        has_positive, has_negative = (
            np.bincount(groups[values == label], minlength=len(keys)) > 0 for label in (1, 0)
        )
        labels = np.where(has_positive, 1, np.where(has_negative, 0, -1))
        contradictory = has_positive & has_negative
        if contradictory.any():
            key = keys[contradictory][0]
            where = np.sort(rows[(groups == np.flatnonzero(contradictory)[0])])
            text = f"{class_names[key % num_classes]!r} of {list(self.images)[key // num_classes]}"
            number = int(contradictory.sum())
            if options.disagreement == "raise":
                raise table_error(
                    self.path,
                    description.format,
                    "one label per image and class",
                    f"{counted(number, 'contradictory label')}, first of {text} in the "
                    f"{self.unit}s {where[0]} and {where[-1]},",
                    "Correct them, or say --disagreement unknown, positive or negative.",
                )
            labels[contradictory] = _LABEL[options.disagreement]
            if options.disagreement == "unknown":
                description.guess(
                    f"{counted(number, 'label')} unknown because {self.unit}s disagree, first {text}",
                    "--disagreement",
                )
        all_of_empty = np.array(sorted(self.empty_images), dtype=np.int64)[:, None] * num_classes
        negative = np.setdiff1d((all_of_empty + np.arange(len(class_names))).reshape(-1), keys)
        keys, labels = np.r_[keys, negative], np.r_[labels, np.zeros_like(negative)]
        listed = labels != default_label
        return build_label_store(
            (keys // num_classes)[listed],
            (keys % num_classes)[listed],
            labels[listed],
            list(self.images),
            class_names,
            default_label,
        )
