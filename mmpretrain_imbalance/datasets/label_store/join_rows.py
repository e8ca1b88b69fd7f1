"""One row of a label store for an image that has several rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from .build import StoreParts
from .store import LabelStore

_CHUNK = 2**22  # labels, or cells of a table, that are worked on at once


def join_rows(
    store: LabelStore, first: np.ndarray, on_conflict: Callable[[int, int, int], int]
) -> LabelStore:
    """Make one image of all rows that have the same first one: what any of them knows is known.

    Args:
        store: The labels.
        first: First row of each row's image, of shape (N,).
        on_conflict: Called with a class, a row of an image that says positive and one that says negative;
            gives the label that the class gets, 1, 0 or -1.

    Returns:
        The store of the rows that are their own first one, in their order.
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
        places, classes, values = store.known_elements(rows)
        joined = _joined(rows, image_of_row, (places, classes, values), store.num_classes, on_conflict)
        if store.default_label == 0:
            joined = not_negative(*joined, len(heads[block]), store.num_classes)
        parts.add(*joined, len(heads[block]))
    parts.add_names(store, heads)
    return parts.finish()


def _joined(
    rows: np.ndarray,
    image_of_row: np.ndarray,
    elements: Sequence[np.ndarray],
    num_classes: int,
    on_conflict: Callable[[int, int, int], int],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    places, classes, values = elements
    keys, groups = np.unique(image_of_row[places] * num_classes + classes, return_inverse=True)
    groups = groups.reshape(-1)
    positives = np.bincount(groups, values == 1, minlength=len(keys)) > 0
    negatives = np.bincount(groups, values == 0, minlength=len(keys)) > 0
    labels = positives.astype(np.int8)
    order = np.argsort(groups, kind="stable")
    ends = np.cumsum(np.bincount(groups, minlength=len(keys)))
    for key in np.flatnonzero(positives & negatives):
        own = order[ends[key - 1] if key else 0 : ends[key]]
        positive, negative = (int(rows[places[own[values[own] == value][0]]]) for value in (1, 0))
        labels[key] = on_conflict(int(keys[key]) % num_classes, positive, negative)
    known = labels != -1
    return keys[known] // num_classes, keys[known] % num_classes, labels[known]


def not_negative(
    places: np.ndarray, classes: np.ndarray, values: np.ndarray, num_images: int, num_classes: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """List the positive and unknown labels of some images whose known labels are given.

    Args:
        places: Place of each known label's image, of shape (E,).
        classes: Its class, of shape (E,).
        values: 1 or 0, of shape (E,).
        num_images: Number of the images.
        num_classes: Number of classes.

    Returns:
        Places, classes and labels of what is not negative, in the order of images and classes.
    """
    table = np.full((num_images, num_classes), -1, dtype=np.int8)
    table[places, classes] = values
    places, classes = np.nonzero(table)
    return places, classes, table[places, classes]
