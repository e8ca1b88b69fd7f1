"""Change of the label that a store does not list, so that the store becomes smaller."""

from __future__ import annotations

import numpy as np

from .build import StoreParts
from .store import LabelStore

_CHUNK = 2**20  # elements per step


def with_shorter_lists(store: LabelStore) -> LabelStore:
    """Return the same labels with the default label, 0 or -1, that leaves fewer labels to list.

    A CSV file lists each known label. If most labels are known negatives, a store with the default label 0
    lists only the others, and batches are made faster.

    Args:
        store: The labels.

    Returns:
        A store in memory, or ``store`` itself if its lists are the shorter ones.

    Example:
        >>> from mmpretrain_imbalance.datasets import label_store_from_array
        >>> store = label_store_from_array([[1, 0, 0], [0, -1, 0]], ['a.jpg', 'b.jpg'], ['cat', 'dog', 'elk'])
        >>> shorter = with_shorter_lists(store)
        >>> store.num_listed, shorter.num_listed, shorter.dense(1)
        (5, 2, array([ 0., -1.,  0.], dtype=float32))
    """
    counts = store.label_counts()
    default_label = 0 if counts.negatives.sum() > counts.unknown.sum() else -1
    if default_label == store.default_label:
        return store
    parts = StoreParts(store.class_names, default_label, store.class_metadata, store.num_simulations)
    step = max(1, _CHUNK // max(1, store.num_classes))
    for start in range(0, len(store), step):
        rows = np.arange(start, min(start + step, len(store)))
        labels = store.dense_rows(rows)
        images, classes = np.nonzero(labels != default_label)
        parts.add(images, classes, labels[images, classes], len(rows))
    parts.add_names(store, np.arange(len(store)))
    return parts.finish()
