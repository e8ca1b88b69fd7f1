"""Contents of result files with given numbers instead of results."""

from __future__ import annotations

from typing import Any


def metric(mean: float | None, **others: Any) -> dict[str, Any]:
    """Return the entry of a metric with two seeds, whose standard deviation is 0.02 sqrt(2) / 2."""
    values = [None, None] if mean is None else [mean - 0.01, mean + 0.01]
    return {"mean": mean, "sd": None if mean is None else 0.01414, "values": values, **others}


def method(name: str, num_trials: int = 1, **metrics: dict[str, Any]) -> dict[str, Any]:
    """Return the entry of a method with the given metrics."""
    return {
        "method": name,
        "seeds": [0, 1],
        "num_trials": num_trials,
        "trials": [{"values": {}, "validation": 0.5}],
        "trial": 0,
        "validation": [0.5, 0.6],
        "metrics": metrics,
    }


def cell(setting: str, *methods: dict[str, Any], data: str = "photos", **others: Any) -> dict[str, Any]:
    """Return a cell."""
    fixed = {"data": data, "setting": setting, "version": "1.2", "commit": "abc", "known_fraction": 0.5}
    return {**fixed, "test_images": [9], "classes": [4], "methods": list(methods), **others}


def difference(mean: float, p_value: float | None, p_with_images: float | None = None) -> dict[str, Any]:
    """Return a difference of the recipe, with an interval of 0.01 on either side."""
    ends = {"low": mean - 0.01, "high": mean + 0.01}
    return {
        "mean": mean,
        "n": 5,
        **ends,
        "p": p_value if p_with_images is None else p_with_images,
        "seeds": None if p_value is None else {**ends, "p": p_value},
    }


def recipe(mean_ap: dict[str, Any] | None, bound: float = -0.002) -> dict[str, Any]:
    """Return the entry ``recipe`` of a cell, with the same difference in both metrics."""
    found = {"difference": mean_ap, "best_single": "weak", "upper_bound": difference(bound, 0.5)}
    return {"recipe": "refit_a", "single": "bce", "metrics": {"mAP": found, "macro_f1_chosen": found}}


def content(*cells: dict[str, Any], **others: Any) -> dict[str, Any]:
    """Return the content of a file."""
    return {
        "experiment": "own",
        "title": "Own experiment",
        "description": "A question.",
        "command": "python tools/run_experiment.py own",
        "metrics": ["mAP", "mAP_tail", "macro_f1", "macro_f1_chosen"],
        "figures": [],
        "data": {"photos": ["rps:0.5", "rps:0.9"]},
        "compared_methods": ["bce", "weak", "refit_a"],
        "yardstick": "bce",
        "num_seeds": 2,
        "num_trials": 1,
        "cells": list(cells),
        **others,
    }
