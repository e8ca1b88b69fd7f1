"""Known elements sorted by class and score, the common input of all ranking metrics."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .known_elements import KnownElements

_SIGN = np.uint32(1 << 31)
_BLOCK = 1 << 16


@dataclass(frozen=True)
class RankedElements:
    """Known elements sorted by class, then by ascending score.

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

    Numpy sorts integers with vector instructions, which is much faster than ``argsort`` or ``lexsort``. Each
    element therefore becomes one integer: the class, then the bits of the score mapped to an ascending
    integer, then the label. float64 scores that are not exact in float32 do not fit into such an integer;
    they are sorted by ``lexsort``.

    Args:
        elements: The known elements in any order.

    Returns:
        The same elements, sorted. The order among equal scores is arbitrary, because the metrics treat them
        as one threshold.

    Example:
        >>> from mmpretrain_imbalance.functional.metrics.known_elements import known_elements
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


def _sort_each_class(
    scores: np.ndarray, positive: np.ndarray, bounds: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Sort each class by keys of 32 bits: a score without a sign has 31 bits, and the label has one."""
    ranked_scores, ranked_positive = np.empty_like(scores), np.empty_like(positive)
    # Blocks of whole classes that fit the cache, because all steps but the sorting are limited by memory.
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


def _sort_all(scores: np.ndarray, positive: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sort all elements by keys of 64 bits: the class, then the score, then the label."""
    bits = scores.view(np.uint32)
    keys = classes.astype(np.uint64) << np.uint64(32)
    keys |= np.where(bits & _SIGN, ~bits, bits | _SIGN)
    keys <<= np.uint64(1)
    keys |= positive
    keys.sort()
    bits = (keys >> np.uint64(1)).astype(np.uint32)
    return np.where(bits & _SIGN, bits ^ _SIGN, ~bits).view(np.float32), _last_bit(keys)


def _last_bit(keys: np.ndarray) -> np.ndarray:
    bits: np.ndarray = keys.astype(np.uint8) & np.uint8(1)
    return bits.view(bool)


@dataclass(frozen=True)
class RankedPositives:
    """Known positives of a ranking, sorted by class, then by ascending score.

    Attributes:
        positions: Position of each positive in the ranking, of shape (P,).
        tie_starts: First position of an element of the same class with the same score, of shape (P,).
        positives_before: Number of positives of all classes before that position, of shape (P,).
        bounds: The positives of class c are ``bounds[c]:bounds[c + 1]``, of shape (C + 1,).
    """

    positions: np.ndarray
    tie_starts: np.ndarray
    positives_before: np.ndarray
    bounds: np.ndarray

    @property
    def counts(self) -> np.ndarray:
        """Number of positives of each class, of shape (C,)."""
        return np.diff(self.bounds)


def rank_positives(ranked: RankedElements) -> RankedPositives:
    """Find the known positives of a ranking and the elements with equal scores.

    Args:
        ranked: Known elements sorted by ``rank_elements``.

    Returns:
        Positions of the positives and of their ties.

    Example:
        >>> columns = [0.1, 0.4, 0.4], [False, False, True], [0, 3]
        >>> ranked = RankedElements(*(np.array(column) for column in columns))
        >>> positives = rank_positives(ranked)
        >>> positives.positions, positives.tie_starts
        (array([2]), array([1]))
    """
    positions = np.flatnonzero(ranked.positive)
    tie_starts, positives_before = positions.copy(), np.arange(len(positions))
    is_tie = np.zeros(len(ranked.scores) + 1, dtype=bool)  # tie with the previous element
    np.equal(ranked.scores[1:], ranked.scores[:-1], out=is_tie[1:-1])
    is_tie[ranked.bounds] = False
    ties = np.flatnonzero(is_tie)
    if len(ties):
        run_starts = ties[np.append(True, np.diff(ties) > 1)]
        tied = is_tie[positions]
        tie_starts[tied] = run_starts[np.searchsorted(run_starts, positions[tied], side="right") - 1] - 1
        positives_before[tied] = np.searchsorted(positions, tie_starts[tied])
    return RankedPositives(positions, tie_starts, positives_before, np.searchsorted(positions, ranked.bounds))
