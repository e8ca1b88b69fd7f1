"""What a dataset knows about its classes, in numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..datasets.dataset_labels import LabelChunk, label_chunks, label_counts
from ..datasets.label_store.counts import LabelCounts
from ..datasets.wrapped import class_names
from ..functional.metrics.class_groups import (
    DEFAULT_GROUP_THRESHOLDS,
    class_groups,
    quantile_group_thresholds,
)


@dataclass(frozen=True, eq=False)
class LabelSummary:
    """Labels of a dataset of N images and C classes, summed up.

    Attributes:
        classes: Names of the classes, C of them.
        counts: Positives, negatives and unknown labels of each class.
        group_thresholds: The least number of positives of a middle class and of a head class.
        positives_per_image: Number of images with 0, 1, 2, ... known positives, of shape (C + 1,).
        known_per_image: Number of images with 0, 1, 2, ... known labels, of shape (C + 1,).
        head: The K classes with the most positives, most first.
        together: Images in which two of them are both known positives, of shape (K, K).
        judged: Images in which the first is a known positive and the second is known, of shape (K, K).
    """

    classes: tuple[str, ...]
    counts: LabelCounts
    group_thresholds: tuple[float, float]
    positives_per_image: np.ndarray
    known_per_image: np.ndarray
    head: np.ndarray
    together: np.ndarray
    judged: np.ndarray

    @property
    def num_images(self) -> int:
        """Number of images N."""
        return int(self.positives_per_image.sum())

    @property
    def known(self) -> np.ndarray:
        """Known labels of each class, of shape (C,)."""
        return self.counts.positives + self.counts.negatives

    @property
    def known_fraction(self) -> float:
        """Share of the N x C labels that are known."""
        return float(self.known.sum()) / max(1, self.num_images * len(self.classes))

    @property
    def imbalance_factor(self) -> float | None:
        """Most positives of a class over fewest, among classes that have any; ``None`` where none has."""
        seen = self.counts.positives[self.counts.positives > 0]
        return float(seen.max() / seen.min()) if len(seen) else None

    @property
    def groups(self) -> dict[str, np.ndarray]:
        """Which classes are head, middle and tail, each bool of shape (C,)."""
        return class_groups(self.counts.positives, self.group_thresholds)

    @property
    def order(self) -> np.ndarray:
        """Class indices, most positives first."""
        return np.argsort(-self.counts.positives, kind="stable")

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON can express it, classes in the order of the dataset."""
        group = {int(c): name for name, members in self.groups.items() for c in np.flatnonzero(members)}
        counts = self.counts
        return {
            "num_images": self.num_images,
            "num_classes": len(self.classes),
            "known_fraction": self.known_fraction,
            "imbalance_factor": self.imbalance_factor,
            "group_thresholds": list(self.group_thresholds),
            "groups": {
                name: {
                    "classes": int(members.sum()),
                    "positives": int(counts.positives[members].sum()),
                    "negatives": int(counts.negatives[members].sum()),
                    "unknown": int(counts.unknown[members].sum()),
                }
                for name, members in self.groups.items()
            },
            "positives_per_image": np.trim_zeros(self.positives_per_image, "b").tolist(),
            "known_per_image": np.trim_zeros(self.known_per_image, "b").tolist(),
            "cooccurrence": {
                "classes": [self.classes[c] for c in self.head],
                "together": self.together.tolist(),
                "judged": self.judged.tolist(),
            },
            "classes": [
                {
                    "name": name,
                    "group": group[c],
                    "positives": int(counts.positives[c]),
                    "negatives": int(counts.negatives[c]),
                    "unknown": int(counts.unknown[c]),
                }
                for c, name in enumerate(self.classes)
            ],
        }


def summarize_labels(
    dataset: Any,
    group_thresholds: Sequence[float] = DEFAULT_GROUP_THRESHOLDS,
    group_quantiles: Sequence[float] | None = None,
    num_head: int = 20,
    progress: Callable[[int], None] | None = None,
) -> LabelSummary:
    """Count what the report shows. Memory does not grow with the number of labels.

    Args:
        dataset: Whatever :func:`label_counts` takes, wrappers included.
        group_thresholds: The least number of positives of a middle class and of a head class.
        group_quantiles: If given, the thresholds are these two quantiles of the classes' numbers of positives.
        num_head: For how many of the most frequent classes to count how often they come together.
        progress: Called with a number of images, after each part.

    Returns:
        The summary.

    Raises:
        ValueError: If the dataset has no samples, or the thresholds or quantiles are not in ascending order.

    Example:
        >>> from mmpretrain_imbalance.datasets import MultiDigits
        >>> summary = summarize_labels(MultiDigits(num_images=500))
        >>> summary.known_fraction, int(summary.positives_per_image.argmax())
        (1.0, 2)
    """
    counts = label_counts(dataset)
    num_classes = len(counts.positives)
    if group_quantiles is not None:
        group_thresholds = quantile_group_thresholds(counts.positives, group_quantiles)
    class_groups(counts.positives, group_thresholds)  # wrong thresholds raise before the long part
    head = np.argsort(-counts.positives, kind="stable")[:num_head]
    head = head[counts.positives[head] > 0]
    place_in_head = np.full(num_classes, -1)
    place_in_head[head] = np.arange(len(head))
    positives_per_image = np.zeros(num_classes + 1, dtype=np.int64)
    known_per_image = positives_per_image.copy()
    together = np.zeros((len(head), len(head)), dtype=np.int64)
    judged = together.copy()
    for chunk in label_chunks(dataset):
        size = len(chunk.positions)
        positives, listed, unknown = (
            np.bincount(chunk.samples[chosen], minlength=size)
            for chosen in (chunk.values == 1, chunk.values != -1, chunk.values == -1)
        )
        known = listed if chunk.default_label == -1 else num_classes - unknown
        positives_per_image += np.bincount(positives, minlength=num_classes + 1)
        known_per_image += np.bincount(known, minlength=num_classes + 1)
        for labels in _tables(chunk, place_in_head, len(head)):
            is_positive = (labels == 1).astype(np.float32)
            together += np.rint(is_positive.T @ is_positive).astype(np.int64)
            judged += np.rint(is_positive.T @ (labels != -1).astype(np.float32)).astype(np.int64)
        if progress is not None:
            progress(size)
    names = class_names(dataset) or tuple(f"class {c}" for c in range(num_classes))
    return LabelSummary(
        classes=names,
        counts=counts,
        group_thresholds=(group_thresholds[0], group_thresholds[1]),
        positives_per_image=positives_per_image,
        known_per_image=known_per_image,
        head=head,
        together=together,
        judged=judged,
    )


def _tables(chunk: LabelChunk, place_in_head: np.ndarray, num_head: int):
    """Labels of the head classes, for images that list one of them, some at a time.

    An image that lists none has no positive among them, and adds nothing.
    """
    column = place_in_head[chunk.classes]
    listed = np.flatnonzero(column >= 0)
    images, row = np.unique(chunk.samples[listed], return_inverse=True)
    row = row.reshape(-1)
    for start in range(0, len(images), 2**16):
        block = (row >= start) & (row < start + 2**16)
        table = np.full((min(2**16, len(images) - start), num_head), chunk.default_label, dtype=np.int8)
        table[row[block] - start, column[listed[block]]] = chunk.values[listed[block]]
        yield table
