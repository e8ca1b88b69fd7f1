"""Joining of label store rows that belong to one image."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from .build import StoreParts
from .store import LabelStore

_CHUNK = 2**22  # labels, or elements of a dense matrix, per step


def join_rows(
    store: LabelStore, first: np.ndarray, on_conflict: Callable[[int, int, int], int]
) -> LabelStore:
    """Join all rows of each image; a label of the image is known if it is known in any of its rows.

    Args:
        store: The labels.
        first: First row of each row's image, of shape (N,).
        on_conflict: Called where rows of an image contradict each other, with the class, a row in which it is
            positive and a row in which it is negative. Returns the label to use, 1, 0 or -1.

    Returns:
        A store with one row per image, in the order of the first rows.
    """
    order = np.argsort(first, kind="stable")
    heads, starts = np.unique(first[order], return_index=True)
    ends = np.r_[starts[1:], len(order)]
    parts = StoreParts(store.class_names, store.default_label, store.class_metadata, store.num_simulations)
    size = store.num_classes if store.default_label == 0 else store.num_listed // max(1, len(store)) + 1
    step = max(1, _CHUNK // size)
    for begin in range(0, len(heads), step):
        block = slice(begin, begin + step)
        rows = order[starts[block][0] : ends[block][-1]]
        image_of_row = np.repeat(np.arange(len(heads[block])), (ends - starts)[block])
        known = store.known_elements(rows)
        joined = _join_labels(rows, image_of_row, known, store.num_classes, on_conflict)
        if store.default_label == 0:
            joined = not_negative(*joined, len(heads[block]), store.num_classes)
        parts.add(*joined, len(heads[block]))
    parts.add_names(store, heads)
    return parts.finish()


def _join_labels(
    rows: np.ndarray,
    image_of_row: np.ndarray,
    elements: Sequence[np.ndarray],
    num_classes: int,
    on_conflict: Callable[[int, int, int], int],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    positions, classes, values = elements  # positions within `rows`
    keys, groups = np.unique(image_of_row[positions] * num_classes + classes, return_inverse=True)
    groups = groups.reshape(-1)
    positives = np.bincount(groups, values == 1, minlength=len(keys)) > 0
    negatives = np.bincount(groups, values == 0, minlength=len(keys)) > 0
    labels = positives.astype(np.int8)
    order = np.argsort(groups, kind="stable")
    ends = np.cumsum(np.bincount(groups, minlength=len(keys)))
    for key in np.flatnonzero(positives & negatives):
        members = order[ends[key - 1] if key else 0 : ends[key]]
        positive, negative = (int(rows[positions[members[values[members] == value][0]]]) for value in (1, 0))
        labels[key] = on_conflict(int(keys[key]) % num_classes, positive, negative)
    known = labels != -1
    return keys[known] // num_classes, keys[known] % num_classes, labels[known]


def not_negative(
    images: np.ndarray, classes: np.ndarray, values: np.ndarray, num_images: int, num_classes: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """List the positive and unknown labels of images whose known labels are given.

    Args:
        images: Image index of each known label, of shape (E,).
        classes: Class of each known label, of shape (E,).
        values: The known labels, 1 or 0, of shape (E,).
        num_images: Number of images.
        num_classes: Number of classes.

    Returns:
        Image indices, classes and values of all labels that are not negative, sorted by image and class.
    """
    dense = np.full((num_images, num_classes), -1, dtype=np.int8)
    dense[images, classes] = values
    images, classes = np.nonzero(dense)
    return images, classes, dense[images, classes]
