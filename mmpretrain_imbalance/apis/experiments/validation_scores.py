"""Validation scores of the runs of a comparison, by which methods are chosen without the test set."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any

from ..comparison.comparison_plan import ComparisonPlan, Run, Task
from ..comparison.comparison_schedule import ComparisonSchedule
from ..comparison.run_job import SCORE_FILE


def task_validation(schedule: ComparisonSchedule, task: Task) -> dict[str, Any]:
    """Read the validation scores of a method in a setting.

    Args:
        schedule: The schedule of the comparison.
        task: Data, setting and method.

    Returns:
        ``trials``, a list with the ``values`` and the ``validation`` score of each trial with the first seed;
        ``trial``, the index of the chosen one, or None; and ``validation``, its score with each seed. A score
        is None if the run is not finished or has no known positive.
    """
    plan, chosen = schedule.plan, schedule.chosen_trial(task)
    trials = [
        {"values": values, "validation": _score(plan, Run(task, 0, trial))}
        for trial, values in enumerate(schedule.trials(task))
    ]
    scores = [None if chosen is None else _score(plan, Run(task, s, chosen)) for s in range(plan.num_seeds)]
    return {"trials": trials, "trial": chosen, "validation": scores}


def picked_by_validation(methods: Sequence[Mapping[str, Any]], names: Iterable[str]) -> str | None:
    """Pick the method with the highest mean validation score over the seeds.

    Methods without a score in every seed are left out: they were measured on other seeds than the others.

    Args:
        methods: Entries of ``methods`` of a cell, with ``method`` and ``validation``.
        names: Names of the methods to pick from.

    Returns:
        The name; None if no method has all scores.

    Example:
        >>> methods = [dict(method="bce", validation=[0.5, 0.7]), dict(method="csl", validation=[0.9, None])]
        >>> picked_by_validation(methods, ["bce", "csl"])
        'bce'
    """
    names = set(names)
    means = {
        method["method"]: fmean(method["validation"])
        for method in methods
        if method["method"] in names and method["validation"] and None not in method["validation"]
    }
    return max(means, key=lambda name: means[name], default=None)


def _score(plan: ComparisonPlan, run: Run) -> float | None:
    path = plan.run_folder(run) / SCORE_FILE
    if not path.exists():
        return None
    score = json.loads(path.read_text(encoding="utf-8"))["weighted_mAP"]
    return None if score is None else float(score)
