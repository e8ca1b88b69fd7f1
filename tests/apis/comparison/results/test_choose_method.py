"""Choice of a method and its regret, with numbers computed by hand."""

from __future__ import annotations

import math

import pytest

from mmpretrain_imbalance.apis.comparison.results.choose_method import (
    RULES,
    best_methods,
    choose_method,
    comparable_means,
    regrets,
    verdict,
)
from tests.apis.comparison.results.summaries import method, setting, statistics, three_methods


def with_verdicts(**methods: tuple[float | None, str | None]) -> dict:
    return setting(
        *(method(name, statistics(mean, verdict=found)) for name, (mean, found) in methods.items())
    )


def test_the_best_mean_is_chosen_or_only_what_is_better_than_the_yardstick() -> None:
    found = with_verdicts(
        bce=(0.5, None), csl=(0.8, "not distinguishable"), plm=(0.7, "better"), hill=(0.4, "worse")
    )
    assert choose_method(found, "bce") == "csl"
    assert choose_method(found, "bce", rule=RULES[1]) == "plm"
    assert (verdict(found, "csl", "mAP"), verdict(found, "bce", "mAP")) == ("not distinguishable", None)
    nothing = with_verdicts(bce=(0.5, None), csl=(0.8, "not distinguishable"), hill=(0.4, "worse"))
    assert choose_method(nothing, "bce", rule=RULES[1]) == "bce"


def test_the_yardstick_wins_a_tie_and_is_taken_if_nothing_has_a_value() -> None:
    assert choose_method(with_verdicts(csl=(0.5, None), bce=(0.5, None)), "bce") == "bce"
    assert choose_method(with_verdicts(csl=(None, None), bce=(None, None)), "bce") == "bce"
    assert choose_method(setting(), "bce") == "bce"


def test_the_lowest_calibration_error_is_the_best() -> None:
    found = setting(
        *(
            method(name, statistics(0.5), calibration_error=statistics(error))
            for name, error in (("bce", 0.2), ("plm", 0.3), ("csl", 0.1))
        )
    )
    assert choose_method(found, "bce", "calibration_error") == "csl"
    assert best_methods(found, "bce", "calibration_error", 5) == ["csl", "plm"]
    assert comparable_means(found, "calibration_error") == {"bce": -0.2, "plm": -0.3, "csl": -0.1}
    # The test set: plm 0.1, csl 0.3, bce 0.15. csl was chosen and is 0.2 above the lowest error.
    test = setting(
        *(
            method(name, statistics(0.5), calibration_error=statistics(error))
            for name, error in (("bce", 0.15), ("plm", 0.1), ("csl", 0.3))
        )
    )
    costs = regrets(found, test, "bce", "calibration_error")
    assert costs["best"] == "plm"
    assert costs["regret"] == pytest.approx({"bce": 0.05, "plm": 0, "csl": 0.2})


def test_a_method_that_failed_in_a_fold_is_not_compared() -> None:
    failed = method("csl", dict(statistics(0.9), n=1))
    found = setting(method("bce", statistics(0.5)), failed, method("plm", statistics(0.6)))
    assert comparable_means(found, "mAP") == {"bce": 0.5, "plm": 0.6}
    assert choose_method(found, "bce") == "plm"
    assert best_methods(found, "bce", "mAP", 2) == ["plm"]


def test_finalists_are_the_best_means_without_the_yardstick() -> None:
    found = three_methods("a", 0.9, 0.6, 0.7)
    assert best_methods(found, "bce", "mAP", 1) == ["csl"]
    assert best_methods(found, "bce", "mAP", 9) == ["csl", "plm"]


def test_regrets() -> None:
    validation = with_verdicts(bce=(0.50, None), plm=(0.60, "better"), csl=(0.55, "better"))
    test = three_methods("as_annotated", 0.40, 0.45, 0.48)  # bce, plm, csl
    costs = regrets(validation, test, "bce")
    assert costs["best"] == "csl"
    assert costs["choices"] == {"best mean": "plm", "better than the yardstick": "plm"}
    assert costs["regret"] == pytest.approx({"bce": 0.08, "plm": 0.03, "csl": 0.0})
    assert costs["random"] == pytest.approx(0.11 / 3)
    # The ranks 1, 3, 2 and 1, 2, 3: 1 - 6 * (0 + 1 + 1) / (3 * 8).
    assert costs["spearman"] == pytest.approx(0.5)


def test_methods_that_one_of_both_lacks_are_left_out() -> None:
    validation = with_verdicts(bce=(0.5, None), hill=(0.9, "better"), plm=(0.6, "better"))
    test = three_methods("as_annotated", 0.40, 0.45, 0.48)
    costs = regrets(validation, test, "bce")
    assert costs["best"] == "plm"  # csl has no validation
    assert costs["choices"]["best mean"] == "plm"  # hill has no test
    assert set(costs["regret"]) == {"bce", "plm"}
    assert regrets(with_verdicts(bce=(0.5, None), hill=(0.9, None)), test, "bce") is None


def test_equal_means_have_no_rank_correlation() -> None:
    equal = three_methods("as_annotated", 0.5, 0.5, 0.5)
    assert math.isnan(regrets(equal, equal, "bce")["spearman"])
