"""Simulation of partial labels for complete label stores, in chunks of bounded size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from mmengine.dataset import BaseDataset

from ..functional.simulation import element_random_numbers, simulate_elements
from .base import LabelStoreDataset
from .label_store.build import StoreParts, build_label_store
from .label_store.store import LabelStore
from .wrapped import check_one_class_list, mmpretrain_labels

_CHUNK = 2**20  # labels per chunk


class LabelSource(NamedTuple):
    """Labels of samples of one dataset.

    Attributes:
        store: Store that holds the labels.
        rows: Row of each sample in the store, of shape (M,).
        sample_ids: Index of each sample in its full dataset, of shape (M,).
        origin: Number of the full dataset. Samples with equal origins and equal ids are the same sample.
    """

    store: LabelStore
    rows: np.ndarray
    sample_ids: np.ndarray
    origin: int


def label_source(dataset: BaseDataset, indices: np.ndarray, origin: int = 0) -> LabelSource:
    """Read the labels of samples of one dataset that is not a wrapper.

    Args:
        dataset: A dataset of this package, whose label store is not copied, or a dataset of MMPretrain, whose
            samples are read one by one.
        indices: Indices of the samples, of shape (M,).
        origin: Number of the full dataset among the datasets that are simulated together.

    Returns:
        The labels.
    """
    ids = sample_ids(dataset, indices)
    if isinstance(dataset, LabelStoreDataset):
        return LabelSource(dataset.label_store, ids, ids, origin)
    labels = mmpretrain_labels(dataset, indices)
    names, class_names = labels.image_paths, dataset.metainfo["classes"]
    store = build_label_store(
        labels.samples, labels.classes, labels.values, names, class_names, default_label=0
    )
    return LabelSource(store, np.arange(len(indices)), ids, origin)


def sample_ids(dataset: BaseDataset, indices: np.ndarray) -> np.ndarray:
    """Find the indices of samples in the full dataset; they differ if ``dataset`` is a subset.

    Args:
        dataset: A dataset that is not a wrapper.
        indices: Indices in ``dataset``, of shape (M,).

    Returns:
        Indices in the full dataset, of shape (M,).
    """
    return dataset.rows[indices] if isinstance(dataset, LabelStoreDataset) else indices


def origin_numbers(leaves: Sequence[BaseDataset]) -> dict[int, int]:
    """Number the full datasets; subsets that share a label store belong to the same full dataset.

    Args:
        leaves: Datasets that are not wrappers.

    Returns:
        The number of the full dataset, by ``id`` of the dataset.
    """
    stores = {id(leaf): id(getattr(leaf, "label_store", leaf)) for leaf in leaves}
    numbers = {store: number for number, store in enumerate(dict.fromkeys(stores.values()))}
    return {leaf: numbers[store] for leaf, store in stores.items()}


def simulate_store(
    sources: Sequence[LabelSource], protocol: str, amount: float | None, seed: int
) -> LabelStore:
    """Hide labels of all sources.

    Args:
        sources: The labels.
        protocol: Name of the protocol.
        amount: The argument of the protocol.
        seed: Seed of the random choice of labels.

    Returns:
        The new labels; row n is sample n of all sources, concatenated. The store counts one more simulation
        than the sources, so that a further simulation makes a new random choice even with the same seed.

    Raises:
        ValueError: If the sources differ in their classes.
    """
    first = sources[0].store
    check_one_class_list((source.store.class_names for source in sources), "SimulatePartialLabels")
    # 'drop_positives' replaces positives by negatives; the other protocols create unknown labels.
    default_is_negative = protocol == "drop_positives" and all(
        source.store.default_label == 0 for source in sources
    )
    default_label = 0 if default_is_negative else -1
    rule = protocol, amount, seed
    num_simulations = 1 + max(source.store.num_simulations for source in sources)
    parts = StoreParts(first.class_names, default_label, first.class_metadata, num_simulations)
    if protocol == "fpc":
        images, _, classes, values = _fixed_per_class(
            _chunks(sources, protocol, default_label), rule, first.num_classes
        )
        parts.add(images, classes, values, sum(len(source.rows) for source in sources))
    else:
        for chunk in _chunks(sources, protocol, default_label):
            images, _, classes, values = _apply(chunk.labels, rule, default_label)
            parts.add(images - chunk.start, classes, values, chunk.num_images)
    for source in sources:
        parts.add_names(source.store, source.rows)
    return parts.finish()


_Rule = tuple[str, Any, int]  # protocol, its amount, seed


class _Chunk(NamedTuple):
    """Consecutive images with the image index, sample id, class and value of each of their labels."""

    start: int
    num_images: int
    labels: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def _chunks(sources: Sequence[LabelSource], protocol: str, default_label: int) -> Iterator[_Chunk]:
    """Iterate over all images in chunks, with the labels that the protocol needs."""
    start = 0
    for source in sources:
        store = source.store
        listed_is_enough = (
            store.default_label == -1
            or protocol == "single_positive"
            or (protocol == "drop_positives" and default_label == 0)
        )
        read = store.elements if listed_is_enough else store.known_elements
        mean_size = store.num_listed // max(1, len(store)) + 1 if listed_is_enough else store.num_classes
        step = max(1, _CHUNK // mean_size)
        # Ids differ between datasets and between repeated simulations, and so do their random numbers.
        id_offset = (source.origin << 40) + (store.num_simulations << 56)
        for first in range(0, len(source.rows), step):
            rows = source.rows[first : first + step]
            positions, classes, values = read(rows)
            ids = source.sample_ids[first : first + step] + id_offset
            yield _Chunk(start, len(rows), (start + positions, ids[positions], classes, values))
            start += len(rows)


def _apply(labels: tuple[np.ndarray, ...], rule: _Rule, default_label: int) -> tuple[np.ndarray, ...]:
    """Apply the protocol to labels, and leave out those that then equal the default label."""
    images, ids, classes, values = labels
    known = values != -1
    new_values = values.copy()
    new_values[known] = simulate_elements(ids[known], classes[known], values[known], *rule)
    listed = new_values != default_label
    return images[listed], ids[listed], classes[listed], new_values[listed]


def _fixed_per_class(chunks: Iterator[_Chunk], rule: _Rule, num_classes: int) -> tuple[np.ndarray, ...]:
    """Apply 'fpc', which selects labels over all images; collected labels are reduced when they double."""
    _, amount, seed = rule
    parts: list[tuple[np.ndarray, ...]] = []
    size, limit = 0, 2 * _CHUNK
    # Largest random number, per class and value, with which a label can still be selected.
    largest = np.full(2 * num_classes, np.inf)
    for chunk in chunks:
        _, ids, classes, values = chunk.labels
        candidates = values != -1
        candidates[candidates] = (
            element_random_numbers(ids[candidates], classes[candidates], seed)
            <= largest[classes[candidates] * 2 + values[candidates]]
        )
        parts.append(tuple(array[candidates] for array in chunk.labels))
        size += len(parts[-1][0])
        if size > limit:
            parts = [_apply(tuple(map(np.concatenate, zip(*parts))), rule, -1)]
            _, ids, classes, values = parts[0]
            size, limit = len(ids), 2 * len(ids) + 2 * _CHUNK
            groups = classes * 2 + values
            largest[:] = -np.inf
            np.maximum.at(largest, groups, element_random_numbers(ids, classes, seed))
            largest[np.bincount(groups, minlength=len(largest)) < amount] = np.inf
    return _apply(tuple(map(np.concatenate, zip(*parts))), rule, -1)
