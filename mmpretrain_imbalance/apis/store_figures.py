"""Figures of a label store that the choice of a method and arguments of losses depend on."""

from __future__ import annotations

import numpy as np

from ..datasets.label_store.store import LabelStore
from ..functional.method_advice import LabelFigures, label_figures


def store_figures(labels: LabelStore, rows: np.ndarray | None = None) -> LabelFigures:
    """Compute the figures of the labels of a training set.

    Args:
        labels: The labels.
        rows: Rows of the training images; None for all.

    Returns:
        The figures.

    Example:
        >>> from mmpretrain_imbalance.datasets import label_store_from_array
        >>> store = label_store_from_array([[1, 0], [1, -1]], ["a.jpg", "b.jpg"], ["cat", "dog"])
        >>> figures = store_figures(store)
        >>> figures.known_fraction, figures.single_positive
        (0.75, True)
    """
    counts = labels.label_counts() if rows is None else labels.label_counts(rows)
    per_image = positives_per_image(labels, np.arange(len(labels)) if rows is None else rows)
    return label_figures(counts.positives, counts.negatives, counts.unknown, per_image)


def positives_per_image(labels: LabelStore, rows: np.ndarray) -> np.ndarray:
    """Count the images with 0, 1, 2, ... known positives.

    Args:
        labels: The labels.
        rows: Rows of the images.

    Returns:
        The numbers of images.
    """
    images, _, values = labels.elements(rows)
    return np.bincount(np.bincount(images[values == 1], minlength=len(rows)))
