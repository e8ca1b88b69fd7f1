"""Scores of known labels that may be wrong, and of unknown labels that are worth asking for."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

_SMALLEST = 1e-7  # of probabilities and thresholds, so that their odds are finite


def given_label_probability(probabilities: ArrayLike, labels: ArrayLike) -> np.ndarray:
    r"""Probability that a model assigns to the given label of each element, also called self-confidence.

    .. math:: q_{nc} = y_{nc} p_{nc} + (1 - y_{nc}) (1 - p_{nc})

    A low value means that the label may be wrong. Values are comparable among positives, and among negatives,
    but not between both: where positives are rare, every positive has a low value.

    Source: Northcutt et al., JAIR 2021 (arXiv 1911.00068), for each class of a multi-label problem as in
    Thyagarajan et al. (arXiv 2211.13895). These define it for complete labels; here it is that of the known
    elements.

    Args:
        probabilities: Probabilities of the positive label, of any shape.
        labels: Known labels, 1 or 0, of the same shape.

    Returns:
        The probabilities of the given labels, of the same shape.

    Example:
        >>> given_label_probability([0.25, 0.25], [1, 0])
        array([0.25, 0.75])
    """
    probabilities = np.asarray(probabilities)
    confidence: np.ndarray = np.where(np.asarray(labels) == 1, probabilities, 1 - probabilities)
    return confidence


def question_scores(probabilities: ArrayLike, thresholds: ArrayLike, positives: ArrayLike) -> np.ndarray:
    r"""Score how much the label of an unknown element is worth asking for: uncertain, and of a rare class.

    .. math::
        a_{nc} = \frac{4 q_{nc} (1 - q_{nc})}{n_c^+ + 1}, \qquad
        q_{nc} = \sigma(\operatorname{logit} p_{nc} - \operatorname{logit} t_c)

    :math:`t_c` is the decision threshold of the class and :math:`n_c^+` its number of known positives.

    The numerator is uncertainty sampling (Lewis and Gale, SIGIR 1994), which prefers the elements with the
    probability 0.5. Two changes have no source. First, the logit is shifted by that of the threshold: the
    model decides there, which for a rare class is far below 0.5. Second, the denominator: with one more
    positive, the variance of a mean over the positives of a class decreases by the factor
    :math:`n_c^+ / (n_c^+ + 1)`, so the same answer is worth more for a rare class.

    Args:
        probabilities: Probabilities of the positive label, of shape (..., C).
        thresholds: Decision threshold of each class, of shape (C,), or one for all classes.
        positives: Number of known positives of each class, of shape (C,).

    Returns:
        The scores, in [0, 1], of shape (..., C).

    Example:
        >>> question_scores([[0.5, 0.5, 0.1]], [0.5, 0.5, 0.1], [0, 4, 1]).round(2)
        array([[1. , 0.2, 0.5]])
    """
    probabilities, thresholds = (
        np.clip(np.asarray(values, dtype=np.float64), _SMALLEST, 1 - _SMALLEST)
        for values in (probabilities, thresholds)
    )
    # With odds instead of logits: q = 1 / (1 + r), and 4 q (1 - q) = 4 r / (1 + r)^2.
    ratio = (1 - probabilities) / probabilities * thresholds / (1 - thresholds)
    scores: np.ndarray = 4 * ratio / (1 + ratio) ** 2 / (np.asarray(positives) + 1)
    return scores


def ranks_in_groups(scores: ArrayLike, groups: ArrayLike) -> np.ndarray:
    """Rank the elements within their groups.

    Args:
        scores: Scores of shape (E,).
        groups: Group of each element, integers of shape (E,).

    Returns:
        Number of elements of the same group with a higher score, or with an equal score and a lower index,
        of shape (E,).

    Example:
        >>> ranks_in_groups([0.9, 0.5, 0.7, 0.5], [0, 0, 0, 1])
        array([0, 2, 1, 0])
    """
    scores, groups = np.asarray(scores), np.asarray(groups)
    order = np.lexsort((-scores, groups))
    sorted_groups = groups[order]
    starts = np.flatnonzero(np.r_[True, sorted_groups[1:] != sorted_groups[:-1]][: len(order)])
    sizes = np.diff(np.r_[starts, len(order)])
    ranks = np.empty(len(order), dtype=np.int64)
    ranks[order] = np.arange(len(order)) - np.repeat(starts, sizes)
    return ranks
