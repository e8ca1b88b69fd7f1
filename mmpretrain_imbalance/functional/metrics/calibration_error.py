"""Expected calibration error over known elements, of each class and pooled."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike

from ...utils.argument_checks import check_integer
from .known_elements import KnownElements, known_elements


class ReliabilityBins(NamedTuple):
    """Known elements by predicted probability, in B bins of equal width over [0, 1].

    Attributes:
        counts: Known elements of each bin, of shape (C, B).
        mean_score: Mean probability of each bin, NaN in an empty one, of shape (C, B).
        positive_fraction: Share of known positives of each bin, NaN in an empty one, of shape (C, B).
    """

    counts: np.ndarray
    mean_score: np.ndarray
    positive_fraction: np.ndarray


def reliability_bins(
    scores: ArrayLike | torch.Tensor,
    labels: ArrayLike | torch.Tensor,
    classes: ArrayLike | torch.Tensor | None = None,
    *,
    num_classes: int | None = None,
    num_bins: int = 15,
    pooled: bool = False,
) -> ReliabilityBins:
    """Compare predicted probabilities with what came true, bin by bin: what a reliability diagram draws.

    Args:
        scores: Probabilities in [0, 1], of shape (N, C); or of shape (K,), one for each element of ``classes``.
        labels: 1 positive, 0 negative, -1 unknown, of the shape of ``scores``.
        classes: Class index of each element, of shape (K,); None for tables.
        num_classes: The number of classes of flat elements; by default the largest class index plus one.
        num_bins: The number of bins B. A bin holds its lower end; the last one holds 1 too.
        pooled: Whether all elements count as those of one class, C = 1.

    Returns:
        The bins of each class.

    Raises:
        ValueError: If a known element's score is no probability, the labels are not as described, or there is
            no bin.

    Example:
        >>> reliability_bins([[0.1], [0.2], [0.9]], [[0], [1], [1]], num_bins=2).positive_fraction
        array([[0.5, 1. ]])
    """
    elements = known_elements(scores, labels, classes, num_classes=num_classes, caller="reliability_bins")
    return _reliability_bins(elements.pooled() if pooled else elements, num_bins, "reliability_bins")


def calibration_error(
    scores: ArrayLike | torch.Tensor,
    labels: ArrayLike | torch.Tensor,
    classes: ArrayLike | torch.Tensor | None = None,
    *,
    num_classes: int | None = None,
    num_bins: int = 15,
) -> np.ndarray:
    r"""Expected calibration error (ECE) of each class over its known elements.

    .. math:: \mathrm{ECE}_c = \sum_b \frac{n_{cb}}{n_c} \left| \bar{p}_{cb} - \bar{y}_{cb} \right|

    with the number of known elements, the mean probability and the share of positives of bin b.

    Args:
        scores: As in :func:`reliability_bins`.
        labels: As in :func:`reliability_bins`.
        classes: As in :func:`reliability_bins`.
        num_classes: As in :func:`reliability_bins`.
        num_bins: As in :func:`reliability_bins`.

    Returns:
        The error in [0, 1], of shape (C,); NaN for a class without any known element.

    Raises:
        ValueError: As :func:`reliability_bins`.

    Example:
        >>> calibration_error([[0.25], [0.25], [1.0]], [[0], [1], [1]], num_bins=2).round(3)
        array([0.167])
    """
    elements = known_elements(scores, labels, classes, num_classes=num_classes, caller="calibration_error")
    return _expected_error(_reliability_bins(elements, num_bins, "calibration_error"))


def pooled_calibration_error(
    scores: ArrayLike | torch.Tensor,
    labels: ArrayLike | torch.Tensor,
    classes: ArrayLike | torch.Tensor | None = None,
    *,
    num_bins: int = 15,
) -> float:
    """Expected calibration error of all known elements together, whatever their class.

    Args:
        scores: As in :func:`reliability_bins`.
        labels: As in :func:`reliability_bins`.
        classes: As in :func:`reliability_bins`.
        num_bins: As in :func:`reliability_bins`.

    Returns:
        The error in [0, 1]; NaN without any known element.

    Raises:
        ValueError: As :func:`reliability_bins`.

    Example:
        >>> pooled_calibration_error([[0.75, 0.75]], [[1, 1]])
        0.25
    """
    elements = known_elements(scores, labels, classes, caller="pooled_calibration_error").pooled()
    return float(_expected_error(_reliability_bins(elements, num_bins, "pooled_calibration_error"))[0])


def _reliability_bins(elements: KnownElements, num_bins: int, caller: str) -> ReliabilityBins:
    check_integer(caller, 1, num_bins=num_bins)
    outside = (elements.scores < 0) | (elements.scores > 1)
    if outside.any():
        element = np.argmax(outside)
        raise ValueError(
            f"The 'scores' argument of {caller} must be probabilities from 0 to 1, not logits. "
            f"Got {elements.scores[element]:g} at class {elements.classes[element]} instead."
        )
    bins = np.minimum((elements.scores * num_bins).astype(np.int64), num_bins - 1)
    cells = elements.classes.astype(np.int64) * num_bins + bins
    counts, scores, positives = (
        np.bincount(cells, weights=weights, minlength=elements.num_classes * num_bins).reshape(-1, num_bins)
        for weights in (None, elements.scores, elements.positive)
    )
    with np.errstate(invalid="ignore"):
        return ReliabilityBins(counts, scores / counts, positives / counts)


def _expected_error(bins: ReliabilityBins) -> np.ndarray:
    gap = np.where(bins.counts > 0, np.abs(bins.mean_score - bins.positive_fraction), 0)
    with np.errstate(invalid="ignore"):
        return (bins.counts * gap).sum(axis=1) / bins.counts.sum(axis=1)
