"""Average precision over known elements."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import ArrayLike

from .ranked_elements import RankedElements, rank_positives
from .ranked_tensors import ranked_known_elements


def average_precision(
    scores: ArrayLike | torch.Tensor,
    labels: ArrayLike | torch.Tensor,
    classes: ArrayLike | torch.Tensor | None = None,
    *,
    num_classes: int | None = None,
) -> np.ndarray:
    r"""Average precision of each class over its known elements, where equal scores are one threshold.

    .. math:: \mathrm{AP}_c = \frac{1}{|P_c|} \sum_{i \in P_c}
        \frac{|\{j \in P_c : s_j \ge s_i\}|}{|\{j \in P_c \cup G_c : s_j \ge s_i\}|}

    with the known positives :math:`P_c` and known negatives :math:`G_c` of class c. The value is that of
    scikit-learn's ``average_precision_score``. It does not depend on the order of the samples or on unknown
    elements.

    Args:
        scores: Scores of any scale, of shape (N, C); or of shape (K,), one for each element of ``classes``.
        labels: 1 positive, 0 negative, -1 unknown, of the shape of ``scores``.
        classes: Class index of each element, of shape (K,); None for matrices.
        num_classes: The number of classes of flat elements; by default the largest class index plus one.

    Returns:
        Average precision in [0, 1], of shape (C,); NaN for a class without known positives or without known
        negatives.

    Raises:
        ValueError: If shapes differ, a label is not 1, 0 or -1, or the score of a known element is NaN.

    Example:
        >>> average_precision([[0.9, 0.3], [0.4, 0.6], [0.4, 0.1]], [[1, 1], [1, -1], [0, -1]])
        array([0.83333333,        nan])
    """
    ranked = ranked_known_elements(
        scores, labels, classes, num_classes=num_classes, caller="average_precision"
    )
    return _average_precision(ranked)


def pooled_average_precision(
    scores: ArrayLike | torch.Tensor,
    labels: ArrayLike | torch.Tensor,
    classes: ArrayLike | torch.Tensor | None = None,
) -> float:
    """Average precision of one ranking of the known elements of all classes.

    Args:
        scores: Scores that are comparable between classes, as in :func:`average_precision`.
        labels: As in :func:`average_precision`.
        classes: As in :func:`average_precision`.

    Returns:
        Average precision in [0, 1]; NaN without any known positive or any known negative.

    Raises:
        ValueError: As :func:`average_precision`.

    Example:
        >>> pooled_average_precision([[0.9, 0.3], [0.4, 0.6]], [[1, 1], [0, -1]])
        0.8333333333333333
    """
    ranked = ranked_known_elements(scores, labels, classes, pooled=True, caller="pooled_average_precision")
    return float(_average_precision(ranked)[0])


def mean_average_precision(
    class_average_precision: np.ndarray, weights: np.ndarray | None = None, keep: np.ndarray | None = None
) -> float:
    r"""Mean of the average precision over the classes for which it is defined.

    .. math:: \mathrm{mAP} = \frac{\sum_c w_c \mathrm{AP}_c}{\sum_c w_c}

    over the kept classes whose :math:`\mathrm{AP}_c` is not NaN. With :math:`w_c = 1` it is mAP(C), and with
    the number of known positives as weights it is mAP(O).

    Args:
        class_average_precision: Average precision of each class or NaN, of shape (C,).
        weights: Weight of each class, of shape (C,); None for equal weights.
        keep: Classes that take part, as bool of shape (C,) or as indices; None for all.

    Returns:
        The mean; NaN if no class is left.

    Example:
        >>> mean_average_precision(np.array([0.5, np.nan, 1.0]))
        0.75
        >>> mean_average_precision(np.array([0.5, np.nan, 1.0]), weights=np.array([3, 5, 1]))
        0.625
    """
    weights = np.ones(len(class_average_precision)) if weights is None else np.asarray(weights)
    if keep is not None:
        class_average_precision, weights = class_average_precision[keep], weights[keep]
    evaluated = ~np.isnan(class_average_precision)
    total = weights[evaluated].sum()
    if not total > 0:
        return float("nan")
    return float(class_average_precision[evaluated] @ weights[evaluated] / total)


def _average_precision(ranked: RankedElements) -> np.ndarray:
    """Compute the equation of :func:`average_precision` from the positives and their ties only."""
    positives, num_classes = rank_positives(ranked), len(ranked.bounds) - 1
    true_positives = np.repeat(positives.bounds[1:], positives.counts) - positives.positives_before
    predicted = np.repeat(ranked.bounds[1:], positives.counts) - positives.tie_starts
    classes = np.repeat(np.arange(num_classes), positives.counts)
    total = np.bincount(classes, weights=true_positives / predicted, minlength=num_classes)
    evaluated = (positives.counts > 0) & (positives.counts < np.diff(ranked.bounds))
    result: np.ndarray = np.divide(total, positives.counts, out=np.full(num_classes, np.nan), where=evaluated)
    return result
