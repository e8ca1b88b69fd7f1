from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from mmpretrain_imbalance.apis.comparison.results.compared_metrics import ComparedMetric
from mmpretrain_imbalance.apis.comparison.results.method_differences import (
    add_verdicts,
    best_group,
    method_difference,
)
from mmpretrain_imbalance.apis.comparison.results.run_scores import RunScores

MAP = ComparedMetric("mAP", "mAP")


def scores(value: float | None, resampled: list[float] | None = None) -> RunScores:
    """Return scores with one metric, whose resampled values are given or spread by 0.01."""
    if resampled is None and value is not None:
        resampled = [value - 0.01, value, value + 0.01]
    values = {} if value is None else {"mAP": np.array([value, *resampled])}
    return RunScores({"mAP": value}, None, values, "test", 101, False)


def by_seed(*values: float | None) -> dict[int, RunScores]:
    return {seed: scores(value) for seed, value in enumerate(values)}


def test_the_larger_p_value_counts_with_several_seeds() -> None:
    """The resampled differences 0.1, 0.2 and 0.3 have the variance 0.01."""
    method = {seed: scores(value, [0.6, 0.7, 0.8]) for seed, value in enumerate([0.7, 0.71, 0.69])}
    baseline = {seed: scores(0.5, [0.5, 0.5, 0.5]) for seed in range(3)}
    found = method_difference(method, baseline, "mAP")
    assert found["mean"] == pytest.approx(0.2)
    assert found["seeds"]["p"] == pytest.approx(stats.ttest_1samp([0.2, 0.21, 0.19], 0).pvalue)
    of_seeds, total = 0.0001 / 3, 0.0001 / 3 + 0.01
    degrees = total**2 / (of_seeds**2 / 2 + 0.01**2 / 100)
    assert found["both"]["p"] == pytest.approx(2 * stats.t.sf(0.2 / math.sqrt(total), degrees))
    assert found["p"] == found["both"]["p"] > found["seeds"]["p"]
    assert (found["low"], found["high"]) == (found["both"]["low"], found["both"]["high"])


def test_folds_have_the_corrected_variance() -> None:
    """Three of five folds: the variance of their differences is multiplied by 1/3 + 1/4."""
    method = {seed: scores(value, [0.6, 0.7, 0.8]) for seed, value in enumerate([0.7, 0.71, 0.69])}
    baseline = {seed: scores(0.5, [0.5, 0.5, 0.5]) for seed in range(3)}
    found = method_difference(method, baseline, "mAP", num_folds=5)
    of_seeds = 0.0001 * (1 / 3 + 1 / 4)
    assert found["seeds"]["p"] == pytest.approx(2 * stats.t.sf(0.2 / math.sqrt(of_seeds), 2))
    total = of_seeds + 0.01
    degrees = total**2 / (of_seeds**2 / 2 + 0.01**2 / 100)
    assert found["both"]["p"] == pytest.approx(2 * stats.t.sf(0.2 / math.sqrt(total), degrees))


def test_folds_that_vary_leave_a_method_in_the_group_of_the_best() -> None:
    methods = {"a": by_seed(0.7, 0.72, 0.74), "b": by_seed(0.65, 0.65, 0.65)}
    means = {"a": 0.72, "b": 0.65}
    assert stats.ttest_1samp([0.05, 0.07, 0.09], 0).pvalue < 0.05
    assert best_group(methods, means, MAP) == {"a": True, "b": False}
    assert best_group(methods, means, MAP, num_folds=3) == {"a": True, "b": True}


def test_the_variation_over_seeds_counts_even_if_images_vary_little() -> None:
    method = {seed: scores(value, [0.7, 0.7, 0.7001]) for seed, value in enumerate([0.6, 0.8])}
    found = method_difference(method, {seed: scores(0.5, [0.5] * 3) for seed in range(2)}, "mAP")
    assert found["images"]["p"] == pytest.approx(0.5)  # the least of 3 resamples
    assert found["p"] == pytest.approx(stats.ttest_1samp([0.1, 0.3], 0).pvalue)


def test_one_seed_has_the_bootstrap_only() -> None:
    found = method_difference(by_seed(0.7), by_seed(0.5), "mAP")
    assert found["seeds"] is found["both"] is None
    assert found["p"] == found["images"]["p"]
    assert (found["low"], found["high"]) == (found["images"]["low"], found["images"]["high"])


def test_without_a_bootstrap_there_is_no_p_value_that_counts() -> None:
    method = {seed: RunScores({"AUROC": 0.7 + seed / 100}, None, {}, "test", 9, False) for seed in range(2)}
    baseline = {seed: RunScores({"AUROC": 0.5}, None, {}, "test", 9, False) for seed in range(2)}
    found = method_difference(method, baseline, "AUROC")
    assert found["images"] is found["both"] is found["p"] is None
    assert (found["low"], found["high"]) == (found["seeds"]["low"], found["seeds"]["high"])


def test_only_common_seeds_with_values_are_paired() -> None:
    found = method_difference(
        by_seed(0.7, None, 0.9), {0: scores(0.5), 1: scores(0.5), 3: scores(0.5)}, "mAP"
    )
    assert (found["n"], found["mean"]) == (1, pytest.approx(0.2))
    assert method_difference(by_seed(0.7), {}, "mAP") is None
    assert method_difference(by_seed(None), by_seed(0.5), "mAP") is None


def test_verdicts_follow_holm_and_the_direction_of_the_metric() -> None:
    def differences() -> dict:
        return {
            "a": {"mean": 0.1, "p": 0.01},
            "b": {"mean": -0.1, "p": 0.02},
            "c": {"mean": 0.1, "p": 0.03},
            "d": {"mean": 0.1, "p": None},
            "e": None,
        }

    found = differences()
    add_verdicts(found, MAP)
    assert [found[name]["p_holm"] for name in "abcd"] == [0.03, 0.04, 0.04, None]
    assert [found[name]["verdict"] for name in "abcd"] == ["better", "worse", "better", None]
    found = differences()
    add_verdicts(found, ComparedMetric("ECE", "ECE", lower_is_better=True))
    assert [found[name]["verdict"] for name in "abc"] == ["worse", "better", "worse"]
    found = {name: {"mean": 0.1, "p": 0.04} for name in "ab"}
    add_verdicts(found, MAP)
    assert [difference["verdict"] for difference in found.values()] == ["not distinguishable"] * 2


def test_the_group_of_the_best_has_the_methods_that_are_not_distinguishable() -> None:
    methods = {
        "best": by_seed(0.80, 0.81, 0.82),
        "steady": by_seed(0.70, 0.71, 0.72),
        "varied": by_seed(0.40, 0.90, 0.70),
        "worst": by_seed(0.10, 0.11, 0.12),
    }
    means = {
        name: float(np.mean([run.values["mAP"] for run in runs.values()])) for name, runs in methods.items()
    }
    assert best_group(methods, means, MAP) == {
        **{"best": True, "steady": False, "varied": True, "worst": False}
    }


def test_the_lowest_value_is_the_best_of_errors() -> None:
    methods = {"low": by_seed(0.10, 0.11, 0.12), "high": by_seed(0.40, 0.41, 0.42)}
    means = {"low": 0.11, "high": 0.41}
    error = ComparedMetric("mAP", "error", lower_is_better=True)
    assert best_group(methods, means, error) == {"low": True, "high": False}


def test_no_group_without_tests() -> None:
    assert best_group({"one": by_seed(0.5)}, {"one": 0.5}, MAP) == {}
    assert best_group({"one": by_seed(0.5), "two": {}}, {"one": 0.5, "two": None}, MAP) == {}
