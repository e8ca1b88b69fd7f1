"""Paired bootstrap test of the difference in mAP between two runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from numpy.typing import ArrayLike

from .average_precision import mean_average_precision
from .known_elements import KnownElements, known_elements
from .ranked_elements import RankedElements, rank_positives


@dataclass(frozen=True)
class BootstrapDifference:
    """Difference in mAP between two runs, with its confidence interval and p-value.

    Attributes:
        difference: mAP of the run minus mAP of the baseline on the original images, in [-1, 1].
        low: Lower end of the confidence interval.
        high: Upper end of the confidence interval.
        p_value: Two-sided p-value, from the fraction of resamples that contradict the sign of the difference;
            at least 2 / (resamples + 1).
    """

    difference: float
    low: float
    high: float
    p_value: float


def paired_bootstrap(
    scores: ArrayLike | torch.Tensor,
    baseline_scores: ArrayLike | torch.Tensor,
    labels: ArrayLike | torch.Tensor,
    classes: ArrayLike | torch.Tensor | None = None,
    images: ArrayLike | torch.Tensor | None = None,
    *,
    keep: ArrayLike | None = None,
    num_classes: int | None = None,
    num_resamples: int = 1000,
    confidence: float = 0.95,
    seed: int | np.random.Generator = 0,
) -> BootstrapDifference:
    """Paired bootstrap over images for the difference in mAP between two runs.

    Each resample is drawn with replacement from the images that have a known element, has the same number of
    images, and is the same for both runs. Its mAP is the mean of the average precision over the classes that
    have a known positive and a known negative in the resample. The confidence interval is between percentiles
    of the differences.

    Args:
        scores: Scores of the run, of shape (N, C); or of shape (K,), one for each element of ``classes``.
        baseline_scores: Scores of the baseline run, of the same shape.
        labels: 1 positive, 0 negative, -1 unknown, of the same shape.
        classes: Class index of each element, of shape (K,); None for matrices.
        images: Image index of each element, of shape (K,); None for matrices.
        keep: Classes that take part, for instance the tail, as bool of shape (C,) or as indices; None for
            all.
        num_classes: The number of classes of flat elements; by default the largest class index plus one.
        num_resamples: Number of resamples.
        confidence: Fraction of the resamples within the interval.
        seed: Seed or random number generator of the resamples.

    Returns:
        The difference with its interval and p-value; NaN if no class can be evaluated.

    Raises:
        ValueError: As :func:`average_precision`, or if ``num_resamples`` is less than 1, ``confidence`` is
            not between 0 and 1, or ``keep`` does not match the classes.

    Example:
        >>> labels = np.array([[1], [0]] * 20)
        >>> better = paired_bootstrap(labels + 0.0, 1.0 - labels, labels, num_resamples=99)
        >>> better.low > 0, better.p_value
        (True, 0.02)
    """
    return paired_bootstraps(
        scores,
        baseline_scores,
        labels,
        classes,
        images,
        keeps={"": keep},
        num_classes=num_classes,
        num_resamples=num_resamples,
        confidence=confidence,
        seed=seed,
    )[""]


def paired_bootstraps(
    scores: ArrayLike | torch.Tensor,
    baseline_scores: ArrayLike | torch.Tensor,
    labels: ArrayLike | torch.Tensor,
    classes: ArrayLike | torch.Tensor | None = None,
    images: ArrayLike | torch.Tensor | None = None,
    *,
    keeps: Mapping[str, ArrayLike | None],
    num_classes: int | None = None,
    num_resamples: int = 1000,
    confidence: float = 0.95,
    seed: int | np.random.Generator = 0,
) -> dict[str, BootstrapDifference]:
    """Compute :func:`paired_bootstrap` for several groups of classes at once, from the same resamples.

    Args:
        scores: As in :func:`paired_bootstrap`.
        baseline_scores: As in :func:`paired_bootstrap`.
        labels: As in :func:`paired_bootstrap`.
        classes: As in :func:`paired_bootstrap`.
        images: As in :func:`paired_bootstrap`.
        keeps: Name of each group, and its classes in the form of ``keep`` of :func:`paired_bootstrap`.
        num_classes: As in :func:`paired_bootstrap`.
        num_resamples: As in :func:`paired_bootstrap`.
        confidence: As in :func:`paired_bootstrap`.
        seed: As in :func:`paired_bootstrap`.

    Returns:
        Name of each group, and its result of :func:`paired_bootstrap`.

    Raises:
        ValueError: As :func:`paired_bootstrap`.

    Example:
        >>> labels = np.array([[1, 0], [0, 1]] * 20)
        >>> scores = np.stack([labels[:, 0], 1 - labels[:, 1]], axis=1)  # right, and wrong
        >>> keeps = {"all": None, "first": [0]}
        >>> found = paired_bootstraps(scores, labels, labels, keeps=keeps, num_resamples=9)
        >>> found["all"].difference, found["first"].difference
        (-0.25, 0.0)
    """
    if num_resamples < 1:
        raise ValueError(
            "The 'num_resamples' argument of paired_bootstrap must be at least 1. "
            f"Got {num_resamples} instead."
        )
    if not 0 < confidence < 1:
        raise ValueError(
            f"The 'confidence' argument of paired_bootstrap must be in (0, 1). Got {confidence} instead."
        )
    runs: list[_ResampledRanking] = []
    kept: dict[str, np.ndarray] = {}
    for run in (scores, baseline_scores):
        elements = known_elements(
            run, labels, classes, images, num_classes=num_classes, keep_images=True, caller="paired_bootstrap"
        )
        kept = {name: _as_bool(keep, elements.num_classes) for name, keep in keeps.items()}
        runs.append(_ResampledRanking(elements, np.any(list(kept.values()), axis=0)))
    num_images = runs[0].num_images
    generator = np.random.default_rng(seed)

    def differences(times: np.ndarray) -> list[float]:
        run, baseline = (ranking.average_precision(times) for ranking in runs)
        return [
            mean_average_precision(run, keep=keep) - mean_average_precision(baseline, keep=keep)
            for keep in kept.values()
        ]

    measured = differences(np.ones(num_images, dtype=np.int32))
    resampled = np.empty((num_resamples, len(kept)))
    for index in range(num_resamples):
        drawn = generator.integers(num_images, size=num_images)
        resampled[index] = differences(np.bincount(drawn, minlength=num_images).astype(np.int32))
    return {
        name: _summary(difference, column[~np.isnan(column)], confidence)
        for name, difference, column in zip(kept, measured, resampled.T)
    }


def _as_bool(keep: ArrayLike | None, num_classes: int) -> np.ndarray:
    if keep is None:
        return np.ones(num_classes, bool)
    chosen = np.asarray(keep)
    chosen = chosen if chosen.size else chosen.astype(int)  # numpy converts an empty list to floats
    kept = np.zeros(num_classes, bool)
    try:
        kept[chosen] = True
    except IndexError as error:
        raise ValueError(
            f"The 'keep' argument of paired_bootstrap must select some of the {num_classes} classes, as bool "
            f"or as indices. Got {keep!r} instead."
        ) from error
    return kept


def _summary(difference: float, resampled: np.ndarray, confidence: float) -> BootstrapDifference:
    if not len(resampled):
        return BootstrapDifference(difference, np.nan, np.nan, np.nan)
    low, high = np.quantile(resampled, [(1 - confidence) / 2, (1 + confidence) / 2])
    contradicting = min((resampled <= 0).sum(), (resampled >= 0).sum())
    p_value = min(1.0, 2 * (contradicting + 1) / (len(resampled) + 1))
    return BootstrapDifference(float(difference), float(low), float(high), float(p_value))


class _ResampledRanking:
    """Ranking of one run, sorted once; a resample changes only the number of times that an element counts."""

    def __init__(self, elements: KnownElements, kept: np.ndarray) -> None:
        indices = cast(np.ndarray, elements.images)  # not None because of keep_images=True
        known_images, images = np.unique(indices, return_inverse=True)
        order = np.lexsort((elements.scores, elements.classes))
        order = order[kept[elements.classes[order]]]
        self.num_images = len(known_images)
        self.images = images[order]
        self.bounds = np.concatenate([[0], np.cumsum(np.where(kept, elements.counts, 0))])
        self.positives = rank_positives(
            RankedElements(elements.scores[order], elements.positive[order], self.bounds)
        )
        # int32 takes half the time of int64. A resample has about as many elements as the ranking.
        dtype = np.int32 if len(order) < 10**8 else np.int64
        self.known_before: np.ndarray = np.zeros(len(order) + 1, dtype)
        self.positive_before: np.ndarray = np.zeros(len(self.positives.positions) + 1, dtype)

    def average_precision(self, times: np.ndarray) -> np.ndarray:
        """Average precision of each class if image i counts ``times[i]`` times, of shape (C,)."""
        known, positives = times[self.images], self.positives
        weights = known[positives.positions]
        np.cumsum(known, out=self.known_before[1:], dtype=self.known_before.dtype)
        np.cumsum(weights, out=self.positive_before[1:], dtype=self.positive_before.dtype)
        known_ends = np.repeat(self.known_before[self.bounds[1:]], positives.counts)
        predicted = known_ends - self.known_before[positives.tie_starts]
        positive_ends = np.repeat(self.positive_before[positives.bounds[1:]], positives.counts)
        true_positives = positive_ends - self.positive_before[positives.positives_before]
        terms = weights * (true_positives / np.maximum(predicted, 1))
        # For a class without positives, reduceat returns the first term of the next class. Such classes are
        # not evaluated.
        total = np.add.reduceat(np.append(terms, 0), positives.bounds[:-1])
        num_positives = np.diff(self.positive_before[positives.bounds])
        evaluated = (num_positives > 0) & (num_positives < np.diff(self.known_before[self.bounds]))
        result: np.ndarray = np.divide(total, num_positives, out=np.full(len(total), np.nan), where=evaluated)
        return result
