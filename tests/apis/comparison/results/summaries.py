"""Summaries of comparisons, with given numbers instead of statistics."""

from __future__ import annotations

from typing import Any

from mmpretrain_imbalance.apis.comparison.results.compared_metrics import COMPARED_METRICS
from mmpretrain_imbalance.apis.comparison.results.method_ranking import rank_settings


def statistics(
    mean: float | None, sd: float | None = 0.01, verdict: str | None = None, best: bool | None = None
) -> dict[str, Any]:
    """Return the statistics of one metric; the difference from the yardstick is 0.1 with a verdict."""
    interval = {"low": 0.05, "high": 0.15, "p": 0.01}
    difference = {"mean": 0.1, "n": 2, "seeds": interval, "images": interval, "both": interval, **interval}
    return {
        "mean": mean,
        "sd": sd,
        "n": 0 if mean is None else 2,
        "values": [None, None] if mean is None else [mean - 0.01, mean + 0.01],
        "difference": None if verdict is None else {**difference, "p_holm": 0.02, "verdict": verdict},
        "in_best_group": best,
    }


def method(name: str, mean_ap: dict[str, Any], trials: int = 1, **others: dict[str, Any]) -> dict[str, Any]:
    """Return a method with the given metrics; all others have no value."""
    metrics = {metric.name: statistics(None, None) for metric in COMPARED_METRICS}
    return {
        "method": name,
        "seeds": [0, 1],
        "num_trials": trials,
        "chosen": [{"seed": seed, "trial": 0, "num_trials": trials, "values": {}} for seed in (0, 1)],
        "metrics": {**metrics, "mAP": mean_ap, **others},
    }


def setting(*methods: dict[str, Any], name: str = "as_annotated", **others: Any) -> dict[str, Any]:
    """Return a setting with the given methods."""
    fixed = {"data": "digits", "setting": name, "test_images": [1797], "classes": [4]}
    return {**fixed, "groups_of_dataset": False, "methods": list(methods), "unfinished": [], **others}


def summary(*settings: dict[str, Any], yardstick: str = "bce") -> dict[str, Any]:
    """Return a summary with the given settings."""
    return {
        "yardstick": yardstick,
        "significance": 0.05,
        "num_rarest": 3,
        "group_thresholds": [20, 100],
        "settings": list(settings),
        "ranks": rank_settings(settings),
    }


def three_methods(name: str, *means: float) -> dict[str, Any]:
    """Return a setting with three methods and their mAP."""
    return setting(
        *(method(key, statistics(mean)) for key, mean in zip(("bce", "plm", "csl"), means)), name=name
    )
