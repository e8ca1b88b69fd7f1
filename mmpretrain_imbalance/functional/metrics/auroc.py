"""Area under the ROC curve over known elements."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import ArrayLike

from .ranked_tensors import ranked_known_elements
from .threshold_curve import threshold_curve


def auroc(
    scores: ArrayLike | torch.Tensor,
    labels: ArrayLike | torch.Tensor,
    classes: ArrayLike | torch.Tensor | None = None,
    *,
    num_classes: int | None = None,
) -> np.ndarray:
    r"""Probability that a known positive has a higher score than a known negative of the same class.

    .. math:: \mathrm{AUROC}_c = \frac{1}{|P_c| |G_c|} \sum_{i \in P_c} \sum_{j \in G_c}
        \left( [s_i > s_j] + \tfrac{1}{2} [s_i = s_j] \right)

    with the known positives :math:`P_c` and known negatives :math:`G_c` of class c.

    Args:
        scores: Scores of any scale, of shape (N, C); or of shape (K,), one for each element of ``classes``.
        labels: 1 positive, 0 negative, -1 unknown, of the shape of ``scores``.
        classes: Class index of each element, of shape (K,); None for matrices.
        num_classes: The number of classes of flat elements; by default the largest class index plus one.

    Returns:
        The area in [0, 1], of shape (C,); NaN for a class without known positives or without known negatives.

    Raises:
        ValueError: If shapes differ, a label is not 1, 0 or -1, or the score of a known element is NaN.

    Example:
        >>> auroc([[0.9, 0.3], [0.4, 0.6], [0.4, 0.1]], [[1, 1], [1, -1], [0, -1]])
        array([0.75,  nan])
    """
    ranked = ranked_known_elements(scores, labels, classes, num_classes=num_classes, caller="auroc")
    curve = threshold_curve(ranked)
    positives_before = np.concatenate([[0], np.cumsum(ranked.positive)])
    positives = np.diff(positives_before[ranked.bounds])
    negatives = np.diff(ranked.bounds) - positives
    false_positives = curve.predicted - curve.true_positives
    equal = curve.at_threshold(false_positives)
    lower = negatives[curve.classes] - false_positives
    ordered_pairs = curve.at_threshold(curve.true_positives) * (lower + equal / 2)
    total = np.bincount(curve.classes, weights=ordered_pairs, minlength=len(positives))
    pairs = positives.astype(float) * negatives
    area: np.ndarray = np.divide(total, pairs, out=np.full(len(total), np.nan), where=pairs > 0)
    return area
