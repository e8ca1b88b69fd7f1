"""Known elements sorted by class and score: one pass that every ranking metric shares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .known_elements import KnownElements

_SIGN = np.uint32(1 << 31)
_BLOCK = 1 << 16


@dataclass(frozen=True)
class RankedElements:
    """Known elements, class after class, ascending in the score within a class.

    Attributes:
        scores: Score of each element, of shape (K,).
        positive: Whether the element is a known positive, of shape (K,).
        bounds: The elements of class c are ``bounds[c]:bounds[c + 1]``, of shape (C + 1,).
    """

    scores: np.ndarray
    positive: np.ndarray
    bounds: np.ndarray


def rank_elements(elements: KnownElements) -> RankedElements:
    """Sort known elements by class, then by score.

    Numpy sorts plain integers with vector instructions, much faster than it finds the order of anything
    else. So an element becomes one integer: class, then the bits of the score mapped to an ascending integer,
    then the label. Scores of float64 that float32 cannot hold exactly do not fit into such a key; they take
    the slow way and stay exact.

    Args:
        elements: The known elements in any order.

    Returns:
        The same elements, sorted. The order within equal scores means nothing: consumers treat them as one
        threshold.

    Example:
        >>> from mmpretrain_imbalance.functional.known_elements import known_elements
        >>> ranked = rank_elements(known_elements([0.5, 0.1, 0.3], [1, 0, 1], classes=[1, 0, 0]))
        >>> ranked.scores.tolist(), ranked.positive.tolist(), ranked.bounds.tolist()
        ([0.1, 0.3, 0.5], [False, True, True], [0, 2, 3])
    """
    bounds = np.concatenate([[0], np.cumsum(elements.counts)])
    with np.errstate(over="ignore"):
        scores = elements.scores.astype(np.float32, copy=False)
    if scores.dtype != elements.scores.dtype and not np.array_equal(scores, elements.scores):
        order = np.lexsort((elements.scores, elements.classes))
        return RankedElements(elements.scores[order], elements.positive[order], bounds)
    if elements.grouped and scores.min(initial=0) >= 0:
        ranked = _sort_each_class(scores, elements.positive, bounds)
    else:
        ranked = _sort_all(scores, elements.positive, elements.classes)
    return RankedElements(ranked[0].astype(elements.scores.dtype, copy=False), ranked[1], bounds)


def _sort_each_class(scores, positive, bounds) -> tuple[np.ndarray, np.ndarray]:
    """Without a sign the score leaves one bit of 32 for the label, and the class is where the element lies."""
    ranked_scores, ranked_positive = np.empty_like(scores), np.empty_like(positive)
    # Whole classes at a time, as many as the cache holds: every step but the sorting waits for memory only.
    first_classes = np.searchsorted(bounds[:-1], np.arange(0, len(scores), _BLOCK))
    for first, last in zip(first_classes, [*first_classes[1:], len(bounds) - 1]):
        block = slice(bounds[first], bounds[last])
        keys = np.left_shift(
            scores[block].view(np.uint32), np.uint32(1), out=ranked_scores[block].view(np.uint32)
        )
        keys |= positive[block]
        for start, stop in zip(bounds[first:last] - block.start, bounds[first + 1 : last + 1] - block.start):
            keys[start:stop].sort()
        ranked_positive[block] = _last_bit(keys)
        keys >>= np.uint32(1)
    return ranked_scores, ranked_positive


def _sort_all(scores, positive, classes) -> tuple[np.ndarray, np.ndarray]:
    """The class in the upper half of 64 bits, then the score, then the label."""
    bits = scores.view(np.uint32)
    keys = classes.astype(np.uint64) << np.uint64(32)
    keys |= np.where(bits & _SIGN, ~bits, bits | _SIGN)
    keys <<= np.uint64(1)
    keys |= positive
    keys.sort()
    bits = (keys >> np.uint64(1)).astype(np.uint32)
    return np.where(bits & _SIGN, bits ^ _SIGN, ~bits).view(np.float32), _last_bit(keys)


def _last_bit(keys: np.ndarray) -> np.ndarray:
    return (keys.astype(np.uint8) & np.uint8(1)).view(bool)


@dataclass(frozen=True)
class RankedPositives:
    """The known positives of a ranking, class after class, ascending in the score within a class.

    Attributes:
        places: Place of each positive in the ranking, of shape (P,).
        thresholds: The lowest place of its class that has its score, of shape (P,).
        before: How many positives, of all classes, lie before that place, of shape (P,).
        bounds: The positives of class c are ``bounds[c]:bounds[c + 1]``, of shape (C + 1,).
    """

    places: np.ndarray
    thresholds: np.ndarray
    before: np.ndarray
    bounds: np.ndarray

    @property
    def counts(self) -> np.ndarray:
        """The number of positives of each class, of shape (C,)."""
        return np.diff(self.bounds)


def rank_positives(ranked: RankedElements) -> RankedPositives:
    """Find the known positives of a ranking, and the ties they are in.

    Args:
        ranked: Known elements as :func:`rank_elements` sorts them.

    Returns:
        Their places.

    Example:
        >>> columns = [0.1, 0.4, 0.4], [False, False, True], [0, 3]
        >>> ranked = RankedElements(*(np.array(column) for column in columns))
        >>> positives = rank_positives(ranked)
        >>> positives.places, positives.thresholds
        (array([2]), array([1]))
    """
    places = np.flatnonzero(ranked.positive)
    thresholds, before = places.copy(), np.arange(len(places))
    is_tie = np.zeros(len(ranked.scores) + 1, dtype=bool)  # with the element before it
    np.equal(ranked.scores[1:], ranked.scores[:-1], out=is_tie[1:-1])
    is_tie[ranked.bounds] = False
    ties = np.flatnonzero(is_tie)
    if len(ties):
        run_starts = ties[np.append(True, np.diff(ties) > 1)]
        tied = is_tie[places]
        thresholds[tied] = run_starts[np.searchsorted(run_starts, places[tied], side="right") - 1] - 1
        before[tied] = np.searchsorted(places, thresholds[tied])
    return RankedPositives(places, thresholds, before, np.searchsorted(places, ranked.bounds))
