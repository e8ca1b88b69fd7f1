"""Decision thresholds for the best F1, or for a required precision or recall."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import ArrayLike

from .known_elements import known_elements
from .ranked_elements import RankedElements, rank_elements
from .threshold_curve import ThresholdCurve, threshold_curve

#: Values that differ by less are equal, so that rounding does not decide between equal ratios.
_TOLERANCE = 1e-9


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

    A label is predicted if its score is at least the threshold. For a class with :math:`n_c` known positives,
    let :math:`\hat\rho_c n_c` be the number of known elements that are predicted with the threshold that is
    best for this class alone. This threshold is

    - by default, the one with the highest F1; among several, the highest;
    - with ``precision``, the lowest one (with the highest recall) whose precision is at least the required
      one; if there is none, nothing is predicted;
    - with ``recall``, the highest one whose recall is at least the required one.

    A class with few positives does not determine :math:`\hat\rho_c` well. It is therefore shrunk towards the
    ratio :math:`\rho` that is best for all classes together:

    .. math:: \rho_c = \hat\rho_c^{\,n_c / (n_c + \lambda)} \; \rho^{\,\lambda / (n_c + \lambda)}

    The threshold of the class predicts the :math:`\rho_c n_c`, and at least one, known elements with the
    highest scores: it is the mean of the lowest score above and the highest score below, and is interpolated
    linearly if :math:`\rho_c n_c` is not an integer. For :math:`\rho`, every class predicts its
    :math:`\rho n_c` highest scores. Let :math:`R(\rho)` be the mean recall of the classes. Since every class
    has the same weight, the precision is :math:`R / \rho` and the F1 is :math:`2 R / (1 + \rho)`.

    The global threshold is the best threshold of the pooled known elements of all classes. A class without
    known positives has the mean of the global threshold and its highest score, and a class without known
    elements has the global threshold. The required precision or recall of each class is guaranteed only with
    :math:`\lambda = 0`.

    The rule and :math:`\lambda` were chosen by an experiment; see docs/thresholds.md.

    Args:
        scores: Scores of shape (N, C); or of shape (K,), one for each element of ``classes``.
        labels: 1 positive, 0 negative, -1 unknown, of the shape of ``scores``.
        classes: Class index of each element, of shape (K,); None for matrices.
        num_classes: The number of classes of flat elements; by default the largest class index plus one.
        precision: The required precision, in (0, 1]; None for the best F1.
        recall: The required recall, in (0, 1]; None for the best F1.
        shrinkage: :math:`\lambda`, the number of known positives of a class at which its own ratio and the
            common one have equal weight.

    Returns:
        The thresholds of the classes, of shape (C,), and the global threshold.

    Raises:
        ValueError: If there is no known positive at all, both ``precision`` and ``recall`` are given, one of
            them is outside (0, 1], or ``shrinkage`` is negative.

    Example:
        >>> scores, labels = [[0.9, 0.3], [0.6, 0.2], [0.4, 0.1]], [[1, 1], [1, 0], [0, -1]]
        >>> best_thresholds(scores, labels, shrinkage=0)
        (array([0.5 , 0.25]), 0.25)
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
    pooled = rank_elements(elements.pooled())
    num_positives = np.array([elements.positive.sum()])
    pooled_counts = _best_counts(threshold_curve(pooled), num_positives, precision, recall)
    overall = float(_thresholds(pooled, pooled_counts)[0])

    ranked, positives = rank_elements(elements), elements.positives()
    curve = threshold_curve(ranked)
    counts = _best_counts(curve, positives, precision, recall)
    ratio = _common_ratio(curve, positives, precision, recall)
    predicts = counts > 0
    if ratio is not None:
        own, common = counts[predicts], ratio * positives[predicts]
        weight = 1 - positives[predicts] / (positives[predicts] + shrinkage)
        counts[predicts] = np.maximum(own * (common / own) ** weight, 1)
    thresholds = _thresholds(ranked, counts)
    highest = ranked.scores[ranked.bounds[1:] - 1].astype(float)
    thresholds = np.where(positives > 0, thresholds, (overall + highest) / 2)
    return np.where(elements.counts > 0, thresholds, overall), overall


def _best_counts(
    curve: ThresholdCurve, positives: np.ndarray, precision: float | None, recall: float | None
) -> np.ndarray:
    """Count the predictions with the best threshold of each class alone; 0 without positives."""
    indices, counts = np.arange(len(curve.starts)), np.zeros(len(positives))
    has_elements = np.diff(curve.bounds) > 0
    first = curve.bounds[:-1][has_elements]
    positives_of_class = np.maximum(positives[curve.classes], 1)
    predicted = np.append(curve.predicted, 0)  # the last one, with index -1, predicts nothing
    if precision is not None:
        valid = curve.true_positives / curve.predicted >= precision
        chosen = np.minimum.reduceat(np.where(valid, indices, len(indices)), first)
    else:
        if recall is not None:
            # The quotient is rounded in the same way as the decimal number. The product recall * positives
            # may be rounded to above an integer.
            valid = curve.true_positives / positives_of_class >= recall
        else:
            f1 = 2 * curve.true_positives / (curve.predicted + positives_of_class)
            valid = f1 == np.repeat(np.maximum.reduceat(f1, first), np.diff(curve.bounds)[has_elements])
        chosen = np.maximum.reduceat(np.where(valid, indices, -1), first)
    counts[has_elements] = predicted[chosen]
    counts[positives == 0] = 0
    return counts


def _common_ratio(
    curve: ThresholdCurve, positives: np.ndarray, precision: float | None, recall: float | None
) -> float | None:
    """Compute the best ratio of predictions to known positives for all classes; None if there is none."""
    hits = curve.at_threshold(curve.true_positives)
    classes, hits, predicted = curve.classes[hits > 0], hits[hits > 0], curve.predicted[hits > 0]
    ratios = predicted / positives[classes]
    order = np.argsort(ratios, kind="stable")
    ratios = ratios[order]
    recalls = np.cumsum(hits[order] / positives[classes[order]])
    last = np.append(ratios[1:] != ratios[:-1], True)
    ratios, recalls = ratios[last], recalls[last] / recalls[-1]
    if precision is not None:
        reached = np.flatnonzero(recalls / ratios >= precision - _TOLERANCE)
        return float(ratios[reached[-1]]) if len(reached) else None
    if recall is not None:
        return float(ratios[np.argmax(recalls >= recall - _TOLERANCE)])
    f1 = 2 * recalls / (1 + ratios)
    return float(ratios[np.argmax(f1 >= f1.max() - _TOLERANCE)])


def _thresholds(ranked: RankedElements, counts: np.ndarray) -> np.ndarray:
    """Compute the threshold of each class that predicts this number of elements, which may be fractional.

    With the count 0, it is the next number above the highest score. A class without elements has an arbitrary
    threshold.
    """
    scores, first, last = ranked.scores, ranked.bounds[:-1], ranked.bounds[1:] - 1
    index = np.clip(last + 0.5 - counts, first, np.maximum(last, first))
    below = np.minimum(np.floor(index).astype(np.int64), len(scores) - 1)
    low, high = scores[below], scores[np.minimum(np.ceil(index).astype(np.int64), len(scores) - 1)]
    with np.errstate(invalid="ignore"):  # infinite scores
        mixed = (low + (index - below) * (high.astype(float) - low)).astype(scores.dtype)
    # Rounding must not move the threshold to the lower score, which would then be predicted, or above the
    # higher one.
    thresholds = np.where((mixed > low) & (mixed < high), mixed, high)
    nothing = np.nextafter(scores[last], np.inf, dtype=scores.dtype)
    chosen: np.ndarray = np.where(counts > 0, thresholds, nothing).astype(float)
    return chosen
