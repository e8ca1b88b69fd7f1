"""The known elements of labels and scores as flat arrays: the one input of every metric."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import ArrayLike

from ..labels import NEGATIVE, POSITIVE, UNKNOWN
from .arrays import as_array, raise_at_first


@dataclass(frozen=True)
class KnownElements:
    """Scores and labels of the K known elements of C classes.

    Attributes:
        scores: Score of each element, float32 or float64, of shape (K,).
        positive: Whether the element is a known positive (else a known negative), bool, of shape (K,).
        classes: Class index of each element, of shape (K,).
        images: Image index of each element, of shape (K,); None where nobody asked for it.
        counts: The number of elements of each class, of shape (C,).
        grouped: Whether the elements lie class by class, in ascending order of the class.
    """

    scores: np.ndarray
    positive: np.ndarray
    classes: np.ndarray
    images: np.ndarray | None
    counts: np.ndarray
    grouped: bool

    @property
    def num_classes(self) -> int:
        """The number of classes, C."""
        return len(self.counts)

    def pooled(self) -> KnownElements:
        """The same elements as those of one single class."""
        counts = np.array([len(self.scores)])
        return replace(self, classes=np.zeros_like(self.classes), counts=counts, grouped=True)

    def positives(self) -> np.ndarray:
        """The number of known positives of each class, of shape (C,)."""
        return np.bincount(self.classes[self.positive], minlength=self.num_classes)


def known_elements(
    scores: ArrayLike | torch.Tensor,
    labels: ArrayLike | torch.Tensor,
    classes: ArrayLike | torch.Tensor | None = None,
    images: ArrayLike | torch.Tensor | None = None,
    *,
    num_classes: int | None = None,
    keep_images: bool = False,
    caller: str = "known_elements",
) -> KnownElements:
    """Check scores and labels, and keep what is known of them.

    Scores become float32, or float64 where float32 would not hold them. The inputs are not changed.

    Args:
        scores: Tables of shape (N, C), or, together with ``classes``, the scores of K elements, of shape (K,).
        labels: 1 positive, 0 negative, -1 unknown, of the shape of ``scores``.
        classes: Class index of each element, of shape (K,); None for tables.
        images: Image index of each element, of shape (K,); not allowed for tables, whose rows are the images.
        num_classes: The number of classes of flat elements; by default the largest class index plus one.
        keep_images: Whether the image indices are needed; flat elements must bring them then.
        caller: Name of the function whose arguments these are, for the messages.

    Returns:
        The known elements: of tables class by class, of flat arrays in their own order.

    Raises:
        ValueError: If shapes differ, a label is none of 1, 0 and -1, a known element's score is NaN, or a class
            index is out of range.

    Example:
        >>> elements = known_elements(np.array([[0.9, 0.2], [0.4, 0.6]]), np.array([[1, -1], [0, 1]]))
        >>> elements.classes, elements.scores, elements.positive
        (array([0, 0, 1], dtype=int32), array([0.9, 0.4, 0.6]), array([ True, False,  True]))
    """
    scores, labels = as_array(scores), as_array(labels)
    exact_in_32 = scores.dtype == bool or (scores.dtype.kind == "f" and scores.dtype.itemsize <= 4)
    scores = scores.astype(np.float32 if exact_in_32 else np.float64, copy=False)
    if labels.shape != scores.shape:
        raise ValueError(
            f"The 'labels' argument of {caller} must have the shape of the scores, {scores.shape}. "
            f"Got {labels.shape} instead."
        )
    if classes is None:
        return _from_tables(scores, labels, images, keep_images, caller)
    return _from_flat(scores, labels, classes, images, num_classes, keep_images, caller)


def _from_tables(scores, labels, images, keep_images, caller) -> KnownElements:
    if scores.ndim != 2:
        raise ValueError(
            f"The 'scores' argument of {caller} must be a table of shape (N, C), or come with 'classes'. "
            f"Got the shape {scores.shape} without 'classes' instead."
        )
    if images is not None:
        raise ValueError(
            f"The 'images' argument of {caller} must be None for tables, whose rows are the images. "
            "Got indices instead."
        )
    place = "sample {0}, class {1}"
    positive, known = _positive_and_known(labels, place, caller)
    if known.all():
        counts = np.full(scores.shape[1], len(scores))
        flat_scores, flat_positive = _class_by_class(scores).ravel(), _class_by_class(positive).ravel()
    else:
        keep = _class_by_class(known)
        counts = keep.sum(axis=1)
        flat_scores, flat_positive = _class_by_class(scores)[keep], _class_by_class(positive)[keep]
    if np.isnan(flat_scores.min(initial=np.inf)):
        subject = f"The 'scores' argument of {caller}"
        raise_at_first(
            known & np.isnan(scores), scores, subject, "a number wherever the label is known", place
        )
    return KnownElements(
        scores=flat_scores,
        positive=flat_positive,
        classes=np.repeat(np.arange(len(counts), dtype=np.int32), counts),
        images=np.nonzero(known.T)[1] if keep_images else None,
        counts=counts,
        grouped=True,
    )


def _from_flat(scores, labels, classes, images, num_classes, keep_images, caller) -> KnownElements:
    if scores.ndim != 1:
        raise ValueError(
            f"The 'scores' argument of {caller} must have the shape (K,) where 'classes' is given. "
            f"Got {scores.shape} instead."
        )
    if images is None and keep_images:
        raise ValueError(
            f"The 'images' argument of {caller} must be one index an element, as 'classes'. Got None instead."
        )
    classes = _as_indices(classes, "classes", len(scores), caller)
    images = None if images is None else _as_indices(images, "images", len(scores), caller)
    num_classes = int(classes.max(initial=-1)) + 1 if num_classes is None else num_classes
    outside, expected = (classes < 0) | (classes >= num_classes), f"class indices from 0 to {num_classes - 1}"
    raise_at_first(outside, classes, f"The 'classes' argument of {caller}", expected, "element {0}")
    positive, known = _positive_and_known(labels, "element {0}", caller)
    broken = known & np.isnan(scores)
    if broken.any():
        subject, place = (
            f"The 'scores' argument of {caller}",
            f"element {{0}}, class {classes[np.argmax(broken)]}",
        )
        raise_at_first(broken, scores, subject, "a number wherever the label is known", place)
    if not known.all():
        scores, positive, classes = scores[known], positive[known], classes[known]
        images = None if images is None else images[known]
    counts = np.bincount(classes, minlength=num_classes)
    return KnownElements(scores, positive, classes, images, counts, grouped=False)


def _as_indices(values, name, length, caller) -> np.ndarray:
    indices = as_array(values)
    if indices.shape != (length,) or (length and indices.dtype.kind not in "iu"):
        raise ValueError(
            f"The '{name}' argument of {caller} must be {length} integers, one an element. "
            f"Got {indices.dtype} of shape {indices.shape} instead."
        )
    return indices.astype(np.int64, copy=False) if indices.dtype.kind != "i" else indices


def _class_by_class(table: np.ndarray) -> np.ndarray:
    """The transposed table in its own memory, copied in blocks that fit the cache: four times faster."""
    transposed = np.empty(table.shape[::-1], table.dtype)
    for start in range(0, len(table), 512):
        transposed[:, start : start + 512] = table[start : start + 512].T
    return transposed


def _positive_and_known(labels, place, caller) -> tuple[np.ndarray, np.ndarray]:
    positive = labels == POSITIVE
    known = positive | (labels == NEGATIVE)
    if not known.all():
        expected = "1 (positive), 0 (negative) or -1 (unknown) in every element"
        raise_at_first(
            ~known & (labels != UNKNOWN), labels, f"The 'labels' argument of {caller}", expected, place
        )
    return positive, known


def label_coverage(labels: ArrayLike | torch.Tensor) -> np.ndarray:
    """Share of the images whose label is known, of each class.

    Args:
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).

    Returns:
        The share in [0, 1], of shape (C,); its mean is the share of all labels.

    Raises:
        ValueError: If a label is none of 1, 0 and -1, or there is no image.

    Example:
        >>> label_coverage([[1, -1], [0, -1], [0, 1], [1, 0]])
        array([1. , 0.5])
    """
    if not len(labels):
        raise ValueError(
            "The 'labels' argument of label_coverage must hold at least one image. Got none instead."
        )
    return known_elements(
        np.zeros(np.shape(labels), np.float32), labels, caller="label_coverage"
    ).counts / len(labels)
