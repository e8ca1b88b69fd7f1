"""Statistics of a whole comparison of methods, as a structure for files."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

from rich.progress import track

from ....functional.metrics.class_groups import DEFAULT_GROUP_THRESHOLDS, check_group_thresholds
from ....utils.argument_checks import check_integer
from .compared_metrics import COMPARED_METRICS, ComparedMetric
from .compared_run import ComparedRun, UnfinishedRun
from .method_differences import CONFIDENCE, SIGNIFICANCE, add_verdicts, best_group, method_difference
from .method_ranking import rank_settings
from .run_scores import RunScores, score_run

FORMAT = 1


@dataclass(frozen=True)
class ComparisonResults:
    """Results of a comparison.

    Attributes:
        summary: Content of ``results.json``: ``settings`` has one entry per data and setting, with its
            ``methods`` and their ``metrics``; ``ranks`` has the mean ranks over the settings by metric.
        runs: The finished runs with their scores, in the order of the plan.
    """

    summary: dict[str, Any]
    runs: list[tuple[ComparedRun, RunScores]]


def comparison_results(
    runs: Sequence[ComparedRun],
    yardstick: str,
    *,
    unfinished: Sequence[UnfinishedRun] = (),
    num_rarest: int = 3,
    group_thresholds: Sequence[float] = DEFAULT_GROUP_THRESHOLDS,
    num_resamples: int = 1000,
    seed: int = 0,
    num_folds: int | None = None,
    show_progress: bool = True,
) -> ComparisonResults:
    """Compare the methods of finished runs with a yardstick, and with the best method of each setting.

    Two methods are distinguishable in a metric if the paired t-test over the seeds and the test with the
    variances over seeds and images both find a difference, see :func:`seeds_and_images_test`. The larger
    p-value counts, after Holm's correction for all comparisons of one setting. With one seed, the bootstrap
    over images counts, and the variation between trainings is not measured.

    Args:
        runs: The finished runs, in the order of the tables of files.
        yardstick: Name of the method that all others are compared with.
        unfinished: The runs without results, which are listed in all tables.
        num_rarest: Number of the rarest classes.
        group_thresholds: The smallest number of training positives of a middle class, and of a head class.
        num_resamples: The number of resamples of the test images; 0 for no test over images.
        seed: Seed of the resamples.
        num_folds: Number of folds of a cross-validation, whose seeds are folds; None for one test set.
        show_progress: Whether to show a progress bar of the scored runs.

    Returns:
        The results. Their numbers depend on the predictions, thresholds and training positives only.

    Raises:
        FileNotFoundError: As ``score_run``.
        ValueError: As ``score_run``, or if no run belongs to the yardstick, a run occurs twice, or runs
            of the same setting and seed have different test data.
    """
    check_integer("comparison_results", 0, num_rarest=num_rarest, num_resamples=num_resamples)
    check_group_thresholds(group_thresholds, "comparison_results")
    _check_runs(runs, unfinished, yardstick)
    scored = []
    for run in track(runs, "scores of the runs", disable=not show_progress, transient=True):
        scores = score_run(
            run,
            num_rarest=num_rarest,
            group_thresholds=group_thresholds,
            num_resamples=num_resamples,
            seed=seed,
        )
        scored.append((run, scores))
    _check_test_sets(scored)
    everything: list[ComparedRun | UnfinishedRun] = [*runs, *unfinished]
    places = dict.fromkeys((run.data, run.setting) for run in everything)
    settings = [
        {
            "data": data,
            "setting": setting,
            **_setting_results(
                [(run, scores) for run, scores in scored if (run.data, run.setting) == (data, setting)],
                [run for run in unfinished if (run.data, run.setting) == (data, setting)],
                yardstick,
                num_folds,
            ),
        }
        for data, setting in places
    ]
    summary = {
        "format": FORMAT,
        "yardstick": yardstick,
        "confidence": CONFIDENCE,
        "significance": SIGNIFICANCE,
        "num_resamples": num_resamples,
        "num_folds": num_folds,
        "num_rarest": num_rarest,
        "group_thresholds": list(group_thresholds),
        "settings": settings,
        "ranks": rank_settings(settings),
    }
    return ComparisonResults(as_json(summary), scored)


def as_json(value: Any, digits: int = 10) -> Any:
    """Convert numbers to those of JSON: few digits, and None instead of NaN or infinity.

    Args:
        value: Nested dicts, lists, numbers and texts.
        digits: Number of significant digits.

    Returns:
        The same structure.

    Example:
        >>> as_json({"a": [1, float("nan"), 1 / 3]})
        {'a': [1, None, 0.3333333333]}
    """
    if isinstance(value, dict):
        return {str(key): as_json(item, digits) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(item, digits) for item in value]
    if isinstance(value, float):
        return float(f"{value:.{digits}g}") if math.isfinite(value) else None
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)


def _setting_results(
    runs: Sequence[tuple[ComparedRun, RunScores]],
    unfinished: Sequence[UnfinishedRun],
    yardstick: str,
    num_folds: int | None,
) -> dict[str, Any]:
    """Return the results of all methods on one data set in one setting."""
    methods: dict[str, dict[int, RunScores]] = {}
    chosen: dict[str, list[dict[str, Any]]] = {}
    for run, scores in runs:
        methods.setdefault(run.method, {})[run.seed] = scores
        chosen.setdefault(run.method, []).append(
            {"seed": run.seed, "trial": run.trial, "num_trials": run.num_trials, "values": run.values}
        )
    statistics: dict[str, dict[str, Any]] = {name: {} for name in methods}
    for metric in COMPARED_METRICS:
        for name, found in _metric_results(methods, yardstick, metric, num_folds).items():
            statistics[name][metric.name] = found
    return {
        "test_images": sorted({scores.num_images for _, scores in runs}),
        "classes": sorted({len(scores.classes.names) for _, scores in runs}),
        "groups_of_dataset": any(scores.groups_of_dataset for _, scores in runs),
        "methods": [
            {
                "method": name,
                "seeds": list(by_seed),
                "num_trials": max(trial["num_trials"] for trial in chosen[name]),
                "chosen": chosen[name],
                "metrics": statistics[name],
            }
            for name, by_seed in methods.items()
        ],
        "unfinished": [{"method": run.method, "seed": run.seed, "reason": run.reason} for run in unfinished],
    }


def _metric_results(
    methods: dict[str, dict[int, RunScores]], yardstick: str, metric: ComparedMetric, num_folds: int | None
) -> dict[str, dict[str, Any]]:
    """Return mean, standard deviation and differences of one metric for each method."""
    values = {
        name: [scores.values[metric.name] for scores in by_seed.values()] for name, by_seed in methods.items()
    }
    defined = {name: [value for value in column if value is not None] for name, column in values.items()}
    means = {name: fmean(column) if column else None for name, column in defined.items()}
    differences = {
        name: method_difference(by_seed, methods.get(yardstick, {}), metric.name, num_folds)
        for name, by_seed in methods.items()
        if name != yardstick
    }
    add_verdicts(differences, metric)
    group = best_group(methods, means, metric, num_folds)
    return {
        name: {
            "mean": means[name],
            "sd": stdev(defined[name]) if len(defined[name]) > 1 else None,
            "n": len(defined[name]),
            "values": values[name],
            "difference": differences.get(name),
            "in_best_group": group.get(name),
        }
        for name in methods
    }


def _check_runs(runs: Sequence[ComparedRun], unfinished: Iterable[UnfinishedRun], yardstick: str) -> None:
    seen: set[tuple[str, str, str, int]] = set()
    for run in runs:
        key = (run.data, run.setting, run.method, run.seed)
        if key in seen:
            raise ValueError(
                "The 'runs' argument of comparison_results must have each run once. "
                f"Got two runs of {run.name} instead."
            )
        seen.add(key)
    methods = dict.fromkeys([run.method for run in runs] + [run.method for run in unfinished])
    if yardstick not in methods:
        raise ValueError(
            "The 'yardstick' argument of comparison_results must be one of the compared methods, "
            f"{', '.join(map(repr, methods)) or 'of which there are none'}. Got {yardstick!r} instead."
        )


def _check_test_sets(scored: Sequence[tuple[ComparedRun, RunScores]]) -> None:
    """Raise if runs that are paired were not evaluated on the same images and labels."""
    first: dict[tuple[str, str, int], tuple[ComparedRun, RunScores]] = {}
    for run, scores in scored:
        other, expected = first.setdefault((run.data, run.setting, run.seed), (run, scores))
        if scores.test_set != expected.test_set:
            raise ValueError(
                "The runs of all methods with the same data, setting and seed must have the same test images "
                f"and labels. Got other ones in {run.folder} than in {other.folder} instead. Delete the "
                "folder of the run that is outdated, and run the comparison again."
            )
