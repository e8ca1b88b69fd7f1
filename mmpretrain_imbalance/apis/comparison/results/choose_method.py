"""Choice of a method from the results of a comparison, and what the choice costs on other data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import fmean
from typing import Any

from .compared_metrics import compared_metric
from .method_differences import BETTER

#: Rules of :func:`choose_method`: the best mean, or the yardstick unless another method is better than it.
RULES = ("best mean", "better than the yardstick")


def choose_method(
    setting: Mapping[str, Any], yardstick: str, metric: str = "mAP", rule: str = "best mean"
) -> str:
    """Choose a method from the results of one setting.

    Args:
        setting: Entry of ``settings`` of ``results.json``.
        yardstick: Name of the method that the others were tested against.
        metric: Name of the metric.
        rule: ``'best mean'``, or ``'better than the yardstick'``, which takes the yardstick unless another
            method is distinguishable from it and better, after Holm's correction.

    Returns:
        Name of the method; the yardstick if no method can be chosen.

    Example:
        >>> methods = [
        ...     dict(method="ignore", metrics={"mAP": {"mean": 0.5, "n": 3, "difference": None}}),
        ...     dict(method="csl", metrics={"mAP": {"mean": 0.6, "n": 3, "difference": {"verdict": None}}}),
        ... ]
        >>> setting = {"methods": methods}
        >>> choose_method(setting, "ignore"), choose_method(setting, "ignore", rule=RULES[1])
        ('csl', 'ignore')
    """
    means = comparable_means(setting, metric)
    if rule != RULES[0]:
        means = {
            name: mean
            for name, mean in means.items()
            if name == yardstick or verdict(setting, name, metric) == BETTER
        }
    return max(means, key=lambda name: (means[name], name == yardstick), default=yardstick)


def best_methods(setting: Mapping[str, Any], yardstick: str, metric: str, number: int) -> list[str]:
    """Return the methods with the best means, best first, without the yardstick.

    Args:
        setting: Entry of ``settings`` of ``results.json``.
        yardstick: Name of the yardstick.
        metric: Name of the metric.
        number: Largest number of methods.

    Returns:
        Their names.
    """
    means = comparable_means(setting, metric)
    others = [name for name in means if name != yardstick]
    return sorted(others, key=lambda name: -means[name])[:number]


def comparable_means(setting: Mapping[str, Any], metric: str) -> dict[str, float]:
    """Return the means of the methods that were measured in all runs, where larger is better.

    A method that has failed in some runs was measured on other folds or seeds than the others. It is left
    out.

    Args:
        setting: Entry of ``settings`` of ``results.json``.
        metric: Name of the metric.

    Returns:
        The mean by method, with the opposite sign if lower values of the metric are better.
    """
    direction = -1 if compared_metric(metric, "choose_method").lower_is_better else 1
    found = {method["method"]: method["metrics"][metric] for method in setting["methods"]}
    most = max((values["n"] for values in found.values()), default=0)
    return {
        name: direction * values["mean"]
        for name, values in found.items()
        if values["mean"] is not None and values["n"] == most
    }


def verdict(setting: Mapping[str, Any], method: str, metric: str) -> str | None:
    """Return the verdict on the difference of a method from the yardstick.

    Args:
        setting: Entry of ``settings`` of ``results.json``.
        method: Name of the method.
        metric: Name of the metric.

    Returns:
        The verdict of ``add_verdicts``; None for the yardstick, and if the difference cannot be tested.
    """
    (found,) = (entry for entry in setting["methods"] if entry["method"] == method)
    result: str | None = (found["metrics"][metric]["difference"] or {}).get("verdict")
    return result


def regrets(
    validation: Mapping[str, Any], test: Mapping[str, Any], yardstick: str, metric: str = "mAP"
) -> dict[str, Any] | None:
    """Return how far choices by validation are from the best method on the test set.

    Args:
        validation: Entry of ``settings`` of ``results.json`` of a cross-validation on known labels.
        test: Entry for the same data and setting, of the test set.
        yardstick: Name of the yardstick.
        metric: Name of the metric.

    Returns:
        ``best``, the best method on the test set; ``choices``, the method of each rule; ``regret`` by method,
        the mean of the best method on the test set minus its own (its own minus that of the best one if lower
        is better), never negative; ``random``, the mean regret over all methods; ``spearman``, the rank
        correlation of both means, NaN if one of them is the same for all. None if fewer than two methods have
        both means.
    """
    from scipy.stats import spearmanr

    before, after = comparable_means(validation, metric), comparable_means(test, metric)
    names = [name for name in after if name in before]
    if len(names) < 2:
        return None
    best = max(names, key=lambda name: after[name])
    regret = {name: after[best] - after[name] for name in names}
    kept = {"methods": [method for method in validation["methods"] if method["method"] in names]}
    columns = [[means[name] for name in names] for means in (before, after)]
    is_constant = any(len(set(column)) == 1 for column in columns)
    return {
        "best": best,
        "choices": {rule: choose_method(kept, yardstick, metric, rule) for rule in RULES},
        "regret": regret,
        "random": fmean(regret.values()),
        "spearman": math.nan if is_constant else float(spearmanr(*columns).statistic),
    }
