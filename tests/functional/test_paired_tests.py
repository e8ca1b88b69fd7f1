from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from mmpretrain_imbalance.functional.paired_tests import (
    holm_correction,
    paired_t_test,
    seeds_and_images_test,
)


@pytest.mark.parametrize("seeds", [2, 3, 8])
def test_the_t_test_is_that_of_scipy(seeds: int) -> None:
    values, baseline = np.random.default_rng(seeds).normal(size=(2, seeds))
    found = paired_t_test(values, baseline, confidence=0.9)
    expected = stats.ttest_rel(values, baseline)
    interval = expected.confidence_interval(0.9)
    assert found.difference == pytest.approx(values.mean() - baseline.mean())
    np.testing.assert_allclose(
        [found.low, found.high, found.p_value], [interval.low, interval.high, expected.pvalue], rtol=1e-10
    )


@pytest.mark.parametrize("folds", [2, 5, 10])
def test_the_corrected_variance_of_folds_is_that_of_nadeau_and_bengio(folds: int) -> None:
    values, baseline = np.random.default_rng(folds).normal(size=(2, folds))
    differences = [a - b for a, b in zip(values.tolist(), baseline.tolist())]
    mean = sum(differences) / folds
    variance = sum((difference - mean) ** 2 for difference in differences) / (folds - 1)
    variance *= 1 / folds + 1 / (folds - 1)
    found = paired_t_test(values, baseline, test_to_train=1 / (folds - 1))
    assert found.p_value == pytest.approx(2 * stats.t.sf(abs(mean) / variance**0.5, folds - 1))
    half_width = stats.t.ppf(0.975, folds - 1) * variance**0.5
    assert (found.low, found.high) == (pytest.approx(mean - half_width), pytest.approx(mean + half_width))
    both = seeds_and_images_test(values, baseline, 0, 9, test_to_train=1 / (folds - 1))
    assert both.p_value == pytest.approx(found.p_value)


def test_equal_methods_are_rarely_told_apart_by_folds_with_common_training_images() -> None:
    """The correction is exact if each pair of folds has the correlation 1 / K."""
    generator, folds, repetitions = np.random.default_rng(0), 5, 2000
    common = generator.normal(size=(repetitions, 1)) / folds**0.5
    differences = common + generator.normal(size=(repetitions, folds)) * (1 - 1 / folds) ** 0.5
    plain, corrected = (
        np.mean([paired_t_test(row, 0 * row, test_to_train=ratio).p_value < 0.05 for row in differences])
        for ratio in (0, 1 / (folds - 1))
    )
    assert plain > 0.1
    assert corrected == pytest.approx(0.05, abs=0.015)


def test_one_seed_has_a_difference_only() -> None:
    found = (paired_t_test([3.0], [1.0]), seeds_and_images_test([3.0], [1.0], 0.1, 50))
    for value in found:
        assert value.difference == 2
        assert np.isnan([value.low, value.high, value.p_value]).all()


def test_equal_differences_are_certain() -> None:
    assert paired_t_test([3.0, 4.0], [1.0, 2.0]).p_value == 0
    same = paired_t_test([3.0, 4.0], [3.0, 4.0])
    assert (same.difference, same.low, same.high, same.p_value) == (0, 0, 0, 1)


def test_both_variances_by_hand() -> None:
    """The differences 1, 2, 3 have the variance 1, that of their mean is 1/3; 1/3 + 1/6 = 1/2."""
    found = seeds_and_images_test([1, 2, 3], [0, 0, 0], 1 / 6, num_images=101)
    degrees = 0.25 / ((1 / 9) / 2 + (1 / 36) / 100)
    assert found.p_value == pytest.approx(2 * stats.t.sf(2 / np.sqrt(0.5), degrees))
    half_width = stats.t.ppf(0.975, degrees) * np.sqrt(0.5)
    assert (found.low, found.high) == (pytest.approx(2 - half_width), pytest.approx(2 + half_width))


def test_without_variance_over_images_it_is_the_t_test() -> None:
    values, baseline = np.random.default_rng(0).normal(size=(2, 4))
    both, seeds = seeds_and_images_test(values, baseline, 0, 9), paired_t_test(values, baseline)
    np.testing.assert_allclose(list(vars(both).values()), list(vars(seeds).values()))


@pytest.mark.parametrize("seed_variance", [0.1, 1, 10])
@pytest.mark.parametrize("num_seeds", [3, 5])
def test_equal_methods_are_rarely_told_apart(num_seeds: int, seed_variance: float) -> None:
    """Both tests together reject at most about 5 % of true hypotheses about other seeds and other images.

    The larger p-value of the t-test and of the bootstrap alone rejects 8 % with 5 seeds and equal variances.
    """
    generator, rejected = np.random.default_rng(7), 0
    for _ in range(1000):
        of_images = generator.normal()
        values = of_images + generator.normal(size=num_seeds) * np.sqrt(seed_variance * num_seeds)
        tests = paired_t_test(values, 0 * values), seeds_and_images_test(values, 0 * values, 1.0, 500)
        rejected += max(test.p_value for test in tests) < 0.05
    assert rejected < 75  # 50 expected, with a standard deviation of 7


def test_holm_by_hand() -> None:
    """Holm's procedure: 4 x 0.005, 3 x 0.01, 2 x 0.03, and 0.04, which must not be less than 0.06."""
    np.testing.assert_allclose(holm_correction([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])


def test_holm_rejects_what_the_step_down_loop_rejects() -> None:
    generator = np.random.default_rng(2)
    for _ in range(50):
        values = generator.random(6) ** 3 / 4
        rejected = np.zeros(6, bool)
        for step, index in enumerate(np.argsort(values)):
            if values[index] > 0.05 / (6 - step):
                break
            rejected[index] = True
        np.testing.assert_array_equal(holm_correction(values) <= 0.05, rejected)


def test_holm_leaves_out_comparisons_without_a_p_value() -> None:
    adjusted = holm_correction([np.nan, 0.02, 0.6])
    assert np.isnan(adjusted[0])
    np.testing.assert_allclose(adjusted[1:], [0.04, 0.6])
    assert holm_correction([]).shape == (0,)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: paired_t_test([1.0, 2.0], [1.0]), "'values' and 'baseline_values' arguments of paired_t_t"),
        (lambda: paired_t_test([], []), "'values' and 'baseline_values' arguments of paired_t_test must"),
        (lambda: paired_t_test([1.0], [1.0], confidence=1), "'confidence' argument of paired_t_test must"),
        (lambda: seeds_and_images_test([1.0], [1.0], -1, 5), "'image_variance' argument of seeds_and_images"),
        (lambda: paired_t_test([1.0], [1.0], test_to_train=-1), "'test_to_train' argument of paired_t_test"),
        (lambda: seeds_and_images_test([1.0], [1.0], 1, 1), "'num_images' argument of seeds_and_images_test"),
        (lambda: holm_correction([1.5]), "'p_values' argument of holm_correction must"),
        (lambda: holm_correction([[0.5]]), "'p_values' argument of holm_correction must"),
    ],
)
def test_invalid_inputs_raise(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
