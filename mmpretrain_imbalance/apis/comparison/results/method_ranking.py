"""Ranks of the methods over the data and settings of one or several comparisons."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ....functional.method_ranks import rank_methods
from ....utils.json_content import parse_json
from .compared_metrics import COMPARED_METRICS, ComparedMetric, compared_metric

MIN_BLOCKS, MIN_METHODS = 2, 3


def rank_settings(settings: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Rank the methods in each metric, where every data and setting is a block of :func:`rank_methods`.

    Args:
        settings: Entries of ``settings`` of ``results.json``.

    Returns:
        Result of ``rank_metric`` for each metric that has enough blocks and methods.
    """
    ranks = {metric.name: rank_metric(settings, metric) for metric in COMPARED_METRICS}
    return {name: found for name, found in ranks.items() if found is not None}


def rank_metric(settings: Sequence[Mapping[str, Any]], metric: ComparedMetric) -> dict[str, Any] | None:
    """Rank the methods in one metric over the settings in which all of them have a value.

    A method takes part if it has a value in every setting that has any value of the metric.

    Args:
        settings: Entries of ``settings`` of ``results.json``.
        metric: The metric.

    Returns:
        ``blocks``, the data and setting of each block; ``mean_ranks`` by method, best first; ``left_out``,
        the methods that have no value in some block; ``friedman`` with ``statistic`` and ``p``;
        ``critical_difference``; and ``groups``, the methods of each group of ``rank_groups``. None with
        fewer than 2 blocks or 3 methods.
    """
    tables = []
    for setting in settings:
        means = {
            method["method"]: found["mean"]
            for method in setting["methods"]
            if (found := method["metrics"].get(metric.name)) and found["mean"] is not None
        }
        if means:
            tables.append(((setting["data"], setting["setting"]), means))
    names = list(dict.fromkeys(name for _, means in tables for name in means))
    ranked = [name for name in names if all(name in means for _, means in tables)]
    if len(tables) < MIN_BLOCKS or len(ranked) < MIN_METHODS:
        return None
    found = rank_methods(
        [[means[name] for name in ranked] for _, means in tables], lower_is_better=metric.lower_is_better
    )
    order = sorted(range(len(ranked)), key=lambda index: (found.mean_ranks[index], ranked[index]))
    return {
        "blocks": [list(block) for block, _ in tables],
        "mean_ranks": {ranked[index]: float(found.mean_ranks[index]) for index in order},
        "left_out": [name for name in names if name not in ranked],
        "friedman": {"statistic": found.statistic, "p": found.p_value},
        "critical_difference": found.critical_difference,
        "groups": [[ranked[index] for index in group] for group in found.groups],
    }


def rank_comparisons(folders: Sequence[str | os.PathLike[str]], metric: str) -> dict[str, Any]:
    """Rank the methods over all data and settings of several comparisons.

    Args:
        folders: Work folders of comparisons, each with ``results.json``.
        metric: Name of the metric.

    Returns:
        The result of ``rank_metric``.

    Raises:
        FileNotFoundError: If a folder has no ``results.json``.
        ValueError: If a file is malformed, data and setting occur in two folders, the metric is unknown, or
            there are fewer than 2 data and settings or 3 methods with a value in all of them.
    """
    chosen = compared_metric(metric, "rank_comparisons")
    settings: list[dict[str, Any]] = []
    found_in: dict[tuple[str, str], Any] = {}
    for folder in folders:
        for setting in read_results(folder)["settings"]:
            key = (setting["data"], setting["setting"])
            if key in found_in:
                raise ValueError(
                    "The comparisons must have different data or settings. Got the data "
                    f"{key[0]!r} in the setting {key[1]!r} in {found_in[key]} and in {folder} instead. Leave "
                    "one of the two folders out."
                )
            found_in[key] = folder
            settings.append(setting)
    found = rank_metric(settings, chosen)
    if found is None:
        raise ValueError(
            f"The comparisons must have at least {MIN_BLOCKS} pairs of data and setting, and at least "
            f"{MIN_METHODS} methods with a value of {metric} in all of them. Got {len(settings)} pairs of "
            "data and setting with too few common methods instead. Add folders of other comparisons, or "
            "finish the missing runs."
        )
    return found


def read_results(folder: str | os.PathLike[str]) -> dict[str, Any]:
    """Read ``results.json`` of a comparison.

    Args:
        folder: Work folder of the comparison.

    Returns:
        The content, as described in ``ComparisonResults``.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If the file is malformed.
    """
    path = Path(folder) / "results.json"
    if not path.is_file():
        raise FileNotFoundError(
            "The work folder of a comparison must have results.json, which tools/compare_methods.py writes. "
            f"Got {str(folder)!r} instead."
        )
    content = parse_json(path.read_bytes(), f"The file {path}")
    try:
        for setting in content["settings"]:
            for method in setting["methods"]:
                for found in method["metrics"].values():
                    _ = (setting["data"], setting["setting"], method["method"], found["mean"])
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path}: expected results that tools/compare_methods.py writes, found no entry {error}. "
            "Run the comparison again."
        ) from error
    return content
