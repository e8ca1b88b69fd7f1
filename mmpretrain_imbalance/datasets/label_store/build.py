"""Label stores from labels in any order, from tables, from parts, and from other stores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .store import LabelStore

_PART = 2**17  # images whose labels are chosen at once


def build_label_store(
    images: np.ndarray,
    classes: np.ndarray,
    values: np.ndarray,
    image_names: Sequence[str],
    class_names: Sequence[str],
    default_label: int = -1,
) -> LabelStore:
    """Make a store from labels in any order.

    Args:
        images: Index of the image of each label, of shape (E,).
        classes: Index of its class, of shape (E,).
        values: 1, 0 or -1, of shape (E,).
        image_names: Names of the images, N of them.
        class_names: Names of the classes, C of them.
        default_label: Label of every class that is not in the list, 0 or -1.

    Returns:
        The store, in memory.

    Raises:
        ValueError: If an index is out of range, a label is none of 1, 0 and -1, or a class has two labels in
            one image.

    Example:
        >>> store = build_label_store([1, 0], [2, 0], [1, 0], ['a.jpg', 'b.jpg'], ['cat', 'dog', 'elk'])
        >>> store.dense(1)
        array([-1., -1.,  1.], dtype=float32)
    """
    images, classes = np.asarray(images, dtype=np.int64), np.asarray(classes, dtype=np.int64)
    values = np.asarray(values)
    for name, indices, size in (("images", images, len(image_names)), ("classes", classes, len(class_names))):
        if indices.size and not (0 <= indices.min() and indices.max() < size):
            raise ValueError(
                f"The '{name}' argument of build_label_store must be indices from 0 to {size - 1}. "
                f"Got {indices.min()} .. {indices.max()} instead."
            )
    if not np.isin(values, (1, 0, -1)).all():
        raise ValueError(
            "The 'values' argument of build_label_store must be 1 (positive), 0 (negative) or -1 (unknown). "
            f"Got {np.unique(values)[:8].tolist()} instead."
        )
    keys = images * len(class_names) + classes
    order = np.argsort(keys, kind="stable")
    same = np.flatnonzero(np.diff(keys[order]) == 0)
    if same.size:
        first = order[same[0]]
        raise ValueError(
            "The 'classes' argument of build_label_store must name each class once an image. "
            f"Got class {classes[first]} twice at image {images[first]} instead."
        )
    order = order[values[order] != default_label]
    encoded = [name.encode() for name in image_names]
    return LabelStore(
        indptr=_offsets([np.bincount(images[order], minlength=len(image_names))]),
        classes=classes[order].astype(class_dtype(len(class_names))),
        values=values[order].astype(np.int8),
        name_bytes=np.frombuffer(b"".join(encoded), dtype=np.uint8),
        name_offsets=_offsets([np.array([len(name) for name in encoded], dtype=np.int64)]),
        class_names=class_names,
        default_label=default_label,
    )


def label_store_from_table(
    labels: np.ndarray, image_names: Sequence[str], class_names: Sequence[str], default_label: int = -1
) -> LabelStore:
    """Make a store from a table.

    Args:
        labels: 1, 0 or -1, of shape (N, C).
        image_names: Names of the images, N of them.
        class_names: Names of the classes, C of them.
        default_label: The label that is not stored, 0 or -1.

    Returns:
        The store, in memory.

    Raises:
        ValueError: If the shape is not that of the names, or a label is none of 1, 0 and -1.
    """
    labels = np.asarray(labels)
    if labels.shape != (len(image_names), len(class_names)):
        raise ValueError(
            f"The 'labels' argument of label_store_from_table must be of shape ({len(image_names)}, "
            f"{len(class_names)}), "
            f"as the names say. Got {labels.shape} instead."
        )
    images, classes = np.nonzero(labels != default_label)
    return build_label_store(
        images, classes, labels[images, classes], image_names, class_names, default_label
    )


def select_classes(store: LabelStore, class_names: Sequence[str]) -> LabelStore:
    """Keep only these classes, in this order.

    Args:
        store: The labels.
        class_names: Names out of ``store.class_names``.

    Returns:
        A store in memory, or ``store`` itself where nothing changes.

    Raises:
        ValueError: If a name is not among the classes, or is there twice.
    """
    class_names = tuple(class_names)
    if class_names == store.class_names:
        return store
    position = {name: index for index, name in enumerate(store.class_names)}
    wrong = [(name, "not in the annotations") for name in class_names if name not in position]
    wrong += [(name, "there twice") for place, name in enumerate(class_names) if name in class_names[:place]]
    if wrong:
        known = ", ".join(map(repr, store.class_names[:10])) + (" ..." if store.num_classes > 10 else "")
        raise ValueError(
            "The 'classes' argument of the dataset must be different classes out of the annotations "
            f"({known}). "
            f"Got {wrong[0][0]!r}, which is {wrong[0][1]}, and {len(wrong) - 1} more such names instead."
        )
    new_index = np.full(store.num_classes, -1)
    new_index[[position[name] for name in class_names]] = np.arange(len(class_names))
    facts = {
        fact: [of_classes[position[name]] for name in class_names]
        for fact, of_classes in store.class_metadata.items()
    }
    parts = StoreParts(class_names, store.default_label, facts, store.num_simulations)
    for start in range(0, len(store), _PART):
        images = np.arange(start, min(start + _PART, len(store)))
        places, classes, values = store.elements(images)
        kept = new_index[classes] >= 0
        parts.add(places[kept], new_index[classes[kept]], values[kept], len(images))
    parts.add_names(store, np.arange(len(store)))
    return parts.finish()


class StoreParts:
    """Takes the labels and names of some images after the others and makes one store of them.

    Args:
        class_names: Names of the classes, C of them.
        default_label: Label of every class that an image does not list, 0 or -1; it must not be added.
        class_metadata: See :class:`LabelStore`.
        num_simulations: See :class:`LabelStore`.

    Example:
        >>> from mmpretrain_imbalance.datasets import label_store_from_table
        >>> store = label_store_from_table([[1, 0], [-1, 1]], ['a.jpg', 'b.jpg'], ['cat', 'dog'])
        >>> parts = StoreParts(['cat', 'dog'], default_label=-1)
        >>> parts.add([0, 0], [1, 0], [1, 0], num_images=1)
        >>> parts.add_names(store, np.array([1]))
        >>> parts.finish().dense(0), parts.finish().image_name(0)
        (array([0., 1.], dtype=float32), 'b.jpg')
    """

    def __init__(
        self,
        class_names: Sequence[str],
        default_label: int,
        class_metadata: Mapping[str, Sequence[Any]] | None = None,
        num_simulations: int = 0,
    ) -> None:
        self._kept = class_names, default_label, None, class_metadata, num_simulations
        self._num_classes = len(class_names)
        self._class_dtype = class_dtype(self._num_classes)
        self._classes: list[np.ndarray] = []
        self._values: list[np.ndarray] = []
        self._sizes: list[np.ndarray] = []
        self._names: list[np.ndarray] = []
        self._name_sizes: list[np.ndarray] = []

    def add(self, places: np.ndarray, classes: np.ndarray, values: np.ndarray, num_images: int) -> None:
        """Append the labels of some images.

        Args:
            places: Place of each label's image among these images, of shape (E,), in any order.
            classes: Its class, of shape (E,).
            values: The label, of shape (E,).
            num_images: Number of these images.
        """
        places, classes, values = np.asarray(places), np.asarray(classes), np.asarray(values)
        keys = places * self._num_classes + classes
        if not (keys[1:] > keys[:-1]).all():
            order = np.argsort(keys, kind="stable")
            places, classes, values = places[order], classes[order], values[order]
        self._sizes.append(np.bincount(places, minlength=num_images).astype(np.int32))
        self._classes.append(classes.astype(self._class_dtype))
        self._values.append(values.astype(np.int8))

    def add_names(self, store: LabelStore, rows: np.ndarray) -> None:
        """Append the names of some images.

        Args:
            store: Where their names are.
            rows: Which images they are, of shape (M,).
        """
        for name_bytes, sizes in store.names(rows):
            self._names.append(name_bytes)
            self._name_sizes.append(sizes)

    def finish(self) -> LabelStore:
        """Make the store.

        Returns:
            The store, in memory.
        """
        return LabelStore(
            _offsets(self._sizes),
            _joined(self._classes, self._class_dtype),
            _joined(self._values, np.int8),
            _joined(self._names, np.uint8),
            _offsets(self._name_sizes),
            *self._kept,
        )


def class_dtype(num_classes: int) -> type:
    """The type that holds class indices of a store: uint16 up to 65,536 classes, else int32."""
    return np.uint16 if num_classes <= 2**16 else np.int32


def _joined(arrays: list[np.ndarray], dtype: type) -> np.ndarray:
    # One part alone stays where it is, which may be in a file that processes share.
    return arrays[0] if len(arrays) == 1 else np.concatenate([np.empty(0, dtype), *arrays])


def _offsets(sizes: list[np.ndarray]) -> np.ndarray:
    offsets = np.zeros(sum(map(len, sizes)) + 1, dtype=np.int64)
    end = 1
    for part in sizes:
        np.cumsum(part, out=offsets[end : end + len(part)])
        offsets[end : end + len(part)] += offsets[end - 1]
        end += len(part)
    return offsets


_CHUNK = 2**16  # images that are worked on at once


def filter_rows(
    store: LabelStore, rows: np.ndarray, min_positives: int = 0, min_known: int = 0
) -> np.ndarray:
    """Choose the images that have enough labels.

    Args:
        store: The labels.
        rows: The images to choose among, of shape (N,).
        min_positives: Least number of known positives.
        min_known: Least number of known labels, positive or negative.

    Returns:
        The chosen ones of ``rows``, in their order.
    """
    chosen = [np.empty(0, dtype=np.int64)]
    for start in range(0, len(rows), _CHUNK):
        part = rows[start : start + _CHUNK]
        places, _, values = store.elements(part)
        positives, listed, unknown = (
            np.bincount(places[select], minlength=len(part))
            for select in (values == 1, values != -1, values == -1)
        )
        known = listed if store.default_label == -1 else store.num_classes - unknown
        chosen.append(part[(positives >= min_positives) & (known >= min_known)])
    return np.concatenate(chosen)
