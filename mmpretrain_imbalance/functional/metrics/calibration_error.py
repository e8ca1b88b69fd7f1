"""Expected calibration error over known elements, per class and pooled."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike

from ...utils.argument_checks import check_integer
from .known_elements import KnownElements, known_elements


class ReliabilityBins(NamedTuple):
    """Statistics of known elements in B probability bins of equal width over [0, 1].

    Attributes:
        counts: Number of known elements of each bin, of shape (C, B).
        mean_score: Mean probability of each bin, NaN in an empty bin, of shape (C, B).
        positive_fraction: Fraction of positives among the known elements of each bin, NaN in an empty bin, of
            shape (C, B).
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
    """Compute mean predicted probability and fraction of positives per bin, as in a reliability diagram.

    Args:
        scores: Probabilities in [0, 1], of shape (N, C); or of shape (K,), one for each element of
            ``classes``.
        labels: 1 positive, 0 negative, -1 unknown, of the shape of ``scores``.
        classes: Class index of each element, of shape (K,); None for matrices.
        num_classes: The number of classes of flat elements; by default the largest class index plus one.
        num_bins: The number of bins B. A bin includes its lower end; the last bin also includes 1.
        pooled: Whether the elements of all classes are pooled into one class, C = 1.

    Returns:
        The bins of each class.

    Raises:
        ValueError: If the score of a known element is outside [0, 1], shapes differ, a label is not 1, 0 or
            -1, or ``num_bins`` is less than 1.

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

    with the number of known elements :math:`n_{cb}`, their mean probability :math:`\bar{p}_{cb}` and their
    fraction of positives :math:`\bar{y}_{cb}` in bin b.

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
    """Expected calibration error of the pooled known elements of all classes.

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
    indices = elements.classes.astype(np.int64) * num_bins + bins
    counts, scores, positives = (
        np.bincount(indices, weights=weights, minlength=elements.num_classes * num_bins).reshape(-1, num_bins)
        for weights in (None, elements.scores, elements.positive)
    )
    with np.errstate(invalid="ignore"):
        return ReliabilityBins(counts, scores / counts, positives / counts)


def _expected_error(bins: ReliabilityBins) -> np.ndarray:
    gap = np.where(bins.counts > 0, np.abs(bins.mean_score - bins.positive_fraction), 0)
    with np.errstate(invalid="ignore"):
        error: np.ndarray = (bins.counts * gap).sum(axis=1) / bins.counts.sum(axis=1)
    return error
