"""Labels of several sources in one label store: their classes, their shared images, their conflicts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

import numpy as np

from ..functional.labels import LABEL_WORDS
from .class_map import ClassMap
from .label_store.build import StoreParts
from .label_store.join_rows import not_negative
from .label_store.store import LabelStore
from .simulate_store import LabelSource

_CHUNK = 2**22  # labels, or cells of a table, that are worked on at once


def merge_labels(
    sources: Sequence[LabelSource], maps: Sequence[ClassMap], class_names: Sequence[str]
) -> LabelStore:
    """Put the labels of all sources under one class list.

    Where several classes of a source become one, it is their union: positive where any of them is positive,
    negative where all of them are, unknown otherwise. A class of which only the positives count is a part of
    a wider class: that it is absent says nothing about the wider one. What a source does not annotate is
    unknown.

    Args:
        sources: The labels, one source after the other.
        maps: For each source, which class each of its classes becomes.
        class_names: Names of the merged classes, C of them.

    Returns:
        The labels; image n of the store is sample n of all sources in a row. Unlisted are unknown or
        negative labels, whichever are more.
    """
    default_label = _commoner_label(sources, maps, len(class_names))
    parts = StoreParts(
        class_names, default_label, num_simulations=max(source.store.num_simulations for source in sources)
    )
    for source, class_map in zip(sources, maps):
        for rows in _row_blocks(source, len(class_names), default_label):
            merged = _merge(*source.store.known_elements(rows), class_map, len(class_names))
            if default_label == 0:
                merged = not_negative(*merged, len(rows), len(class_names))
            parts.add(*merged, len(rows))
        parts.add_names(source.store, source.rows)
    return parts.finish()


def _merge(
    places: np.ndarray, classes: np.ndarray, values: np.ndarray, class_map: ClassMap, num_classes: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Known labels under the new classes, in the order of images and classes."""
    targets = class_map.targets[classes]
    kept = (targets >= 0) & (values != -1) & ((values == 1) | ~class_map.positives_only[classes])
    keys, groups = np.unique(places[kept] * num_classes + targets[kept], return_inverse=True)
    groups = groups.reshape(-1)
    positives = np.bincount(groups, values[kept] == 1, minlength=len(keys))
    listed = np.bincount(groups, minlength=len(keys))
    # Source classes behind each merged class: all must be known to be absent, also those that only add.
    parts = np.bincount(class_map.targets[class_map.targets >= 0], minlength=num_classes)
    known = (positives > 0) | (listed == parts[keys % num_classes])
    keys, labels = keys[known], (positives > 0)[known].astype(np.int8)
    return keys // num_classes, keys % num_classes, labels


def _commoner_label(sources: Sequence[LabelSource], maps: Sequence[ClassMap], num_classes: int) -> int:
    negatives = unknown = 0
    for source, class_map in zip(sources, maps):
        counts = source.store.label_counts(source.rows)
        mapped = (class_map.targets >= 0) & ~class_map.positives_only
        own_negatives = int(counts.negatives[mapped].sum())
        negatives += own_negatives
        positives = int(counts.positives[class_map.targets >= 0].sum())
        unknown += len(source.rows) * num_classes - own_negatives - positives
    return 0 if negatives > unknown else -1


def _row_blocks(source: LabelSource, num_classes: int, default_label: int) -> Iterator[np.ndarray]:
    store = source.store
    size = store.num_listed // max(1, len(store)) + 1
    if store.default_label == 0:
        size = max(size, store.num_classes)
    if default_label == 0:
        size = max(size, num_classes)
    step = max(1, _CHUNK // size)
    for start in range(0, len(source.rows), step):
        yield source.rows[start : start + step]


def first_rows(paths: Callable[[int], str | None], groups: np.ndarray) -> np.ndarray:
    """Find images that occur in several groups of rows.

    Two paths are of one image where they lead to files of one name in one folder, links of folders followed.

    Args:
        paths: Path of the image of a row, ``None`` where it has none.
        groups: Group of each row, of shape (N,), rising.

    Returns:
        For each row the first one with the same image, of shape (N,); the row itself where its image is not
        in another group.
    """
    keys = np.fromiter(
        (hash(_same_file(path)) if (path := paths(row)) else 0 for row in range(len(groups))), np.int64
    )
    first = np.arange(len(keys))
    order = np.argsort(keys, kind="stable")
    starts = np.flatnonzero(np.r_[True, keys[order][1:] != keys[order][:-1]])
    sizes = np.diff(np.r_[starts, len(keys)])
    # Rows of a key come in rising order; 0 is the key of those without a path.
    spread = (groups[order[starts]] != groups[order[starts + sizes - 1]]) & (keys[order[starts]] != 0)
    for start, size in zip(starts[spread].tolist(), sizes[spread].tolist()):
        by_path: dict[str, list[int]] = {}
        for row in order[start : start + size].tolist():
            if path := paths(row):
                by_path.setdefault(_same_file(path), []).append(row)
        for rows in by_path.values():
            if groups[rows[0]] != groups[rows[-1]]:
                first[rows] = rows[0]
    return first


@lru_cache(maxsize=4096)
def _folder(path: str) -> str:
    return path if "://" in path else os.path.realpath(path)


def _same_file(path: str) -> str:
    folder, name = os.path.split(path)
    return f"{_folder(folder)}/{name}"


class Contradictions:
    """Decides and counts them; :meth:`settle` refuses them where that was asked for.

    Args:
        conflicts: ``'refuse'``, ``'positive'``, ``'negative'`` or ``'unknown'``.
        store: The labels before they are joined.
        sources: Name of the source of each row of the store.

    Example:
        >>> from mmpretrain_imbalance.datasets import label_store_from_table
        >>> store = label_store_from_table([[1], [0]], ['a.jpg', 'a.jpg'], ['cat'])
        >>> contradictions = Contradictions('unknown', store, ['pets', 'streets'])
        >>> contradictions(0, 0, 1), str(contradictions)
        (-1, ' 1 contradicting label is taken as unknown.')
    """

    def __init__(self, conflicts: str, store: LabelStore, sources: Sequence[str]) -> None:
        self.conflicts, self.store, self.sources = conflicts, store, sources
        self.count = 0
        self._first = ""

    def __call__(self, class_index: int, positive: int, negative: int) -> int:
        """Decide one.

        Args:
            class_index: The class.
            positive: Row that says it is there.
            negative: Row that says it is not.

        Returns:
            The label it gets.
        """
        if not self.count:
            self._first = (
                f"{self.store.class_names[class_index]!r} at {self.store.image_name(positive)}, positive in "
                f"source {self.sources[positive]!r} and negative in source {self.sources[negative]!r}"
            )
        self.count += 1
        return LABEL_WORDS.get(self.conflicts, LABEL_WORDS["unknown"])  # settle() refuses

    def settle(self) -> None:
        """End merging if there was one that is to be refused.

        Raises:
            ValueError: With the first one and the number of the others.
        """
        if self.count and self.conflicts == "refuse":
            raise ValueError(
                "The sources of MergedPartialLabels must not contradict each other about a shared image. Got "
                f"{self._first}, and {self.count - 1} more such labels instead. The 'conflicts' argument can "
                "take them as positive, negative or unknown."
            )

    def __str__(self) -> str:
        if not self.count:
            return ""
        labels = "contradicting label is" if self.count == 1 else "contradicting labels are"
        return f" {self.count} {labels} taken as {self.conflicts}."
