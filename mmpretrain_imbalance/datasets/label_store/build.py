"""Functions that build label stores: from label triples, from an array, or from another store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...utils.found_values import shown
from .store import LabelStore

_CHUNK = 2**16  # images per step, so that memory does not grow with the store


def build_label_store(
    images: np.ndarray | Sequence[int],
    classes: np.ndarray | Sequence[int],
    values: np.ndarray | Sequence[int],
    image_names: Sequence[str],
    class_names: Sequence[str],
    default_label: int = -1,
) -> LabelStore:
    """Build a store from labels in any order.

    Args:
        images: Image index of each label, of shape (E,).
        classes: Class index of each label, of shape (E,).
        values: The labels, 1, 0 or -1, of shape (E,).
        image_names: Names of the images, N of them.
        class_names: Names of the classes, C of them.
        default_label: Label of every class that is not listed for an image, 0 or -1.

    Returns:
        The store, in memory.

    Raises:
        ValueError: If an index is out of range, a label is not 1, 0 or -1, an image has two labels of one
            class, or UTF-8 cannot represent a name.

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
                f"Got indices from {indices.min()} to {indices.max()} instead."
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
            "The 'classes' argument of build_label_store must name each class once per image. "
            f"Got class {classes[first]} twice at image {images[first]} instead."
        )
    order = order[values[order] != default_label]
    encoded = _encoded(image_names)
    return LabelStore(
        indptr=_offsets([np.bincount(images[order], minlength=len(image_names))]),
        classes=classes[order].astype(class_dtype(len(class_names))),
        values=values[order].astype(np.int8),
        name_bytes=np.frombuffer(b"".join(encoded), dtype=np.uint8),
        name_offsets=_offsets([np.array([len(name) for name in encoded], dtype=np.int64)]),
        class_names=class_names,
        default_label=default_label,
    )


def label_store_from_array(
    labels: np.ndarray | Sequence[Sequence[int]],
    image_names: Sequence[str],
    class_names: Sequence[str],
    default_label: int = -1,
) -> LabelStore:
    """Build a store from an array with a label for every image and class.

    Args:
        labels: 1, 0 or -1, of shape (N, C).
        image_names: Names of the images, N of them.
        class_names: Names of the classes, C of them.
        default_label: The label that is not stored, 0 or -1.

    Returns:
        The store, in memory.

    Raises:
        ValueError: If the shape does not match the names, or a label is not 1, 0 or -1.
    """
    labels = np.asarray(labels)
    if labels.shape != (len(image_names), len(class_names)):
        raise ValueError(
            f"The 'labels' argument of label_store_from_array must be of shape ({len(image_names)}, "
            f"{len(class_names)}), the numbers of images and classes. Got {labels.shape} instead."
        )
    images, classes = np.nonzero(labels != default_label)
    return build_label_store(
        images, classes, labels[images, classes], image_names, class_names, default_label
    )


def select_classes(
    store: LabelStore, class_names: Sequence[str], source: str = "the annotations"
) -> LabelStore:
    """Keep only the given classes, in the given order.

    Args:
        store: The labels.
        class_names: Names from ``store.class_names``.
        source: Where the labels are from, for the error message.

    Returns:
        A store in memory, or ``store`` itself if nothing changes.

    Raises:
        ValueError: If a name is not among the classes, or is listed twice.
    """
    class_names = tuple(class_names)
    if class_names == store.class_names:
        return store
    position = {name: index for index, name in enumerate(store.class_names)}
    wrong = [(name, "not in the annotations") for name in class_names if name not in position]
    counts = Counter(class_names)
    wrong += [(name, "listed twice") for name, count in counts.items() if count > 1]
    if wrong:
        known = ", ".join(map(repr, store.class_names[:10])) + (" ..." if store.num_classes > 10 else "")
        raise ValueError(
            f"The 'classes' argument of the dataset must be different classes of {source} ({known}). Got "
            f"{wrong[0][0]!r}, which is {wrong[0][1]}, and {len(wrong) - 1} more such names instead."
        )
    new_index = np.full(store.num_classes, -1)
    new_index[[position[name] for name in class_names]] = np.arange(len(class_names))
    metadata = {
        key: [values[position[name]] for name in class_names] for key, values in store.class_metadata.items()
    }
    builder = StoreParts(class_names, store.default_label, metadata, store.num_simulations)
    for start in range(0, len(store), _CHUNK):
        rows = np.arange(start, min(start + _CHUNK, len(store)))
        images, classes, values = store.elements(rows)
        kept = new_index[classes] >= 0
        builder.add(images[kept], new_index[classes[kept]], values[kept], len(rows))
    builder.add_names(store, np.arange(len(store)))
    return builder.finish()


def filter_rows(
    store: LabelStore, rows: np.ndarray, min_positives: int = 0, min_known: int = 0
) -> np.ndarray:
    """Select the images that have enough labels.

    Args:
        store: The labels.
        rows: Rows of the candidate images, of shape (N,).
        min_positives: Minimum number of known positives.
        min_known: Minimum number of known labels, positive or negative.

    Returns:
        The selected elements of ``rows``, in their order.
    """
    chosen = [np.empty(0, dtype=np.int64)]
    for start in range(0, len(rows), _CHUNK):
        part = rows[start : start + _CHUNK]
        images, _, values = store.elements(part)
        positives, listed, unknown = (
            np.bincount(images[select], minlength=len(part))
            for select in (values == 1, values != -1, values == -1)
        )
        known = listed if store.default_label == -1 else store.num_classes - unknown
        chosen.append(part[(positives >= min_positives) & (known >= min_known)])
    return np.concatenate(chosen)


class StoreParts:
    """Collects the labels and names of consecutive groups of images and joins them into one store.

    Args:
        class_names: Names of the classes, C of them.
        default_label: Label of every class that is not listed for an image, 0 or -1. Labels of this value
            must not be added.
        class_metadata: See :class:`LabelStore`.
        num_simulations: See :class:`LabelStore`.

    Example:
        >>> from mmpretrain_imbalance.datasets import label_store_from_array
        >>> store = label_store_from_array([[1, 0], [-1, 1]], ['a.jpg', 'b.jpg'], ['cat', 'dog'])
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
        self._store_arguments = class_names, default_label, None, class_metadata, num_simulations
        self._num_classes = len(class_names)
        self._class_dtype = class_dtype(self._num_classes)
        self._classes: list[np.ndarray] = []
        self._values: list[np.ndarray] = []
        self._sizes: list[np.ndarray] = []
        self._names: list[np.ndarray] = []
        self._name_sizes: list[np.ndarray] = []

    def add(
        self,
        images: np.ndarray | Sequence[int],
        classes: np.ndarray | Sequence[int],
        values: np.ndarray | Sequence[int],
        num_images: int,
    ) -> None:
        """Append the labels of a group of images.

        Args:
            images: Index of each label's image within the group, of shape (E,), in any order.
            classes: Class of each label, of shape (E,).
            values: The labels, of shape (E,).
            num_images: Number of images of the group.
        """
        images, classes, values = np.asarray(images), np.asarray(classes), np.asarray(values)
        keys = images * self._num_classes + classes
        if not (keys[1:] > keys[:-1]).all():
            order = np.argsort(keys, kind="stable")
            images, classes, values = images[order], classes[order], values[order]
        self._sizes.append(np.bincount(images, minlength=num_images).astype(np.int32))
        self._classes.append(classes.astype(self._class_dtype))
        self._values.append(values.astype(np.int8))

    def add_names(self, store: LabelStore, rows: np.ndarray) -> None:
        """Append the names of a group of images.

        Args:
            store: Store that holds the names.
            rows: Rows of the images in ``store``, of shape (M,).
        """
        for name_bytes, sizes in store.names(rows):
            self._names.append(name_bytes)
            self._name_sizes.append(sizes)

    def finish(self) -> LabelStore:
        """Build the store from everything that was added.

        Returns:
            The store, in memory.
        """
        return LabelStore(
            _offsets(self._sizes),
            _joined(self._classes, self._class_dtype),
            _joined(self._values, np.int8),
            _joined(self._names, np.uint8),
            _offsets(self._name_sizes),
            *self._store_arguments,
        )


def class_dtype(num_classes: int) -> type:
    """Return the type of class indices in a store: uint16 up to 65,536 classes, int32 for more."""
    return np.uint16 if num_classes <= 2**16 else np.int32


def _encoded(names: Sequence[str]) -> list[bytes]:
    try:
        return [name.encode() for name in names]
    except UnicodeEncodeError as error:
        raise ValueError(
            "The 'image_names' argument of build_label_store must be text that UTF-8 can represent. Got "
            f"{shown(error.object)} instead."
        ) from None


def _joined(arrays: list[np.ndarray], dtype: type) -> np.ndarray:
    # A single array is not copied: it may be mapped from a file that several processes share.
    return arrays[0] if len(arrays) == 1 else np.concatenate([np.empty(0, dtype), *arrays])


def _offsets(sizes: list[np.ndarray]) -> np.ndarray:
    offsets = np.zeros(sum(map(len, sizes)) + 1, dtype=np.int64)
    end = 1
    for part in sizes:
        np.cumsum(part, out=offsets[end : end + len(part)])
        offsets[end : end + len(part)] += offsets[end - 1]
        end += len(part)
    return offsets
