"""Simulated partial labels of whole label stores, in bounded parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from mmengine.dataset import BaseDataset

from ..functional.simulation import element_random_numbers, simulate_elements
from .base import LabelStoreDataset
from .label_store.build import StoreParts, build_label_store
from .label_store.store import LabelStore
from .wrapped import check_one_class_list, mmpretrain_labels

_CHUNK = 2**20  # labels that are worked on at once


class LabelSource(NamedTuple):
    """The labels of some samples of one dataset.

    Attributes:
        store: Where the labels are.
        rows: Rows of the store, of shape (M,).
        sample_ids: Index of each sample in its full dataset, of shape (M,).
        origin: Number of the full dataset: samples of one origin with one id are the same sample.
    """

    store: LabelStore
    rows: np.ndarray
    sample_ids: np.ndarray
    origin: int


def label_source(dataset: BaseDataset, indices: np.ndarray, origin: int = 0) -> LabelSource:
    """Read the labels of samples of one dataset that is no wrapper.

    Args:
        dataset: A dataset of ours, which is read in place, or of MMPretrain, which is asked sample by sample.
        indices: Indices of the samples, of shape (M,).
        origin: Number of the full dataset among those that are simulated together.

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
    """Find the index of samples in the full dataset, where ``dataset`` is a subset that knows.

    Args:
        dataset: A dataset that is no wrapper.
        indices: Indices into it, of shape (M,).

    Returns:
        Indices in the full dataset, of shape (M,).
    """
    return dataset.rows[indices] if isinstance(dataset, LabelStoreDataset) else indices


def origin_numbers(leaves: Sequence[BaseDataset]) -> dict[int, int]:
    """Number full datasets in the order of a nest; subsets that share a label store are of one of them.

    Args:
        leaves: Datasets that are no wrappers.

    Returns:
        The number by the ``id`` of each dataset.
    """
    stores = {id(leaf): id(getattr(leaf, "label_store", leaf)) for leaf in leaves}
    numbers = {store: number for number, store in enumerate(dict.fromkeys(stores.values()))}
    return {leaf: numbers[store] for leaf, store in stores.items()}


def simulate_store(
    sources: Sequence[LabelSource], protocol: str, amount: float | None, seed: int
) -> LabelStore:
    """Make the labels of all sources partial.

    Args:
        sources: The labels, one source after the other.
        protocol: Name of the protocol.
        amount: The argument of the protocol.
        seed: Another seed gives other labels.

    Returns:
        The new labels; image n of the store is sample n of all sources in a row. The store counts one
        simulation more than its source, which then draws anew, whatever its seed.

    Raises:
        ValueError: If the sources differ in their classes.
    """
    first = sources[0].store
    check_one_class_list((source.store.class_names for source in sources), "SimulatePartialLabels")
    # A dropped positive is a negative like any other; the other protocols leave unknown labels.
    negative_is_rule = protocol == "drop_positives" and all(
        source.store.default_label == 0 for source in sources
    )
    default_label = 0 if negative_is_rule else -1
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


class _Chunk(NamedTuple):
    """Some images in a row, and their labels: image, sample id, class and value of each."""

    start: int
    num_images: int
    labels: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def _chunks(sources: Sequence[LabelSource], protocol: str, default_label: int) -> Iterator[_Chunk]:
    """Go through all images in parts, with the labels of each part that the protocol must see."""
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
        # Samples of different datasets, and of a simulation, have different ids and so different draws.
        apart = (source.origin << 40) + (store.num_simulations << 56)
        for first in range(0, len(source.rows), step):
            rows = source.rows[first : first + step]
            places, classes, values = read(rows)
            ids = source.sample_ids[first : first + step] + apart
            yield _Chunk(start, len(rows), (start + places, ids[places], classes, values))
            start += len(rows)


def _apply(labels: tuple[np.ndarray, ...], rule: tuple, default_label: int) -> tuple[np.ndarray, ...]:
    """What the protocol makes of some labels, without those that are unlisted from now on."""
    images, ids, classes, values = labels
    known = values != -1
    new_values = values.copy()
    new_values[known] = simulate_elements(ids[known], classes[known], values[known], *rule)
    listed = new_values != default_label
    return images[listed], ids[listed], classes[listed], new_values[listed]


def _fixed_per_class(chunks: Iterator[_Chunk], rule: tuple, num_classes: int) -> tuple[np.ndarray, ...]:
    """What 'fpc' keeps. A class must see the labels of all images: they are thinned out when they doubled."""
    _, amount, seed = rule
    parts, size, limit = [], 0, 2 * _CHUNK
    largest = np.full(2 * num_classes, np.inf)  # draw beyond which nothing of a class and value can stay
    for chunk in chunks:
        _, ids, classes, values = chunk.labels
        near = values != -1
        near[near] = (
            element_random_numbers(ids[near], classes[near], seed)
            <= largest[classes[near] * 2 + values[near]]
        )
        parts.append(tuple(array[near] for array in chunk.labels))
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
