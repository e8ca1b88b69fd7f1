"""Label counts, label chunks, label store and search by label for all supported datasets and wrappers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from mmengine.dataset import BaseDataset

from .base import LabelStoreDataset
from .label_store.build import build_label_store
from .label_store.counts import LabelCounts
from .label_store.store import LabelStore
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

_CHUNK = 2**20  # labels per chunk


class LabelChunk(NamedTuple):
    """Labels of M samples of one underlying dataset.

    Attributes:
        positions: Positions of these samples in the outermost dataset, of shape (M,).
        samples: Index of each listed label's sample in ``positions``, of shape (E,).
        classes: Class of each listed label, int64 of shape (E,).
        values: The listed labels, 1, 0 or -1, int8 of shape (E,).
        default_label: Label of every class that is not listed for a sample, 0 or -1.
    """

    positions: np.ndarray
    samples: np.ndarray
    classes: np.ndarray
    values: np.ndarray
    default_label: int


def label_counts(dataset: Any) -> LabelCounts:
    """Count the labels per class that training on a dataset uses in one epoch. No image is loaded.

    Repeated samples count repeatedly. Labels of datasets of this package are read from their label store,
    labels of other datasets by ``get_data_info`` (``gt_score``, or else ``gt_label`` with all other classes
    negative).

    Args:
        dataset: A dataset of OpenMMLab, or ConcatDataset, RepeatDataset, ClassBalancedDataset, KFoldDataset,
            SimulatePartialLabels or ``torch.utils.data.Subset`` around datasets, nested in any order.

    Returns:
        The numbers of positive, negative and unknown labels per class.

    Raises:
        TypeError: If the labels of a nested dataset cannot be read.
        ValueError: If nested datasets differ in their classes or class order, or a label is not 1, 0 or -1.

    Example:
        >>> from mmpretrain_imbalance.datasets import MultiDigits
        >>> counts = label_counts(MultiDigits(num_images=100))
        >>> bool((counts.positives + counts.negatives == 100).all())
        True
    """
    if hasattr(dataset, "label_counts"):
        initialize(dataset)
        counts: LabelCounts = dataset.label_counts()
        return counts
    leaves = resolve_wrapped_indices(dataset)
    check_one_class_list((class_names(part.leaf) for part in leaves), "label_counts")
    parts = [_leaf_counts(part.leaf, part.indices) for part in leaves]
    if not parts:
        raise ValueError(
            "The 'dataset' argument of label_counts must be a dataset with samples. Got no samples instead."
        )
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def label_chunks(dataset: Any) -> Iterator[LabelChunk]:
    """Iterate over the labels of a dataset in chunks of bounded size, without a dense N x C matrix.

    Args:
        dataset: A dataset or wrapper that :func:`label_counts` supports.

    Yields:
        The labels of some samples. All ``positions`` together are the integers from 0 to len(dataset) - 1.

    Raises:
        TypeError: If the labels of a nested dataset cannot be read.
        ValueError: If nested datasets differ in their classes or class order.

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


def dataset_label_store(dataset: Any) -> LabelStore:
    """Collect the labels of a dataset in a store whose row n is sample n of the dataset. No image is loaded.

    Args:
        dataset: A dataset or wrapper that :func:`label_counts` supports, with class names.

    Returns:
        The label store of the dataset itself if its rows are the samples, otherwise a new store in memory.
        The image names are those of the annotations, or the paths of the images of other datasets.

    Raises:
        TypeError: If the labels of a nested dataset cannot be read.
        ValueError: If nested datasets differ in their classes or class order.

    Example:
        >>> from torch.utils.data import Subset
        >>> from mmpretrain_imbalance.datasets import MultiDigits
        >>> store = dataset_label_store(Subset(MultiDigits(num_images=100), [7, 2]))
        >>> len(store), store.image_name(0)
        (2, 'train_000007')
    """
    if isinstance(dataset, LabelStoreDataset):
        initialize(dataset)
        if np.array_equal(dataset.rows, np.arange(len(dataset.label_store))):
            return dataset.label_store
    parts = resolve_wrapped_indices(dataset)
    check_one_class_list((class_names(part.leaf) for part in parts), "dataset_label_store")
    names = np.empty(sum(len(part.indices) for part in parts), dtype=object)
    sources = [_source(part) for part in parts]
    # A store has one default label. If the parts differ in it, all known labels are listed.
    defaults = {source.store.default_label for source in sources}
    images, classes, values = ([np.empty(0, np.int64)] for _ in range(3))
    for part, source in zip(parts, sources):
        names[part.positions] = [source.store.image_name(row) for row in source.rows.tolist()]
        elements = source.store.elements if len(defaults) == 1 else source.store.known_elements
        samples, listed, labels = elements(source.rows)
        images.append(part.positions[samples])
        classes.append(listed)
        values.append(labels)
    return build_label_store(
        np.concatenate(images),
        np.concatenate(classes),
        np.concatenate(values),
        names.tolist(),
        class_names(dataset) or (),
        defaults.pop() if len(defaults) == 1 else -1,
    )


def images_with_labels(dataset: Any, wanted: Mapping[int, int]) -> np.ndarray:
    """Find the samples that have all given labels.

    Args:
        dataset: A dataset or wrapper that :func:`label_counts` supports.
        wanted: Required label (1, 0 or -1) by class index; classes that are not given can have any label.

    Returns:
        Indices of the samples in the dataset, in ascending order.

    Example:
        >>> from mmpretrain_imbalance.datasets import MultiDigits
        >>> images_with_labels(MultiDigits(num_images=100), {0: 1, 4: 1, 2: 0})[:3]
        array([ 9, 16, 39])
    """
    found = [np.empty(0, dtype=np.int64)]
    for chunk in label_chunks(dataset):
        matches = np.ones(len(chunk.positions), dtype=bool)
        for class_index, label in wanted.items():
            labels = np.full(len(matches), chunk.default_label, dtype=np.int8)
            listed = chunk.classes == class_index
            labels[chunk.samples[listed]] = chunk.values[listed]
            matches &= labels == label
        found.append(chunk.positions[matches])
    return np.sort(np.concatenate(found))


def _leaf_counts(leaf: BaseDataset, indices: np.ndarray) -> LabelCounts:
    if hasattr(leaf, "label_counts"):
        counts: LabelCounts = leaf.label_counts(indices)
        return counts
    # Repeated samples are read once.
    samples, repeats = np.unique(indices, return_counts=True)
    labels = mmpretrain_labels(leaf, samples)
    num_classes, weights = num_classes_of(leaf), repeats[labels.samples]
    positives, unknown = (
        np.bincount(labels.classes[chosen], weights[chosen], minlength=num_classes).astype(np.int64)
        for chosen in (labels.values == 1, labels.values == -1)
    )
    return LabelCounts(positives, len(indices) - positives - unknown, unknown)


def _source(part: WrappedIndices) -> LabelSource:
    if isinstance(part.leaf, LabelStoreDataset):
        return label_source(part.leaf, part.indices)
    # Samples of an MMPretrain dataset that a wrapper repeats are read once.
    samples, inverse = np.unique(part.indices, return_inverse=True)
    source = label_source(part.leaf, samples)
    return source._replace(rows=source.rows[inverse.reshape(-1)])
