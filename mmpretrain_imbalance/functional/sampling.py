"""Sampling frequencies of images, computed from their known positive classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..utils.argument_checks import check_choice

IMAGE_REDUCTIONS = ("max", "mean", "sum")


def class_repeat_factors(positives: ArrayLike, num_images: int, threshold: float) -> np.ndarray:
    r"""Repeat factor of each class.

    .. math:: r_c = \max(1, \sqrt{t / f_c}), \quad f_c = n_c / N

    Source: Gupta, Dollár, Girshick, "LVIS", CVPR 2019 (arXiv 1908.03195). There, :math:`n_c` counts all
    images that show the class. With partial labels it counts the known positives only, so that a class with
    few annotated images counts as rare.

    Args:
        positives: Number of images :math:`n_c` in which each class is known to be present, of shape (C,).
        num_images: Number of images N.
        threshold: Fraction t of the images. Classes that are present in fewer images are repeated.

    Returns:
        Factors of shape (C,); 1 for a class without positives.

    Raises:
        ValueError: If the threshold is not in (0, 1].

    Example:
        >>> class_repeat_factors([50, 4, 0], num_images=100, threshold=0.16)
        array([1., 2., 1.])
    """
    if not 0 < threshold <= 1:
        raise ValueError(
            "The 'threshold' argument of class_repeat_factors must be a fraction of the images, in (0, 1]. "
            f"Got {threshold!r} instead."
        )
    fractions = np.asarray(positives, dtype=np.float64) / max(1, num_images)
    seen = fractions > 0
    return np.where(seen, np.maximum(1.0, np.sqrt(threshold / np.where(seen, fractions, 1.0))), 1.0)


def image_values(
    images: ArrayLike, classes: ArrayLike, class_values: ArrayLike, num_images: int, reduction: str = "max"
) -> np.ndarray:
    r"""Reduce the class values of the known positives of each image to one value per image.

    Args:
        images: Image index of each known positive, of shape (E,).
        classes: Class index of each known positive, of shape (E,).
        class_values: Value of each class, of shape (C,).
        num_images: Number of images N.
        reduction: ``'max'``, ``'mean'`` or ``'sum'`` over the positives of an image.

    Returns:
        Values of shape (N,); NaN for an image without positives.

    Raises:
        ValueError: If the reduction is unknown.

    Example:
        >>> image_values([0, 0, 2], [0, 1, 0], [1.0, 3.0], num_images=3, reduction="mean")
        array([ 2., nan,  1.])
    """
    check_choice("image_values", IMAGE_REDUCTIONS, reduction=reduction)
    images = np.asarray(images, dtype=np.int64)
    values = np.asarray(class_values, dtype=np.float64)[np.asarray(classes, dtype=np.int64)]
    sizes = np.bincount(images, minlength=num_images)
    if reduction == "max":
        totals = np.full(num_images, -np.inf)
        np.maximum.at(totals, images, values)
    else:
        totals = np.bincount(images, values, minlength=num_images)
    if reduction == "mean":
        totals = totals / np.maximum(sizes, 1)
    return np.where(sizes > 0, totals, np.nan)


def draw_by_weight(expected: ArrayLike, num_indices: int, rng: np.random.Generator) -> np.ndarray:
    """Draw image indices, each as often as its expected frequency, rounded up or down.

    Args:
        expected: Expected frequency of each image, of shape (N,). The frequencies are rounded by
            :func:`systematic_rounding`.
        num_indices: Number of indices to return. If the sum of the rounded frequencies is smaller, the first
            indices are repeated at the end.
        rng: Random number generator.

    Returns:
        Image indices in random order, int64, of shape (num_indices,).

    Example:
        >>> sorted(draw_by_weight([2.0, 0.0, 1.0], 3, np.random.default_rng(0)).tolist())
        [0, 0, 2]
    """
    times = systematic_rounding(expected, rng)
    drawn = rng.permutation(np.repeat(np.arange(len(times)), times))
    # If all frequencies are rounded down to 0, the image with the largest one is repeated.
    return np.resize(drawn if len(drawn) else np.argmax(expected), num_indices)


def systematic_rounding(expected: ArrayLike, rng: np.random.Generator) -> np.ndarray:
    r"""Round randomly to integers; the expectation of each is its value, and the sum changes by less than 1.

    The fractional parts of the values are placed as adjacent intervals on a line, in random order. A value is
    rounded up if its interval contains a point of the grid :math:`u, u + 1, u + 2, \ldots` with u uniform in
    [0, 1). So each value is rounded up with the probability of its fractional part, as in independent
    rounding.

    Args:
        expected: Values of at least 0, of shape (N,).
        rng: Random number generator.

    Returns:
        Integers, int64, of shape (N,).

    Example:
        >>> int(systematic_rounding([2.0, 0.5, 0.5], np.random.default_rng(0)).sum())
        3
    """
    expected = np.asarray(expected, dtype=np.float64)
    floors = np.floor(expected)
    order = rng.permutation(len(expected))
    ends = np.concatenate([[0.0], np.cumsum((expected - floors)[order])])
    rounded: np.ndarray = floors.astype(np.int64)
    rounded[order] += np.diff(np.ceil(ends - rng.random())).astype(np.int64)
    return rounded
