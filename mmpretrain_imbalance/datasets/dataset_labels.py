"""Labels of any dataset: counted per class, read in bounded chunks, searched for images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from mmengine.dataset import BaseDataset

from .base import LabelStoreDataset
from .label_store.counts import LabelCounts
from .simulate_store import LabelSource, label_source
from .wrapped import (
    WrappedIndices,
    check_one_class_list,
    class_names,
    initialize,
    mmpretrain_labels,
    num_classes_of,
    resolve_wrapped_indices,
)


def label_counts(dataset: Any) -> LabelCounts:
    """Count the labels that training on a dataset sees in one epoch. No image is loaded.

    Repeated samples count as often as they are repeated. Our own datasets answer from their label store;
    datasets of MMPretrain are asked for ``get_data_info`` (``gt_score``, else ``gt_label`` with every other
    class negative).

    Args:
        dataset: A dataset of OpenMMLab, or ConcatDataset, RepeatDataset, ClassBalancedDataset, KFoldDataset,
            SimulatePartialLabels or ``torch.utils.data.Subset`` around datasets, nested in any order.

    Returns:
        The counts of each class.

    Raises:
        TypeError: If the labels of a dataset in the nest cannot be read.
        ValueError: If the parts differ in their classes or their order, or a label is none of 1, 0 and -1.

    Example:
        >>> from mmpretrain_imbalance.datasets import MultiDigits
        >>> counts = label_counts(MultiDigits(num_images=100))
        >>> bool((counts.positives + counts.negatives == 100).all())
        True
    """
    if hasattr(dataset, "label_counts"):
        initialize(dataset)
        return dataset.label_counts()
    leaves = resolve_wrapped_indices(dataset)
    check_one_class_list((class_names(part.leaf) for part in leaves), "label_counts")
    parts = [_leaf_counts(part.leaf, part.indices) for part in leaves]
    if not parts:
        raise ValueError(
            "The 'dataset' argument of label_counts must be a dataset with samples. Got none instead."
        )
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def _leaf_counts(leaf: BaseDataset, indices: np.ndarray) -> LabelCounts:
    if hasattr(leaf, "label_counts"):
        return leaf.label_counts(indices)
    # A sample that is repeated is read once.
    samples, repeats = np.unique(indices, return_counts=True)
    labels = mmpretrain_labels(leaf, samples)
    num_classes, weights = num_classes_of(leaf), repeats[labels.samples]
    positives, unknown = (
        np.bincount(labels.classes[chosen], weights[chosen], minlength=num_classes).astype(np.int64)
        for chosen in (labels.values == 1, labels.values == -1)
    )
    return LabelCounts(positives, len(indices) - positives - unknown, unknown)


_CHUNK = 2**20  # labels that are worked on at once


class LabelChunk(NamedTuple):
    """Labels of M images in a row of one underlying dataset.

    Attributes:
        positions: Where these images stand in the outermost dataset, of shape (M,).
        places: Place of each listed label's image in ``positions``, of shape (E,).
        classes: Class of each listed label, int64 of shape (E,).
        values: 1, 0 or -1, int8 of shape (E,).
        default_label: Label of every class that an image does not list, 0 or -1.
    """

    positions: np.ndarray
    places: np.ndarray
    classes: np.ndarray
    values: np.ndarray
    default_label: int


def label_chunks(dataset: Any) -> Iterator[LabelChunk]:
    """Go through the labels of a dataset in bounded parts. No image and no table (N, C) is made.

    Args:
        dataset: Whatever :func:`label_counts` takes, wrappers included.

    Yields:
        The labels of some images; all ``positions`` together are 0 .. len(dataset) - 1, each once.

    Raises:
        TypeError: If the labels of a dataset in the nest cannot be read.
        ValueError: If the datasets in the nest differ in their classes or their order.

    Example:
        >>> from mmpretrain_imbalance.datasets import MultiDigits
        >>> (chunk,) = label_chunks(MultiDigits(num_images=100))
        >>> len(chunk.positions), int((chunk.values == 1).sum()) == len(chunk.classes)
        (100, True)
    """
    parts = resolve_wrapped_indices(dataset)
    check_one_class_list((class_names(part.leaf) for part in parts), "label_chunks")
    for part in parts:
        source = _source(part)
        mean_size = source.store.num_listed // max(1, len(source.store)) + 1
        step = max(1, _CHUNK // mean_size)
        for start in range(0, len(source.rows), step):
            chosen = slice(start, start + step)
            elements = source.store.elements(source.rows[chosen])
            yield LabelChunk(part.positions[chosen], *elements, source.store.default_label)


def _source(part: WrappedIndices) -> LabelSource:
    if isinstance(part.leaf, LabelStoreDataset):
        return label_source(part.leaf, part.indices)
    # A sample of a host dataset that a wrapper repeats is read once.
    samples, places = np.unique(part.indices, return_inverse=True)
    source = label_source(part.leaf, samples)
    return source._replace(rows=source.rows[places.reshape(-1)])


def images_with_labels(dataset: Any, wanted: Mapping[int, int]) -> np.ndarray:
    """Find the images that have all these labels.

    Args:
        dataset: Whatever :func:`label_counts` takes, wrappers included.
        wanted: For some classes by index, the label that the images must have: 1, 0 or -1.

    Returns:
        Indices into the dataset, in rising order; all images where nothing is wanted.

    Example:
        >>> from mmpretrain_imbalance.datasets import MultiDigits
        >>> images_with_labels(MultiDigits(num_images=100), {0: 1, 4: 1, 2: 0})[:3]
        array([39, 40, 45])
    """
    found = [np.empty(0, dtype=np.int64)]
    for chunk in label_chunks(dataset):
        fits = np.ones(len(chunk.positions), dtype=bool)
        for class_index, label in wanted.items():
            labels = np.full(len(fits), chunk.default_label, dtype=np.int8)
            own = chunk.classes == class_index
            labels[chunk.places[own]] = chunk.values[own]
            fits &= labels == label
        found.append(chunk.positions[fits])
    return np.sort(np.concatenate(found))
