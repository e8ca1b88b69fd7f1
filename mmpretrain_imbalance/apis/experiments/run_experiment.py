"""Training of the cells of an experiment, and their results in one file."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..comparison.compare_methods import Comparison
from ..comparison.compared_setting import read_setting
from ..comparison.results.comparison_results import ComparisonResults, comparison_results
from .experiment import Experiment
from .experiment_cell import cell_entry
from .experiment_file import add_cell, check_results

_CALLER = "run_experiment"


def run_experiment(
    experiment: Experiment,
    base_configs: Mapping[str, str | os.PathLike[str]],
    work_dir: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    settings: Sequence[str] | None = None,
    methods: Sequence[str] | None = None,
    num_jobs: int = 1,
    devices: Sequence[str] = ("cpu",),
    source: Mapping[str, str] | None = None,
    on_cell: Callable[[ComparisonResults, bool], None] = lambda results, is_added: None,
    progress: bool = True,
) -> dict[str, str]:
    """Train the runs of an experiment cell by cell, and write the results of each cell when it is finished.

    The same call continues a stopped one. Experiments with the same number of trials share the runs of a
    work folder, so that a method is trained once for all of them; they must not run at the same time there.

    Args:
        experiment: The experiment.
        base_configs: Path of the base config of each data set to train; :func:`find_base_configs`.
        work_dir: Folder for all runs.
        out: The result file. Its other cells are kept.
        settings: Settings to train, as the experiment names them; None for all.
        methods: Names of the methods to train; None for all. The yardstick must be one of them.
        num_jobs: Number of simultaneous runs.
        devices: Devices that the runs share: ``'cpu'``, or names of GPUs.
        source: Version of the package and commit, which each cell names.
        on_cell: Called after each cell with its results, and with whether the file has them.
        progress: Whether to show the progress of the statistics.

    Returns:
        The reason of each failed run, by its name.

    Raises:
        FileNotFoundError: As :func:`compare_methods`.
        ValueError: As :func:`compare_methods`, or if a setting or a method is not one of the experiment, or
            the result file has another budget.
    """
    _check_part("settings", settings, [name for names in experiment.data.values() for name in names])
    _check_part("methods", methods, experiment.methods)
    if methods is not None and experiment.yardstick not in methods:
        raise ValueError(
            f"The 'methods' argument of {_CALLER} must contain the yardstick {experiment.yardstick!r}. Got "
            f"{', '.join(methods)} instead."
        )
    check_results(out, experiment)
    failures: dict[str, str] = {}
    for data, base in base_configs.items():
        compared, num_trials = experiment.compared_methods(data, methods), experiment.trials_of(data)
        for setting in experiment.data[data]:
            if settings is not None and setting not in settings:
                continue
            comparison = Comparison(
                [base],
                compared,
                Path(work_dir) / f"trials_{num_trials}" / data / read_setting(setting).name,
                settings=[setting],
                num_seeds=experiment.num_seeds,
                num_trials=num_trials,
            )
            failures.update(comparison.train(num_jobs, devices))
            results = _results(comparison, experiment.yardstick, progress)
            if results is None:
                continue
            cell = cell_entry(comparison, results, experiment.priors, source)
            on_cell(results, add_cell(out, experiment, results.summary, cell))
    return failures


def _results(comparison: Comparison, yardstick: str, progress: bool) -> ComparisonResults | None:
    """Return the results of the finished runs; None if no run is finished."""
    runs, unfinished = comparison.compared_runs()
    if not runs:
        return None
    return comparison_results(runs, yardstick, unfinished=unfinished, show_progress=progress)


def _check_part(name: str, part: Sequence[Any] | None, whole: Sequence[str]) -> None:
    unknown = [item for item in part or [] if item not in whole]
    if unknown:
        raise ValueError(
            f"The '{name}' argument of {_CALLER} must have {name} of the experiment, "
            f"{', '.join(dict.fromkeys(whole))}. Got {unknown[0]!r} instead."
        )
