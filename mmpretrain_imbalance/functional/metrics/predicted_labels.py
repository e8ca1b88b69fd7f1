"""From scores to predicted labels: by threshold, the k highest of an image, or both."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def labels_above(scores: np.ndarray, thresholds: ArrayLike) -> np.ndarray:
    """Predict the labels whose score reaches the threshold.

    The thresholds are rounded to the type of the scores first, so that a score of 0.7 in float32 reaches 0.7.

    Args:
        scores: Scores of shape (N, C).
        thresholds: One threshold, or one per class, of shape (C,).

    Returns:
        Whether each label is predicted, bool, of shape (N, C).

    Example:
        >>> labels_above(np.array([[0.7, 0.6]], dtype=np.float32), [0.7, 0.65])
        array([[ True, False]])
    """
    return scores >= np.asarray(thresholds, dtype=scores.dtype)


def top_labels(scores: np.ndarray, k: int, thresholds: ArrayLike | None = None) -> np.ndarray:
    r"""Predict the k labels of each image with the highest scores, or those of them that reach a threshold.

    .. math:: \hat y_{ic} = [r_{ic} \le k]\, [s_{ic} \ge t_c], \qquad
        r_{ic} = 1 + |\{j : s_{ij} > s_{ic}\}| + |\{j < c : s_{ij} = s_{ic}\}|

    So the lower class index comes first among equals. The ranks are those among all classes: a label below
    its threshold is not replaced by the next one, and an image may have fewer than k predicted labels.

    Args:
        scores: Scores of shape (N, C).
        k: How many labels of each image; all of them where there are no more.
        thresholds: One threshold, or one per class, of shape (C,), as in :func:`labels_above`; None for the k
            highest whatever their scores.

    Returns:
        Whether each label is predicted, bool, of shape (N, C).

    Example:
        >>> scores = np.array([[0.2, 0.9, 0.2]])
        >>> top_labels(scores, k=2)
        array([[ True,  True, False]])
        >>> top_labels(scores, k=2, thresholds=0.5)
        array([[False,  True, False]])
    """
    if thresholds is not None:
        return top_labels(scores, k) & labels_above(scores, thresholds)
    if k >= scores.shape[1]:
        return np.ones(scores.shape, dtype=bool)
    lowest = np.partition(scores, -k, axis=1)[:, -k, None]
    above, equal = scores > lowest, scores == lowest
    return above | (equal & (np.cumsum(equal, axis=1) <= k - above.sum(axis=1, keepdims=True)))
