"""Labels of rows whose classes become known while they are read."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np

from ..label_store.build import StoreParts, build_label_store
from ..label_store.store import LabelStore


class RowLabels:
    """Collects the names and labels of rows in compact arrays, and builds a label store at the end.

    Classes are numbered in the order in which :meth:`RowLabels.class_index` sees their names.

    Args:
        class_names: Names of classes that are known before.
        default_label: Label of the classes that a row does not list, 0 or -1.
    """

    def __init__(self, class_names: Sequence[str] = (), default_label: int = -1) -> None:
        self.index = {name: index for index, name in enumerate(class_names)}
        self.default_label = default_label
        self._parts: deque[tuple[LabelStore, np.ndarray, np.ndarray, np.ndarray]] = deque()

    def class_index(self, name: str) -> int:
        """Return the number of a class."""
        return self.index.setdefault(name, len(self.index))

    def add(
        self,
        names: Sequence[str],
        images: np.ndarray | Sequence[int],
        classes: np.ndarray | Sequence[int],
        values: np.ndarray | Sequence[int],
    ) -> None:
        """Append rows.

        Args:
            names: Name of the image of each row, R of them.
            images: Position of each label's row in ``names``, of shape (E,).
            classes: Number of each label's class, of shape (E,).
            values: The labels, of shape (E,).
        """
        # In small types, because the parts of all rows are in memory until the end.
        images = np.asarray(images, np.uint16 if len(names) <= 2**16 else np.int64)
        classes = np.asarray(classes, np.uint16 if len(self.index) <= 2**16 else np.int64)
        stored_names = build_label_store([], [], [], names, [])
        self._parts.append((stored_names, images, classes, np.asarray(values, np.int8)))

    def finish(self, class_names: Sequence[str], other_rows: np.ndarray | None = None) -> LabelStore:
        """Build the store, and forget the rows.

        Args:
            class_names: Names of all classes in their final order.
            other_rows: Rows, ascending, whose classes that are not listed have the other label than the
                default: unknown instead of negative, or negative instead of unknown.

        Returns:
            The store, in memory.
        """
        position = {name: index for index, name in enumerate(class_names)}
        final = np.array([position[name] for name in self.index], dtype=np.int64)
        parts = StoreParts(list(class_names), self.default_label)
        rows = np.array([], dtype=np.int64) if other_rows is None else other_rows
        start = 0
        while self._parts:
            names, images, classes, values = self._parts.popleft()
            images, classes, size = images.astype(np.int64), final[classes], len(names)
            listed = values != self.default_label
            images, classes, values = images[listed], classes[listed], values[listed]
            first, last = np.searchsorted(rows, [start, start + size])
            inside = rows[first:last] - start
            if len(inside):
                images, classes, values = self._fill(inside, images, classes, values, len(class_names))
            parts.add(images, classes, values, size)
            parts.add_names(names, np.arange(size))
            start += size
        return parts.finish()

    def _fill(
        self, rows: np.ndarray, images: np.ndarray, classes: np.ndarray, values: np.ndarray, num_classes: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        keys = np.repeat(rows, num_classes) * num_classes + np.tile(np.arange(num_classes), len(rows))
        keys = np.setdiff1d(keys, images * num_classes + classes)
        other = np.full(len(keys), -1 - self.default_label, dtype=np.int8)
        return (
            np.concatenate([images, keys // num_classes]),
            np.concatenate([classes, keys % num_classes]),
            np.concatenate([values, other]),
        )
