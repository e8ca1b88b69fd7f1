"""Paired bootstrap test of the difference between two runs, or between the means of several runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike

from .average_precision import mean_average_precision
from .known_elements import known_elements
from .resampled_metrics import ResampledRanking, as_class_mask, image_resamples


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
    _check_confidence(confidence, "paired_bootstrap")
    runs: list[ResampledRanking] = []
    kept: dict[str, np.ndarray] = {}
    for run in (scores, baseline_scores):
        elements = known_elements(
            run, labels, classes, images, num_classes=num_classes, keep_images=True, caller="paired_bootstrap"
        )
        size = elements.num_classes
        kept = {name: as_class_mask(keep, size, "paired_bootstrap") for name, keep in keeps.items()}
        runs.append(ResampledRanking(elements, np.any(list(kept.values()), axis=0)))
    values = [
        [
            [mean_average_precision(per_class, keep=keep) for keep in kept.values()]
            for per_class in (ranking.average_precision(times) for ranking in runs)
        ]
        for times in image_resamples(runs[0].num_images, num_resamples, seed, "paired_bootstrap")
    ]
    run, baseline = np.moveaxis(np.array(values).reshape(len(values), 2, len(kept)), 0, 2)
    return {
        name: resampled_difference(run[index], baseline[index], confidence=confidence)
        for index, name in enumerate(kept)
    }


def resampled_difference(
    values: ArrayLike, baseline_values: ArrayLike, *, confidence: float = 0.95
) -> BootstrapDifference:
    """Summarize the paired differences between two runs, or between the means of several runs.

    Args:
        values: Values of the run on the original images and on R resamples, as of :func:`resampled_metrics`,
            of shape (1 + R,); or of S trainings, of shape (S, 1 + R). The difference is then that of the
            means over the trainings, taken inside of each resample.
        baseline_values: Values of the baseline on the same resamples, of the same shape.
        confidence: Fraction of the resamples within the interval.

    Returns:
        The difference with its interval and p-value. Resamples in which a value is NaN are left out.

    Raises:
        ValueError: If the shapes differ, or ``confidence`` is not between 0 and 1.

    Example:
        >>> resampled_difference([0.5, 0.5, 0.75], [0.25, 0.25, 0.25], confidence=0.5)
        BootstrapDifference(difference=0.25, low=0.3125, high=0.4375, p_value=0.6666666666666666)
    """
    _check_confidence(confidence, "resampled_difference")
    differences = mean_differences(values, baseline_values)
    measured, resampled = differences[0], differences[1:][~np.isnan(differences[1:])]
    if not len(resampled):
        return BootstrapDifference(float(measured), np.nan, np.nan, np.nan)
    low, high = np.quantile(resampled, [(1 - confidence) / 2, (1 + confidence) / 2])
    contradicting = min((resampled <= 0).sum(), (resampled >= 0).sum())
    p_value = min(1.0, 2 * (contradicting + 1) / (len(resampled) + 1))
    return BootstrapDifference(float(measured), float(low), float(high), float(p_value))


def mean_differences(values: ArrayLike, baseline_values: ArrayLike) -> np.ndarray:
    """Differences of the means over trainings, for the original images and for each resample.

    Args:
        values: As in :func:`resampled_difference`.
        baseline_values: As in :func:`resampled_difference`.

    Returns:
        The differences, of shape (1 + R,).

    Raises:
        ValueError: If the shapes differ.

    Example:
        >>> mean_differences([[0.5, 0.5], [0.25, 0.75]], [[0.25, 0.25], [0.25, 0.25]])
        array([0.125, 0.375])
    """
    runs, baseline = np.atleast_2d(np.asarray(values)), np.atleast_2d(np.asarray(baseline_values))
    if runs.shape != baseline.shape:
        raise ValueError(
            "The 'baseline_values' argument of resampled_difference must have the shape of the values, "
            f"{runs.shape}. Got {baseline.shape} instead."
        )
    difference: np.ndarray = runs.mean(axis=0) - baseline.mean(axis=0)
    return difference


def _check_confidence(confidence: float, caller: str) -> None:
    if not 0 < confidence < 1:
        raise ValueError(
            f"The 'confidence' argument of {caller} must be in (0, 1). Got {confidence} instead."
        )
