"""Precision, recall and F1 over known elements, per class and overall."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from numpy.typing import ArrayLike

from .known_elements import known_elements


@dataclass(frozen=True)
class ClassScores:
    """Precision, recall and F1 of each class over its known elements.

    The three scores are NaN for a class without known positives.

    Attributes:
        positives: Number of known positives, of shape (C,).
        negatives: Number of known negatives, of shape (C,).
        precision: True positives / predicted positives, 0 without predicted positives, of shape (C,).
        recall: True positives / known positives, of shape (C,).
        f1: Harmonic mean of precision and recall, of shape (C,).
    """

    positives: np.ndarray
    negatives: np.ndarray
    precision: np.ndarray
    recall: np.ndarray
    f1: np.ndarray


def class_scores(
    predictions: ArrayLike | torch.Tensor,
    labels: ArrayLike | torch.Tensor,
    classes: ArrayLike | torch.Tensor | None = None,
    *,
    num_classes: int | None = None,
) -> ClassScores:
    """Precision, recall and F1 of each class over its known elements.

    Args:
        predictions: 1 for predicted labels, else 0, of shape (N, C); or of shape (K,), one for each element
            of ``classes``.
        labels: 1 positive, 0 negative, -1 unknown, of the shape of ``predictions``.
        classes: Class index of each element, of shape (K,); None for matrices.
        num_classes: The number of classes of flat elements; by default the largest class index plus one.

    Returns:
        The scores in [0, 1]. The scores of a class without known positives are NaN. The precision of a class
        that has known positives but is never predicted is 0, as with ``zero_division=0`` of scikit-learn.

    Raises:
        ValueError: If shapes differ, or a label is not 1, 0 or -1.

    Example:
        >>> class_scores([[1, 1], [1, 0], [0, 1]], [[1, 0], [0, -1], [1, -1]]).f1
        array([0.5, nan])
    """
    counts = _confusion(predictions, labels, classes, num_classes, "class_scores")
    true_positives, predicted, positives, known = counts
    return ClassScores(
        positives, known - positives, *_precision_recall_f1(true_positives, predicted, positives)
    )


def multi_label_scores(
    predictions: ArrayLike | torch.Tensor,
    labels: ArrayLike | torch.Tensor,
    classes: ArrayLike | torch.Tensor | None = None,
    *,
    num_classes: int | None = None,
) -> dict[str, float]:
    r"""Compute the usual averages of multi-label precision, recall and F1 over known elements.

    .. math:: \mathrm{CP} = \frac{1}{|E|} \sum_{c \in E} \frac{TP_c}{TP_c + FP_c} \qquad
        \mathrm{CR} = \frac{1}{|E|} \sum_{c \in E} \frac{TP_c}{TP_c + FN_c} \qquad
        \mathrm{CF1} = \frac{2\, \mathrm{CP}\, \mathrm{CR}}{\mathrm{CP} + \mathrm{CR}}

    .. math:: \mathrm{macro\_f1} = \frac{1}{|E|} \sum_{c \in E} \frac{2\, TP_c}{2\, TP_c + FP_c + FN_c}

    with the classes :math:`E` that have a known positive. OP, OR and OF1 are precision, recall and F1 over
    the known elements of all classes, including classes without known positives. A quotient 0/0 counts as 0.

    Args:
        predictions: As in :func:`class_scores`.
        labels: As in :func:`class_scores`.
        classes: As in :func:`class_scores`.
        num_classes: As in :func:`class_scores`.

    Returns:
        'CP', 'CR', 'CF1', 'macro_f1', 'OP', 'OR' and 'OF1' in [0, 1], all NaN without any known positive.

    Raises:
        ValueError: As :func:`class_scores`.

    Example:
        >>> scores = multi_label_scores([[1, 1], [1, 0], [0, 1]], [[1, 0], [0, 1], [1, -1]])
        >>> scores["CF1"], scores["macro_f1"], scores["OP"]
        (0.25, 0.25, 0.3333333333333333)
    """
    true_positives, predicted, positives, _ = _confusion(
        predictions, labels, classes, num_classes, "multi_label_scores"
    )
    evaluated = positives > 0
    if not evaluated.any():
        return dict.fromkeys(("CP", "CR", "CF1", "macro_f1", "OP", "OR", "OF1"), float("nan"))
    class_precision, class_recall, class_f1 = (
        values[evaluated].mean() for values in _precision_recall_f1(true_positives, predicted, positives)
    )
    precision, recall, f1 = (
        values[0]
        for values in _precision_recall_f1(
            *(counts.sum(keepdims=True) for counts in (true_positives, predicted, positives))
        )
    )
    return {
        "CP": float(class_precision),
        "CR": float(class_recall),
        "CF1": float(_harmonic_mean(class_precision, class_recall)),
        "macro_f1": float(class_f1),
        "OP": float(precision),
        "OR": float(recall),
        "OF1": float(f1),
    }


def _confusion(
    predictions: ArrayLike | torch.Tensor,
    labels: ArrayLike | torch.Tensor,
    classes: ArrayLike | torch.Tensor | None,
    num_classes: int | None,
    caller: str,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Count true positives, predicted positives, known positives and known elements per class."""
    elements = known_elements(predictions, labels, classes, num_classes=num_classes, caller=caller)
    predicted = elements.scores > 0
    true_positive_classes = elements.classes[predicted & elements.positive]
    return (
        np.bincount(true_positive_classes, minlength=elements.num_classes),
        np.bincount(elements.classes[predicted], minlength=elements.num_classes),
        elements.positives(),
        elements.counts,
    )


def _precision_recall_f1(
    true_positives: np.ndarray, predicted: np.ndarray, positives: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    with np.errstate(invalid="ignore"):
        recall = true_positives / positives  # NaN without positives
    precision = np.where(positives > 0, true_positives / np.maximum(predicted, 1), np.nan)
    return (
        precision,
        recall,
        np.where(positives > 0, 2 * true_positives / np.maximum(predicted + positives, 1), np.nan),
    )


def _harmonic_mean(a: float, b: float) -> float:
    return 2 * a * b / (a + b) if a + b > 0 else 0.0


def exact_match(
    predictions: ArrayLike | torch.Tensor,
    labels: ArrayLike | torch.Tensor,
    images: ArrayLike | torch.Tensor | None = None,
) -> float:
    """Fraction of the images whose known elements are all predicted correctly.

    Images without known elements are left out.

    Args:
        predictions: 1 for predicted labels, else 0, of shape (N, C); or of shape (K,), one for each element
            of ``images``.
        labels: 1 positive, 0 negative, -1 unknown, of the shape of ``predictions``.
        images: Image index of each element, any integers, of shape (K,); None for matrices.

    Returns:
        The fraction in [0, 1]; NaN without any known element.

    Raises:
        ValueError: If shapes differ, or a label is not 1, 0 or -1.

    Example:
        >>> exact_match([[1, 1], [1, 0], [0, 1]], [[1, -1], [0, -1], [-1, -1]])
        0.5
    """
    classes = None if images is None else np.zeros(np.shape(labels), dtype=np.int32)
    elements = known_elements(predictions, labels, classes, images, keep_images=True, caller="exact_match")
    wrong = (elements.scores > 0) != elements.positive
    indices = cast(np.ndarray, elements.images)  # not None because of keep_images=True
    num_images, num_wrong = len(np.unique(indices)), len(np.unique(indices[wrong]))
    return 1 - num_wrong / num_images if num_images else float("nan")
