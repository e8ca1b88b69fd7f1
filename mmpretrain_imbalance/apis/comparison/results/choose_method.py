"""Choice of a method from the results of a comparison, and what the choice costs on other data."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import fmean
from typing import Any

from .compared_metrics import compared_metric

#: Rules of :func:`choose_method`: the highest mean, or the yardstick unless another method is better than it.
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
        Name of the method; the yardstick if no method has a value.

    Example:
        >>> methods = [
        ...     dict(method="ignore", metrics={"mAP": {"mean": 0.5, "difference": None}}),
        ...     dict(method="csl", metrics={"mAP": {"mean": 0.6, "difference": {"verdict": None}}}),
        ... ]
        >>> setting = {"methods": methods}
        >>> choose_method(setting, "ignore"), choose_method(setting, "ignore", rule=RULES[1])
        ('csl', 'ignore')
    """
    direction = -1 if compared_metric(metric, "choose_method").lower_is_better else 1
    best, best_value = yardstick, float("-inf")
    for method in setting["methods"]:
        found = method["metrics"][metric]
        is_allowed = (
            rule == RULES[0]
            or method["method"] == yardstick
            or (found["difference"] or {}).get("verdict") == "better"
        )
        if found["mean"] is not None and is_allowed and direction * found["mean"] > best_value:
            best, best_value = method["method"], direction * found["mean"]
    return best


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
        the mean of the best method on the test set minus its own, not negative; ``random``, the mean regret
        over all methods; ``spearman``, the rank correlation of both means. None if fewer than two methods
        have both means.
    """
    from scipy.stats import spearmanr

    before, after = (
        {m["method"]: m["metrics"][metric]["mean"] for m in s["methods"]} for s in (validation, test)
    )
    names = [name for name in after if after[name] is not None and before.get(name) is not None]
    if len(names) < 2:
        return None
    direction = -1 if compared_metric(metric, "regrets").lower_is_better else 1
    best = max(names, key=lambda name: direction * after[name])
    regret = {name: direction * (after[best] - after[name]) for name in names}
    kept = {"methods": [method for method in validation["methods"] if method["method"] in names]}
    correlation = float(
        spearmanr([before[name] for name in names], [after[name] for name in names]).statistic
    )
    return {
        "best": best,
        "choices": {rule: choose_method(kept, yardstick, metric, rule) for rule in RULES},
        "regret": regret,
        "random": fmean(regret.values()),
        "spearman": correlation,
    }
