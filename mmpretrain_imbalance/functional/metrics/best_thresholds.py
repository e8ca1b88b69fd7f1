"""Decision thresholds for the best F1, or for a required precision or recall."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import ArrayLike

from .known_elements import KnownElements, known_elements
from .ranked_elements import rank_elements
from .threshold_curve import threshold_curve


def best_thresholds(
    scores: ArrayLike | torch.Tensor,
    labels: ArrayLike | torch.Tensor,
    classes: ArrayLike | torch.Tensor | None = None,
    *,
    num_classes: int | None = None,
    precision: float | None = None,
    recall: float | None = None,
    shrinkage: float = 10.0,
) -> tuple[np.ndarray, float]:
    r"""Choose a threshold for each class, and a global one, from the known elements.

    A label is predicted if its score is at least the threshold. The unshrunk threshold :math:`\hat{t}_c` of a
    class is

    - by default, the score with the highest F1; among several such scores, the highest;
    - with ``precision``, the lowest score (with the highest recall) whose precision is at least the required
      one; if no score reaches it, the next number above the highest score, with which nothing is predicted;
    - with ``recall``, the highest score whose recall is at least the required one.

    The global threshold :math:`t` is chosen in the same way from the pooled known elements of all classes.
    The threshold of a class with few known positives :math:`n_c` is shrunk towards it:

    .. math:: t_c = \frac{n_c \hat{t}_c + \lambda t}{n_c + \lambda}

    so that a class without known positives has the global threshold. The required precision or recall of each
    class is guaranteed only with :math:`\lambda = 0`.

    Args:
        scores: Scores of shape (N, C); or of shape (K,), one for each element of ``classes``.
        labels: 1 positive, 0 negative, -1 unknown, of the shape of ``scores``.
        classes: Class index of each element, of shape (K,); None for matrices.
        num_classes: The number of classes of flat elements; by default the largest class index plus one.
        precision: The required precision, in (0, 1]; None for the best F1.
        recall: The required recall, in (0, 1]; None for the best F1.
        shrinkage: :math:`\lambda`, the number of known positives of a class at which the threshold is the
            mean of its unshrunk and the global threshold.

    Returns:
        The thresholds of the classes, of shape (C,), and the global threshold.

    Raises:
        ValueError: If there is no known positive at all, both ``precision`` and ``recall`` are given, one of
            them is outside (0, 1], or ``shrinkage`` is negative.

    Example:
        >>> best_thresholds([[0.9, 0.3], [0.6, 0.2], [0.4, 0.1]], [[1, 1], [1, 0], [0, -1]], shrinkage=0)
        (array([0.6, 0.3]), 0.3)
    """
    for name, value in (("precision", precision), ("recall", recall)):
        if value is not None and not 0 < value <= 1:
            raise ValueError(
                f"The '{name}' argument of best_thresholds must be in (0, 1]. Got {value} instead."
            )
    if precision is not None and recall is not None:
        raise ValueError(
            "The 'recall' argument of best_thresholds must be None if 'precision' is given. Got both instead."
        )
    if not shrinkage >= 0:
        raise ValueError(
            f"The 'shrinkage' argument of best_thresholds must be at least 0. Got {shrinkage} instead."
        )
    elements = known_elements(scores, labels, classes, num_classes=num_classes, caller="best_thresholds")
    if not elements.positive.any():
        raise ValueError(
            "The 'labels' argument of best_thresholds must contain a known positive. "
            f"Got {len(elements.scores)} known elements without a positive instead."
        )
    overall = _thresholds(elements.pooled(), precision, recall)[0]
    positives = elements.positives()
    unshrunk = np.where(positives > 0, _thresholds(elements, precision, recall), overall)
    weight = np.divide(positives, positives + shrinkage, out=np.zeros(len(unshrunk)), where=positives > 0)
    # Equal thresholds are not averaged, because rounding may lift their mean above the score.
    mixed = np.where(unshrunk == overall, unshrunk, weight * unshrunk + (1 - weight) * overall)
    return np.where(weight < 1, mixed, unshrunk), float(overall)


def _thresholds(elements: KnownElements, precision: float | None, recall: float | None) -> np.ndarray:
    """Compute the unshrunk threshold of each class; NaN for a class without known elements."""
    ranked = rank_elements(elements)
    curve = threshold_curve(ranked)
    has_elements = np.diff(curve.bounds) > 0
    indices, thresholds = np.arange(len(curve.starts)), np.full(elements.num_classes, np.nan)
    first = curve.bounds[:-1][has_elements]
    if precision is not None:
        valid = curve.true_positives / curve.predicted >= precision
        chosen = np.minimum.reduceat(np.where(valid, indices, len(indices)), first)
        highest = ranked.scores[ranked.bounds[1:][has_elements] - 1]
        fallback = np.nextafter(highest, np.inf, dtype=highest.dtype)
        scores = np.append(ranked.scores[curve.starts], np.nan)[chosen]
        thresholds[has_elements] = np.where(chosen < len(indices), scores, fallback)
        return thresholds
    positives = elements.positives()[curve.classes]
    if recall is not None:
        # The quotient is rounded in the same way as the decimal number. The product recall * positives may be
        # rounded to above an integer.
        valid = curve.true_positives / np.maximum(positives, 1) >= recall
    else:
        f1 = 2 * curve.true_positives / (curve.predicted + positives)
        valid = f1 == np.repeat(np.maximum.reduceat(f1, first), np.diff(curve.bounds)[has_elements])
    chosen = np.maximum.reduceat(np.where(valid, indices, -1), first)
    thresholds[has_elements] = ranked.scores[curve.starts[chosen]]
    return thresholds
