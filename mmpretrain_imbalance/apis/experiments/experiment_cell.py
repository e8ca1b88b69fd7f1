"""Results of one cell of an experiment, which are its data set and its setting, as an entry of its file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from ..comparison.compare_methods import Comparison
from ..comparison.comparison_plan import Task
from ..comparison.results.compared_metrics import COMPARED_METRICS
from ..comparison.results.compared_run import ComparedRun
from ..comparison.results.comparison_results import ComparisonResults, as_json
from ..comparison.results.run_scores import RunScores
from .prior_quality import prior_correlations
from .recipe_choice import recipe_choice
from .validation_scores import task_validation

#: Significant digits of a number in a result file.
DIGITS = 5
#: Numbers of a difference from the yardstick, in the order of their list in the file.
DIFFERENCE_NUMBERS = ("mean", "low", "high", "p", "p_holm")


def cell_entry(
    comparison: Comparison,
    results: ComparisonResults,
    priors: Sequence[str] = (),
    source: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return the entry of a cell for the file of an experiment.

    Args:
        comparison: The comparison of one data set in one setting.
        results: Its results.
        priors: Methods whose class priors are compared with the true frequencies.
        source: Version of the package and commit, which the entry names.

    Returns:
        ``data``, ``setting``, ``known_fraction`` of the training labels, ``test_images``, ``classes``,
        ``methods`` with their metrics, trials and validation scores, ``recipe``, ``priors`` and
        ``unfinished``. Numbers have five significant digits.
    """
    (setting,) = results.summary["settings"]
    scores: dict[str, dict[int, RunScores]] = {}
    runs: dict[str, list[ComparedRun]] = {}
    for run, found in results.runs:
        scores.setdefault(run.method, {})[run.seed] = found
        runs.setdefault(run.method, []).append(run)
    schedule = comparison.schedule()
    data, name = setting["data"], setting["setting"]
    methods = []
    for method in setting["methods"]:
        task = Task(data, name, method["method"])
        kept = {key: method[key] for key in ("method", "seeds", "num_trials")}
        methods.append({**kept, **task_validation(schedule, task), "metrics": _short_metrics(method)})
    class_names = results.runs[0][1].classes.names
    task = Task(data, name, methods[0]["method"])
    parts = [schedule.parts(task, seed) for seed in range(comparison.plan.num_seeds)]
    fractions = [part.figures.known_fraction for part in parts if part is not None]
    entry = {
        "data": data,
        "setting": name,
        **(source or {}),
        "known_fraction": fmean(fractions),
        "test_images": setting["test_images"],
        "classes": setting["classes"],
        "groups_of_dataset": setting["groups_of_dataset"],
        "recipe": recipe_choice(methods, scores),
        "priors": {
            method: prior_correlations(runs[method], class_names) for method in priors if method in runs
        },
        "unfinished": setting["unfinished"],
        "methods": methods,
    }
    return {key: value for key, value in as_json(entry, DIGITS).items() if value not in (None, {})}


def finished_runs(cell: Mapping[str, Any]) -> set[tuple[str, int]]:
    """Return method and seed of each finished run of a cell.

    Args:
        cell: Entry of a cell.
    """
    return {(method["method"], seed) for method in cell["methods"] for seed in method["seeds"]}


def _short_metrics(method: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metrics that have a value, and the differences of those that tables show."""
    return {
        metric.name: _short_metric(found, metric.in_tables)
        for metric in COMPARED_METRICS
        if (found := method["metrics"][metric.name])["mean"] is not None
    }


def _short_metric(found: Mapping[str, Any], with_difference: bool) -> dict[str, Any]:
    short = {name: found[name] for name in ("mean", "sd", "values")}
    difference = found["difference"]
    if with_difference and difference is not None and difference["verdict"] is not None:
        short["difference"] = [difference[name] for name in DIFFERENCE_NUMBERS]
        short["verdict"] = difference["verdict"]
    if with_difference and found["in_best_group"] is not None:
        short["best"] = found["in_best_group"]
    return short
