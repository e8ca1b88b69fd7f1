"""Predicted labels from scores: by thresholds, by the k highest scores per image, or by both."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def labels_above(scores: np.ndarray, thresholds: ArrayLike) -> np.ndarray:
    """Predict the labels whose score is at least the threshold.

    The thresholds are first rounded to the dtype of the scores, so that a score of 0.7 in float32 reaches the
    threshold 0.7.

    Args:
        scores: Scores of shape (N, C).
        thresholds: One threshold, or one per class, of shape (C,).

    Returns:
        Predicted labels, bool, of shape (N, C).

    Example:
        >>> labels_above(np.array([[0.7, 0.6]], dtype=np.float32), [0.7, 0.65])
        array([[ True, False]])
    """
    predicted: np.ndarray = scores >= np.asarray(thresholds, dtype=scores.dtype)
    return predicted


def top_labels(scores: np.ndarray, k: int, thresholds: ArrayLike | None = None) -> np.ndarray:
    r"""Predict the k labels of each image with the highest scores, if they reach their threshold.

    .. math:: \hat y_{ic} = [r_{ic} \le k]\, [s_{ic} \ge t_c], \qquad
        r_{ic} = 1 + |\{j : s_{ij} > s_{ic}\}| + |\{j < c : s_{ij} = s_{ic}\}|

    Among equal scores, the lower class index comes first. The rank is that among all classes: a label below
    its threshold is not replaced by the next one, so an image may have fewer than k predicted labels.

    Args:
        scores: Scores of shape (N, C).
        k: Number of labels per image; all labels if there are no more than k classes.
        thresholds: One threshold, or one per class, of shape (C,), as in :func:`labels_above`; None for no
            thresholds.

    Returns:
        Predicted labels, bool, of shape (N, C).

    Example:
        >>> scores = np.array([[0.2, 0.9, 0.2]])
        >>> top_labels(scores, k=2)
        array([[ True,  True, False]])
        >>> top_labels(scores, k=2, thresholds=0.5)
        array([[False,  True, False]])
    """
    if thresholds is not None:
        both: np.ndarray = top_labels(scores, k) & labels_above(scores, thresholds)
        return both
    if k >= scores.shape[1]:
        return np.ones(scores.shape, dtype=bool)
    lowest = np.partition(scores, -k, axis=1)[:, -k, None]
    above, equal = scores > lowest, scores == lowest
    top: np.ndarray = above | (equal & (np.cumsum(equal, axis=1) <= k - above.sum(axis=1, keepdims=True)))
    return top
