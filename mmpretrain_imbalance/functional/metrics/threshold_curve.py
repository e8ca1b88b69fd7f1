"""Predictions and true positives at every possible threshold of each class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .ranked_elements import RankedElements


@dataclass(frozen=True)
class ThresholdCurve:
    """Counts for each distinct score of each class as a threshold, sorted by class, then by score.

    Attributes:
        starts: Position of the first ranked element that reaches the threshold, of shape (T,).
        classes: Class index of each threshold, of shape (T,).
        true_positives: Number of known positives of the class that reach the threshold, of shape (T,).
        predicted: Number of known elements of the class that reach the threshold, of shape (T,).
        bounds: The thresholds of class c are ``bounds[c]:bounds[c + 1]``, of shape (C + 1,).
    """

    starts: np.ndarray
    classes: np.ndarray
    true_positives: np.ndarray
    predicted: np.ndarray
    bounds: np.ndarray

    def at_threshold(self, at_or_above: np.ndarray) -> np.ndarray:
        """Convert counts at or above each threshold to counts at the threshold, both of shape (T,)."""
        above = np.append(at_or_above[1:], 0)
        last = self.bounds[1:][np.diff(self.bounds) > 0] - 1
        above[last] = 0
        counts: np.ndarray = at_or_above - above
        return counts


def threshold_curve(ranked: RankedElements) -> ThresholdCurve:
    """Count predictions and true positives for each distinct score as the threshold of its class.

    Args:
        ranked: Known elements sorted by ``rank_elements``.

    Returns:
        The counts, where an element is predicted positive if its score is at least the threshold.

    Example:
        >>> from mmpretrain_imbalance.functional.metrics.known_elements import known_elements
        >>> from mmpretrain_imbalance.functional.metrics.ranked_elements import rank_elements
        >>> curve = threshold_curve(rank_elements(known_elements([[0.4], [0.9], [0.4]], [[1], [1], [0]])))
        >>> curve.true_positives.tolist(), curve.predicted.tolist()
        ([2, 1], [3, 1])
    """
    is_start = (
        np.append(True, ranked.scores[1:] != ranked.scores[:-1]) if len(ranked.scores) else np.empty(0, bool)
    )
    is_start[ranked.bounds[:-1][np.diff(ranked.bounds) > 0]] = True
    starts = np.flatnonzero(is_start)
    bounds = np.searchsorted(starts, ranked.bounds)
    num_thresholds = np.diff(bounds)
    positives_before = np.concatenate([[0], np.cumsum(ranked.positive)])
    ends = np.repeat(ranked.bounds[1:], num_thresholds)
    return ThresholdCurve(
        starts=starts,
        classes=np.repeat(np.arange(len(num_thresholds)), num_thresholds),
        true_positives=positives_before[ends] - positives_before[starts],
        predicted=ends - starts,
        bounds=bounds,
    )
