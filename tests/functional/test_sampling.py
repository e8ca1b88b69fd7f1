from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmpretrain_imbalance.functional.sampling import (
    IMAGE_REDUCTIONS,
    class_repeat_factors,
    image_values,
    systematic_rounding,
)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=8), st.floats(1e-4, 1.0))
def test_repeat_factors_equal_loop(positives, threshold) -> None:
    expected = []
    for count in positives:
        fraction = count / 50
        expected.append(1.0 if fraction == 0 else max(1.0, math.sqrt(threshold / fraction)))
    np.testing.assert_allclose(class_repeat_factors(positives, 50, threshold), expected)


@pytest.mark.parametrize("threshold", [0, -0.1, 1.5, float("nan")])
def test_threshold_out_of_range_raises(threshold) -> None:
    with pytest.raises(ValueError, match=r"'threshold' argument of class_repeat_factors must be a fraction"):
        class_repeat_factors([1], 1, threshold)


@given(st.integers(0, 2**32 - 1), st.sampled_from(IMAGE_REDUCTIONS))
def test_image_values_equal_loop(seed, reduction) -> None:
    rng = np.random.default_rng(seed)
    positive = rng.random((5, 4)) < 0.4
    class_values = rng.random(4) + 0.5
    images, classes = np.nonzero(positive)
    order = rng.permutation(len(images))
    found = image_values(images[order], classes[order], class_values, 5, reduction)
    for image in range(5):
        values = [class_values[c] for c in range(4) if positive[image, c]]
        if not values:
            assert np.isnan(found[image])
        else:
            result = {"max": max(values), "sum": sum(values), "mean": sum(values) / len(values)}[reduction]
            np.testing.assert_allclose(found[image], result)


def test_unknown_reduction_raises() -> None:
    with pytest.raises(
        ValueError, match=r"'reduction' argument of image_values must be .* Got 'min' instead"
    ):
        image_values([0], [0], [1.0], 1, "min")


@given(st.lists(st.floats(0, 20), max_size=30), st.integers(0, 1000))
def test_rounding_changes_each_value_and_the_sum_by_less_than_one(values, seed) -> None:
    rounded = systematic_rounding(values, np.random.default_rng(seed))
    assert rounded.dtype == np.int64
    assert all(math.floor(value) <= whole <= math.ceil(value) for value, whole in zip(values, rounded))
    assert abs(rounded.sum() - sum(values)) < 1 + 1e-6


def test_rounding_keeps_the_expectation_of_each_value() -> None:
    rng = np.random.default_rng(0)
    values = np.array([0.0, 0.1, 0.25, 0.5, 1.0, 1.7, 3.9])
    mean = np.mean([systematic_rounding(values, rng) for _ in range(4000)], axis=0)
    np.testing.assert_allclose(mean, values, atol=0.03)  # 4 standard errors of a random bit


def test_rounding_of_adjacent_values_is_independent() -> None:
    """Without the random order, exactly one of two adjacent halves would always be rounded up."""
    rng = np.random.default_rng(0)
    samples = np.array([systematic_rounding(np.full(6, 0.5), rng) for _ in range(600)])
    assert set(samples[:, :2].sum(axis=1)) == {0, 1, 2}
