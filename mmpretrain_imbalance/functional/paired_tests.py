"""Tests of the difference between two methods over seeds and over images, and Holm's correction."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..utils.argument_checks import check_interval


@dataclass(frozen=True)
class PairedDifference:
    """Mean difference between two methods, with its confidence interval and p-value.

    Attributes:
        difference: Mean of the method minus mean of the baseline.
        low: Lower end of the confidence interval; NaN if the variation is not known.
        high: Upper end of the confidence interval; NaN if the variation is not known.
        p_value: Two-sided p-value; NaN if the variation is not known.
    """

    difference: float
    low: float
    high: float
    p_value: float


def paired_t_test(
    values: ArrayLike, baseline_values: ArrayLike, *, confidence: float = 0.95, test_to_train: float = 0.0
) -> PairedDifference:
    r"""Student's paired t-test of the values of two methods with the same seeds, or of the same folds.

    .. math:: t = \frac{\bar d}{\sqrt{v_s}}, \qquad v_s = s_d^2 \left( \frac{1}{n} + r \right), \qquad
        s_d^2 = \frac{1}{n - 1} \sum_i (d_i - \bar d)^2, \qquad p = P(|T_{n-1}| \ge |t|)

    with the difference :math:`d_i` of seed i. The training sets of the folds of a cross-validation overlap,
    so that their differences vary together. Nadeau and Bengio, "Inference for the Generalization Error"
    (2003), correct the variance with the ratio r of test to training images, :math:`r = 1 / (K - 1)` for K
    folds: they assume that the differences of two folds have the correlation :math:`1 / K`. Different
    training sets, and one training set with different seeds, have :math:`r = 0`.

    Args:
        values: One value per seed, of shape (n,).
        baseline_values: The values of the baseline with the same seeds, of shape (n,).
        confidence: Probability of the confidence interval.
        test_to_train: Ratio r for the folds of a cross-validation.

    Returns:
        The mean difference. With one seed, the interval and the p-value are NaN. If all differences are equal
        the p-value is 0, or 1 if they are 0.

    Raises:
        ValueError: If the shapes differ, there is no value, ``confidence`` is not between 0 and 1, or
            ``test_to_train`` is negative.

    Example:
        >>> found = paired_t_test([3.0, 5.0, 4.0], [1.0, 2.0, 3.0])
        >>> found.difference, round(found.low, 3), round(found.high, 3), round(found.p_value, 3)
        (2.0, -0.484, 4.484, 0.074)
        >>> round(paired_t_test([3.0, 5.0, 4.0], [1.0, 2.0, 3.0], test_to_train=1 / 2).p_value, 3)
        0.16
    """
    check_interval("paired_t_test", "(0, 1)", confidence=confidence)
    check_interval("paired_t_test", "[0, inf)", test_to_train=test_to_train)
    differences = _differences(values, baseline_values, "paired_t_test")
    n = len(differences)
    if n == 1:
        return PairedDifference(float(differences[0]), math.nan, math.nan, math.nan)
    variance = float(differences.var(ddof=1)) * (1 / n + test_to_train)
    return _t_test(float(differences.mean()), variance, n - 1, confidence)


def seeds_and_images_test(
    values: ArrayLike,
    baseline_values: ArrayLike,
    image_variance: float,
    num_images: int,
    *,
    confidence: float = 0.95,
    test_to_train: float = 0.0,
) -> PairedDifference:
    r"""Test of a difference that varies with the training and with the test images.

    .. math:: t = \frac{\bar d}{\sqrt{v_s + v_x}}, \qquad
        v_s = s_d^2 \left( \frac{1}{n} + r \right), \qquad
        \nu = \frac{(v_s + v_x)^2}{v_s^2 / (n - 1) + v_x^2 / (N - 1)}, \qquad p = P(|T_\nu| \ge |t|)

    with the variance :math:`s_d^2` of the differences over n seeds, the ratio r of :func:`paired_t_test`,
    which is 0 unless the seeds are the folds of a cross-validation, and the variance :math:`v_x` of their
    mean over samples of N images. The question is whether other trainings and other images of the same kind
    would give a difference of the same sign. The variance :math:`v_s` over seeds on fixed images, and
    :math:`v_x` over images with fixed trainings, both contain the interaction of training and image, so that
    their sum is at most too large. The degrees of freedom are those of Satterthwaite, "An Approximate
    Distribution of Estimates of Variance Components" (1946). Comparisons of diagnostic tests that several
    readers apply to the same cases have the same form: Obuchowski and Rockette, "Hypothesis testing of
    diagnostic accuracy for multiple readers and multiple tests" (1995). With few seeds and
    :math:`v_s > v_x`, p-values below 0.01 are too small, so that :func:`paired_t_test` must agree.

    Args:
        values: One value per seed, of shape (n,).
        baseline_values: The values of the baseline with the same seeds, of shape (n,).
        image_variance: Variance of the mean difference over samples of the images, for instance over the
            resamples of ``mean_differences``.
        num_images: The number of images N.
        confidence: Probability of the confidence interval.
        test_to_train: As in :func:`paired_t_test`.

    Returns:
        The mean difference. With one seed, :math:`v_s` is not known, and the interval and the p-value are
        NaN.

    Raises:
        ValueError: If the shapes differ, there is no value, ``image_variance`` is negative, ``num_images`` is
            less than 2, ``confidence`` is not between 0 and 1, or ``test_to_train`` is negative.

    Example:
        >>> found = seeds_and_images_test([3.0, 5.0, 4.0], [1.0, 2.0, 3.0], 0.25, num_images=500)
        >>> found.difference, round(found.p_value, 3)
        (2.0, 0.039)
    """
    check_interval("seeds_and_images_test", "(0, 1)", confidence=confidence)
    check_interval("seeds_and_images_test", "[0, inf)", image_variance=image_variance)
    check_interval("seeds_and_images_test", "[2, inf)", num_images=num_images)
    check_interval("seeds_and_images_test", "[0, inf)", test_to_train=test_to_train)
    differences = _differences(values, baseline_values, "seeds_and_images_test")
    n, difference = len(differences), float(differences.mean())
    if n == 1:
        return PairedDifference(difference, math.nan, math.nan, math.nan)
    seed_variance = float(differences.var(ddof=1)) * (1 / n + test_to_train)
    uncertainty = seed_variance**2 / (n - 1) + image_variance**2 / (num_images - 1)
    total = seed_variance + image_variance
    degrees = total**2 / uncertainty if uncertainty > 0 else n - 1
    return _t_test(difference, total, degrees, confidence)


def holm_correction(p_values: ArrayLike) -> np.ndarray:
    r"""Adjust p-values for several comparisons by Holm's step-down procedure.

    .. math:: \tilde p_{(i)} = \max_{j \le i} \min(1, (m - j + 1)\, p_{(j)})

    with the ascending p-values :math:`p_{(1)} \le \dots \le p_{(m)}`. Rejecting the hypotheses whose adjusted
    p-value is at most 0.05 keeps the probability of any false rejection at most 0.05.

    Source: Holm, "A Simple Sequentially Rejective Multiple Test Procedure" (1979).

    Args:
        p_values: The p-values in [0, 1], of shape (m,). NaN is a comparison that was not tested; it stays NaN
            and is not counted in m.

    Returns:
        The adjusted p-values in the same order, of shape (m,).

    Raises:
        ValueError: If a p-value is outside [0, 1], or the shape is not (m,).

    Example:
        >>> holm_correction([0.25, 0.0625, float("nan"), 0.125])
        array([0.25  , 0.1875,    nan, 0.25  ])
    """
    values = np.asarray(p_values, dtype=float)
    if values.ndim != 1 or (values < 0).any() or (values > 1).any():
        raise ValueError(
            "The 'p_values' argument of holm_correction must be numbers from 0 to 1, of shape (m,). "
            f"Got {p_values!r} instead."
        )
    adjusted = np.full(len(values), np.nan)
    order = np.argsort(values, kind="stable")[: np.isfinite(values).sum()]  # NaN is sorted to the end
    factors = np.arange(len(order), 0, -1)
    adjusted[order] = np.maximum.accumulate(np.minimum(1, factors * values[order]))
    return adjusted


def _differences(values: ArrayLike, baseline_values: ArrayLike, caller: str) -> np.ndarray:
    method, baseline = np.asarray(values, dtype=float), np.asarray(baseline_values, dtype=float)
    if method.ndim != 1 or method.shape != baseline.shape or not len(method):
        raise ValueError(
            f"The 'values' and 'baseline_values' arguments of {caller} must have one number per seed, the "
            f"same number of seeds, and at least one. Got the shapes {method.shape} and {baseline.shape} "
            "instead."
        )
    difference: np.ndarray = method - baseline
    return difference


def _t_test(difference: float, variance: float, degrees: float, confidence: float) -> PairedDifference:
    from scipy.special import stdtr, stdtrit  # here: `import mmpretrain_imbalance.functional` stays fast

    if variance == 0:
        return PairedDifference(difference, difference, difference, 0.0 if difference else 1.0)
    error = math.sqrt(variance)
    half_width = float(stdtrit(degrees, (1 + confidence) / 2)) * error
    p_value = 2 * float(stdtr(degrees, -abs(difference) / error))
    return PairedDifference(difference, difference - half_width, difference + half_width, p_value)
