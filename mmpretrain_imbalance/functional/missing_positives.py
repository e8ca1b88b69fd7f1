"""Number of unannotated positives per image, estimated from the label counts of a training set."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

#: From this fraction of known labels, "all labels are known".
ALL_KNOWN = 0.99
#: From this fraction of classes with a known negative, among the classes with a known positive, there are
#: "annotated negatives".
WITH_NEGATIVES = 0.5
#: From this fraction of classes with about the same number of known negatives, "a fixed number per class" was
#: annotated.
FIXED_NUMBER = 0.5
#: Minimum number of these classes, or all classes if there are fewer: two classes may agree by chance.
FIXED_NUMBER_CLASSES = 5
#: Difference of "about the same" numbers, in standard deviations of a number of random labels. A part of a
#: training set has only about the same number of each class.
FIXED_NUMBER_SPREAD = 0.25
#: Number of missing positives per image where neither the labels nor a class prior give an estimate.
ASSUMED_MISSING_POSITIVES = 1.0


def missing_positives(
    positives: ArrayLike, negatives: ArrayLike, unknown: ArrayLike, class_prior: ArrayLike | None = None
) -> float:
    r"""Estimate the number of unannotated positives per image.

    Let :math:`n^+_c`, :math:`n^-_c` and :math:`u_c` be the numbers of positive, negative and unknown labels
    of class c, and N the number of images. If labels are missing at random within a class, the estimate is

    .. math:: \frac{1}{N} \sum_c u_c \frac{n^+_c}{n^+_c + n^-_c}

    This is wrong if a fixed number of labels is annotated per class, which makes every class half positive,
    or if negatives are not annotated, which makes it positive everywhere. Then, the class prior
    :math:`\hat P_c`, if given, is used instead:

    .. math:: \frac{1}{N} \sum_c \min\big(\max(N \hat P_c - n^+_c, 0), u_c\big)

    Without a prior, the result is ``ASSUMED_MISSING_POSITIVES``, 1. This number, and the recognition of such
    annotations in ``has_fixed_number`` and ``negative_fraction``, are from this project.

    Args:
        positives: Number of known positives of each class, of shape (C,).
        negatives: Number of known negatives of each class, of shape (C,).
        unknown: Number of unknown labels of each class, of shape (C,).
        class_prior: P(positive) of each class, of shape (C,); None for no prior.

    Returns:
        The estimated number per image.

    Example:
        >>> missing_positives([30, 10], [10, 30], [60, 60])
        0.6
        >>> missing_positives([20] * 5, [20] * 5, [60] * 5)
        1.0
        >>> missing_positives([20] * 5, [20] * 5, [60] * 5, class_prior=[0.3] * 5)
        0.5
    """
    positives, negatives, unknown = (
        np.asarray(counts, dtype=np.float64) for counts in (positives, negatives, unknown)
    )
    known = positives + negatives
    num_images = max((known + unknown).max(initial=0), 1)
    if not unknown.any():
        return 0.0
    is_random = negative_fraction(positives, negatives) >= WITH_NEGATIVES
    if is_random and not has_fixed_number(positives, negatives, unknown):
        missing = unknown * positives / np.maximum(known, 1)
    elif class_prior is not None:
        missing = np.clip(num_images * np.asarray(class_prior, dtype=np.float64) - positives, 0, unknown)
    else:
        return ASSUMED_MISSING_POSITIVES
    return float(missing.sum() / num_images)


def negative_fraction(positives: ArrayLike, negatives: ArrayLike) -> float:
    """Compute the fraction of the classes with a known negative, among those with a known positive.

    Args:
        positives: Number of known positives of each class, of shape (C,).
        negatives: Number of known negatives of each class, of shape (C,).

    Returns:
        The fraction; 0 if no class has a known positive.

    Example:
        >>> negative_fraction([3, 1, 0], [2, 0, 5])
        0.5
    """
    has_positives, has_negatives = np.asarray(positives) > 0, np.asarray(negatives) > 0
    return float(has_negatives[has_positives].mean()) if has_positives.any() else 0.0


def has_fixed_number(positives: ArrayLike, negatives: ArrayLike, unknown: ArrayLike) -> bool:
    """Return whether most classes have about the same number of known negatives.

    If labels are missing at random, the numbers of two classes differ more. The numbers of positives do not
    count: a rare class may have fewer positives than were to be annotated. All labels of some images are
    another case: all classes then have the same number of known labels, but not of positives.

    Args:
        positives: Number of known positives of each class, of shape (C,).
        negatives: Number of known negatives of each class, of shape (C,).
        unknown: Number of unknown labels of each class, of shape (C,).

    Returns:
        Whether a fixed number of labels per class was annotated; False if all labels are known.

    Example:
        >>> has_fixed_number([5, 5, 2], [5, 5, 5], [90, 90, 93])
        True
        >>> has_fixed_number([5, 6, 7], [5, 4, 3], [0, 0, 0])
        False
    """
    positives, negatives, unknown = (np.asarray(counts) for counts in (positives, negatives, unknown))
    known = positives + negatives
    if len(positives) <= 2 or known.sum() >= ALL_KNOWN * (known + unknown).sum():
        return False
    num_images = (known + unknown).max()
    if not _are_about_the_same(negatives, num_images):
        return False
    return _are_about_the_same(positives, num_images) or not _are_about_the_same(known, num_images)


def _are_about_the_same(counts: np.ndarray, num_images: int) -> bool:
    """Return whether most counts differ less from the median than those of random labels would."""
    median = np.sort(counts)[(len(counts) - 1) // 2]
    spread = np.sqrt(median * (1 - median / num_images))
    close = (np.abs(counts - median) <= FIXED_NUMBER_SPREAD * spread).sum()
    needed = max(FIXED_NUMBER * len(counts), min(FIXED_NUMBER_CLASSES, len(counts)))
    return bool(median > 0 and close >= needed)
