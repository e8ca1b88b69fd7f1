"""Label counts of a dataset: per class, per image, and of pairs of frequent classes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...datasets.dataset_labels import LabelChunk, label_chunks, label_counts
from ...datasets.label_store.counts import LabelCounts
from ...datasets.wrapped import class_names
from ...functional.method_advice import MethodAdvice, advise_method
from ...functional.metrics.class_groups import (
    DEFAULT_GROUP_THRESHOLDS,
    class_groups,
    quantile_group_thresholds,
)


@dataclass(frozen=True, eq=False)
class LabelSummary:
    """Label counts of a dataset of N images and C classes.

    Attributes:
        classes: Names of the classes, C of them.
        counts: Numbers of positives, negatives and unknown labels of each class.
        group_thresholds: Minimum number of positives of a middle class and of a head class.
        positives_per_image: Number of images with 0, 1, 2, ... known positives, of shape (C + 1,).
        known_per_image: Number of images with 0, 1, 2, ... known labels, of shape (C + 1,).
        head: Indices of the K classes with the most positives, in descending order of positives.
        together: Number of images in which the class of the row and the class of the column are known
            positives, of shape (K, K).
        judged: Number of images in which the class of the row is a known positive and the class of the column
            is known, of shape (K, K).
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
        """Number of known labels of each class, of shape (C,)."""
        known: np.ndarray = self.counts.positives + self.counts.negatives
        return known

    @property
    def known_fraction(self) -> float:
        """Fraction of the N x C labels that are known."""
        return float(self.known.sum()) / max(1, self.num_images * len(self.classes))

    @property
    def imbalance_factor(self) -> float | None:
        """Ratio of the most to the fewest positives among classes with positives; None without such."""
        seen = self.counts.positives[self.counts.positives > 0]
        return float(seen.max() / seen.min()) if len(seen) else None

    @property
    def groups(self) -> dict[str, np.ndarray]:
        """Masks of the head, middle and tail classes by name, each bool of shape (C,)."""
        return class_groups(self.counts.positives, self.group_thresholds)

    @property
    def order(self) -> np.ndarray:
        """Class indices in descending order of positives."""
        return np.argsort(-self.counts.positives, kind="stable")

    @property
    def advice(self) -> MethodAdvice | None:
        """Method to start with, and the reasons; None for a dataset without images or classes."""
        if not self.num_images or not self.classes:
            return None
        counts = self.counts
        return advise_method(counts.positives, counts.negatives, counts.unknown, self.positives_per_image)

    def to_dict(self) -> dict[str, Any]:
        """Return all numbers as JSON-compatible values, with the classes in the order of the dataset."""
        advice = self.advice
        group = {int(c): name for name, members in self.groups.items() for c in np.flatnonzero(members)}
        counts = self.counts
        return {
            "num_images": self.num_images,
            "num_classes": len(self.classes),
            "known_fraction": self.known_fraction,
            "imbalance_factor": self.imbalance_factor,
            "advice": advice
            and {
                "method": advice.method,
                "second": advice.second,
                "loss": advice.loss,
                "reasons": list(advice.reasons),
            },
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
    """Count the labels of a dataset for :func:`label_report_page`.

    Labels are read in chunks, so the memory does not grow with the number of labels.

    Args:
        dataset: A dataset that :func:`label_counts` accepts, wrappers included.
        group_thresholds: Minimum number of positives of a middle class and of a head class.
        group_quantiles: Two quantiles of the numbers of positives per class, which replace
            ``group_thresholds`` if given.
        num_head: Number of most frequent classes for which co-occurrences are counted.
        progress: Called after each chunk with its number of images.

    Returns:
        The label counts.

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
    class_groups(counts.positives, group_thresholds)  # raise for invalid thresholds before the slow part
    head = np.argsort(-counts.positives, kind="stable")[:num_head]
    head = head[counts.positives[head] > 0]
    column_of_class = np.full(num_classes, -1)
    column_of_class[head] = np.arange(len(head))
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
        for labels in _head_labels(chunk, column_of_class, len(head)):
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


def _head_labels(chunk: LabelChunk, column_of_class: np.ndarray, num_head: int) -> Iterator[np.ndarray]:
    """Yield the labels of the head classes in blocks of images.

    Images that list no label of a head class are skipped: they have no positive among the head classes, so
    they add nothing to the counts.
    """
    column = column_of_class[chunk.classes]
    listed = np.flatnonzero(column >= 0)
    images, row = np.unique(chunk.samples[listed], return_inverse=True)
    row = row.reshape(-1)
    for start in range(0, len(images), 2**16):
        block = (row >= start) & (row < start + 2**16)
        labels = np.full((min(2**16, len(images) - start), num_head), chunk.default_label, dtype=np.int8)
        labels[row[block] - start, column[listed[block]]] = chunk.values[listed[block]]
        yield labels
