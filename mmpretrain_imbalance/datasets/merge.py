"""Merging of labels: class mapping, search for shared images, and treatment of contradictory labels."""

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

_CHUNK = 2**22  # labels, or elements of a dense matrix, per step


def merge_labels(
    sources: Sequence[LabelSource], maps: Sequence[ClassMap], class_names: Sequence[str]
) -> LabelStore:
    """Convert the labels of all sources to one class list.

    If several classes of a source are mapped to one class, this class is positive where any of them is
    positive, negative where all of them are negative, and unknown elsewhere. A class with
    ``positives_only`` is a part of a wider class, so that its negatives are not used. Classes that a source
    does not annotate are unknown.

    Args:
        sources: The labels.
        maps: For each source, the mapping of its classes.
        class_names: Names of the merged classes, C of them.

    Returns:
        The labels; row n is sample n of all sources, concatenated. The default label is 0 or -1, whichever is
        more frequent.
    """
    default_label = _more_frequent_label(sources, maps, len(class_names))
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


def first_rows(paths: Callable[[int], str | None], groups: np.ndarray) -> np.ndarray:
    """Find images that occur in several groups of rows.

    Two paths belong to the same image if they have the same file name and the same folder after links of
    folders are resolved.

    Args:
        paths: Function that returns the image path of a row, or ``None`` for an image in memory.
        groups: Group of each row, of shape (N,), in ascending order.

    Returns:
        For each row the first row with the same image, of shape (N,); the row itself if its image is in no
        other group.
    """
    keys = np.fromiter(
        (hash(_same_file(path)) if (path := paths(row)) else 0 for row in range(len(groups))), np.int64
    )
    first = np.arange(len(keys))
    order = np.argsort(keys, kind="stable")
    starts = np.flatnonzero(np.r_[True, keys[order][1:] != keys[order][:-1]])
    sizes = np.diff(np.r_[starts, len(keys)])
    # Rows with equal keys are in ascending order; key 0 is that of rows without a path.
    is_shared = (groups[order[starts]] != groups[order[starts + sizes - 1]]) & (keys[order[starts]] != 0)
    for start, size in zip(starts[is_shared].tolist(), sizes[is_shared].tolist()):
        by_path: dict[str, list[int]] = {}
        for row in order[start : start + size].tolist():
            if path := paths(row):
                by_path.setdefault(_same_file(path), []).append(row)
        for rows in by_path.values():
            if groups[rows[0]] != groups[rows[-1]]:
                first[rows] = rows[0]
    return first


class Contradictions:
    """Resolves and counts contradictory labels of shared images.

    Args:
        conflicts: ``'raise'``, or the label to use: ``'positive'``, ``'negative'`` or ``'unknown'``.
        store: The labels before rows are joined.
        sources: Name of the source of each row of the store.

    Example:
        >>> from mmpretrain_imbalance.datasets import label_store_from_array
        >>> store = label_store_from_array([[1], [0]], ['a.jpg', 'a.jpg'], ['cat'])
        >>> contradictions = Contradictions('unknown', store, ['pets', 'streets'])
        >>> contradictions(0, 0, 1), str(contradictions)
        (-1, ' 1 contradictory label is taken as unknown.')
    """

    def __init__(self, conflicts: str, store: LabelStore, sources: Sequence[str]) -> None:
        self.conflicts, self.store, self.sources = conflicts, store, sources
        self.count = 0
        self._first = ""

    def __call__(self, class_index: int, positive: int, negative: int) -> int:
        """Resolve one contradiction.

        Args:
            class_index: The class.
            positive: Row in which the class is positive.
            negative: Row in which the class is negative.

        Returns:
            The label to use.
        """
        if not self.count:
            self._first = (
                f"{self.store.class_names[class_index]!r} at {self.store.image_name(positive)}, positive in "
                f"source {self.sources[positive]!r} and negative in source {self.sources[negative]!r}"
            )
        self.count += 1
        return LABEL_WORDS.get(self.conflicts, LABEL_WORDS["unknown"])  # 'raise' raises later

    def raise_if_any(self) -> None:
        """Raise if there were contradictions and ``conflicts`` is ``'raise'``.

        Raises:
            ValueError: With the first contradiction and the number of the others.
        """
        if self.count and self.conflicts == "raise":
            raise ValueError(
                "The sources of MergedPartialLabels must not contradict each other about a shared image. Got "
                f"{self._first}, and {self.count - 1} more such labels, instead. Set 'conflicts' to "
                "'positive', 'negative' or 'unknown' to accept them."
            )

    def __str__(self) -> str:
        if not self.count:
            return ""
        labels = "contradictory label is" if self.count == 1 else "contradictory labels are"
        return f" {self.count} {labels} taken as {self.conflicts}."


def _merge(
    images: np.ndarray, classes: np.ndarray, values: np.ndarray, class_map: ClassMap, num_classes: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Convert known labels to the merged classes, sorted by image and class."""
    targets = class_map.targets[classes]
    kept = (targets >= 0) & (values != -1) & ((values == 1) | ~class_map.positives_only[classes])
    keys, groups = np.unique(images[kept] * num_classes + targets[kept], return_inverse=True)
    groups = groups.reshape(-1)
    positives = np.bincount(groups, values[kept] == 1, minlength=len(keys))
    listed = np.bincount(groups, minlength=len(keys))
    # A merged class is negative only if all of its source classes are, including those with positives_only.
    num_parts = np.bincount(class_map.targets[class_map.targets >= 0], minlength=num_classes)
    known = (positives > 0) | (listed == num_parts[keys % num_classes])
    keys, labels = keys[known], (positives > 0)[known].astype(np.int8)
    return keys // num_classes, keys % num_classes, labels


def _more_frequent_label(sources: Sequence[LabelSource], maps: Sequence[ClassMap], num_classes: int) -> int:
    negatives = unknown = 0
    for source, class_map in zip(sources, maps):
        counts = source.store.label_counts(source.rows)
        mapped = (class_map.targets >= 0) & ~class_map.positives_only
        source_negatives = int(counts.negatives[mapped].sum())
        negatives += source_negatives
        positives = int(counts.positives[class_map.targets >= 0].sum())
        unknown += len(source.rows) * num_classes - source_negatives - positives
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


@lru_cache(maxsize=4096)
def _folder(path: str) -> str:
    return path if "://" in path else os.path.realpath(path)


def _same_file(path: str) -> str:
    folder, name = os.path.split(path)
    return f"{_folder(folder)}/{name}"
