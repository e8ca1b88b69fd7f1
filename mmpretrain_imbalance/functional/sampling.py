"""How often images are drawn, from the classes they are known to show."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

IMAGE_REDUCTIONS = ("max", "mean", "sum")


def class_repeat_factors(positives: ArrayLike, num_images: int, threshold: float) -> np.ndarray:
    r"""Repeat factor of each class.

    .. math:: r_c = \max(1, \sqrt{t / f_c}), \quad f_c = n_c / N

    Source: Gupta, Dollár, Girshick, "LVIS", CVPR 2019 (arXiv 1908.03195). There an image without the class is
    known not to show it; with partial labels :math:`n_c` are the known positives alone, so that a class that
    is rarely looked for counts as rare.

    Args:
        positives: Images in which each class is known to be present, :math:`n_c`, of shape (C,).
        num_images: Number of images N.
        threshold: t, the share of images below which a class is repeated.

    Returns:
        Factors of shape (C,); 1 for a class without positives.

    Raises:
        ValueError: If the threshold is not a share above 0.

    Example:
        >>> class_repeat_factors([50, 4, 0], num_images=100, threshold=0.16)
        array([1., 2., 1.])
    """
    if not 0 < threshold <= 1:
        raise ValueError(
            "The 'threshold' argument of class_repeat_factors must be a share of the images, above 0 and at "
            f"most 1. Got {threshold!r} instead."
        )
    fractions = np.asarray(positives, dtype=np.float64) / max(1, num_images)
    seen = fractions > 0
    return np.where(seen, np.maximum(1.0, np.sqrt(threshold / np.where(seen, fractions, 1.0))), 1.0)


def image_values(
    images: ArrayLike, classes: ArrayLike, class_values: ArrayLike, num_images: int, reduction: str = "max"
) -> np.ndarray:
    r"""One value an image from the values of its known positives.

    Args:
        images: Image of each known positive, of shape (E,).
        classes: Its class, of shape (E,).
        class_values: Value of each class, of shape (C,).
        num_images: Number of images N.
        reduction: ``'max'``, ``'mean'`` or ``'sum'`` over the positives of the image.

    Returns:
        Values of shape (N,); ``nan`` for an image without positives.

    Raises:
        ValueError: If the reduction is another.

    Example:
        >>> image_values([0, 0, 2], [0, 1, 0], [1.0, 3.0], num_images=3, reduction="mean")
        array([ 2., nan,  1.])
    """
    if reduction not in IMAGE_REDUCTIONS:
        raise ValueError(
            "The 'reduction' argument of image_values must be 'max', 'mean' or 'sum'. Got "
            f"{reduction!r} instead."
        )
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


def draw_by_weight(expected: ArrayLike, num_draws: int, rng: np.random.Generator) -> np.ndarray:
    """Draw images so that none comes again before its weight says so.

    Args:
        expected: How often each image is to be drawn on average, of shape (N,); rounded up or down by
            :func:`systematic_rounding`.
        num_draws: The number of draws. Where the rounded ones are fewer, the first of them come again.
        rng: Where chance comes from.

    Returns:
        Image indices in random order, int64 of shape (num_draws,).

    Example:
        >>> sorted(draw_by_weight([2.0, 0.0, 1.0], 3, np.random.default_rng(0)).tolist())
        [0, 0, 2]
    """
    times = systematic_rounding(expected, rng)
    drawn = rng.permutation(np.repeat(np.arange(len(times)), times))
    # Only weights below 1 can all be rounded down: then the image of the largest one stands in.
    return np.resize(drawn if len(drawn) else np.argmax(expected), num_draws)


def systematic_rounding(expected: ArrayLike, rng: np.random.Generator) -> np.ndarray:
    r"""Round at random to whole numbers that keep the expectation of each value, and nearly the sum.

    The fractions :math:`\phi_i` are put one after the other on a line, in random order, and those are rounded
    up that contain a point of the grid :math:`u, u + 1, u + 2, \ldots` with u uniform in [0, 1). So each
    value becomes its floor or ceiling with the right probability, as if each were rounded by itself, but
    the sum is off by less than 1.

    Args:
        expected: Values of at least 0, of shape (N,).
        rng: Where the random order and u come from.

    Returns:
        Whole numbers, int64 of shape (N,).

    Example:
        >>> int(systematic_rounding([2.0, 0.5, 0.5], np.random.default_rng(0)).sum())
        3
    """
    expected = np.asarray(expected, dtype=np.float64)
    whole = np.floor(expected)
    order = rng.permutation(len(expected))
    line = np.concatenate([[0.0], np.cumsum((expected - whole)[order])])
    rounded = whole.astype(np.int64)
    rounded[order] += np.diff(np.ceil(line - rng.random())).astype(np.int64)
    return rounded
