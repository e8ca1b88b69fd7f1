"""Comparison of methods on any data, in any settings, with the same tuning budget for every method."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ...utils.argument_checks import check_choice, check_integer, check_interval
from ...utils.files import atomic_write
from ..config_text import config_text, is_text_of_config
from .compared_method import NAME, ComparedMethod, read_method
from .compared_setting import AS_ANNOTATED, read_setting
from .comparison_plan import ComparisonPlan, Run, Task
from .comparison_schedule import ComparisonSchedule, search_space
from .results.compared_run import ComparedRun, UnfinishedRun
from .results.comparison_results import ComparisonResults, comparison_results
from .results.result_files import write_result_files
from .run_config import check_base_config
from .runs.run_jobs import run_jobs
from .trials import SEARCHES

_CALLER = "compare_methods"


class Comparison:
    """A comparison in a folder: its plan, its runs and what is finished of them.

    A later comparison in the same folder can have more methods, settings and seeds; finished runs are not
    trained again. Everything else must be the same.

    The arguments are those of :func:`compare_methods`.
    """

    def __init__(
        self,
        base_configs: Sequence[str | os.PathLike[str]],
        methods: Sequence[str | os.PathLike[str] | ComparedMethod],
        work_dir: str | os.PathLike[str],
        *,
        settings: Sequence[str | os.PathLike[str]] = (AS_ANNOTATED,),
        num_seeds: int = 5,
        num_trials: int = 1,
        search: str = "random",
        val_fraction: float = 0.2,
        num_folds: int | None = None,
        cfg_options: Mapping[str, Any] | None = None,
    ) -> None:
        check_integer(_CALLER, 1, num_seeds=num_seeds, num_trials=num_trials)
        check_choice(_CALLER, SEARCHES, search=search)
        check_interval(_CALLER, "(0, 1)", val_fraction=val_fraction)
        if num_folds is not None:
            check_integer(_CALLER, 2, num_folds=num_folds)
        bases = _by_name({base_name(path): path for path in base_configs}, base_configs, "base_configs")
        configs = {name: _read_base(path, cfg_options or {}) for name, path in bases.items()}
        asked = _named([read_method(method) for method in methods], "methods")
        self.work_dir = Path(os.path.abspath(work_dir))
        #: Names of the methods that were asked for.
        self.methods = list(asked)
        self.plan = ComparisonPlan(
            work_dir=self.work_dir,
            data=list(bases),
            settings=_named([read_setting(setting) for setting in settings], "settings"),
            methods=_with_required(asked),
            num_seeds=num_seeds,
            num_trials=num_trials,
        )
        for method in self.plan.methods.values():
            search_space(method)
        self._epochs = {name: int(cfg.train_cfg.max_epochs) for name, cfg in configs.items()}
        self._arguments: dict[str, Any] = dict(search=search, val_fraction=val_fraction, num_folds=num_folds)
        self._write_settings(configs, dict(self._arguments, num_trials=num_trials))

    def base_file(self, data: str) -> Path:
        """Return the copy of a base config in the folder."""
        return self.work_dir / "base_configs" / f"{data}.py"

    def schedule(self, selected: set[tuple[Task, int]] | None = None) -> ComparisonSchedule:
        """Return the jobs of the comparison.

        Args:
            selected: Tasks and seeds to train; None for all.
        """
        bases = {name: str(self.base_file(name)) for name in self.plan.data}
        return ComparisonSchedule(self.plan, bases, self._epochs, selected=selected, **self._arguments)

    def train(
        self, num_jobs: int = 1, devices: Sequence[str] = ("cpu",), shard: tuple[int, int] | None = None
    ) -> dict[str, str]:
        """Train all runs that are not finished.

        Args:
            num_jobs: Number of simultaneous runs.
            devices: Devices that the runs share.
            shard: Number of the shard, from 1, and number of shards; None for all runs.

        Returns:
            The reason of each failed run, by its name.
        """
        schedule = self.schedule(None if shard is None else self.plan.shard(*shard))
        schedule.forget_failures()
        run_jobs(schedule.ready, num_jobs, schedule.total_steps(), devices, on_failed=schedule.fail)
        return schedule.failures

    def compared_runs(self) -> tuple[list[ComparedRun], list[UnfinishedRun]]:
        """Collect the finished runs of the methods that were asked for.

        Returns:
            The runs with the chosen trials, and the runs that are missing.
        """
        schedule = self.schedule()
        found, missing = [], []
        for task in self.plan.tasks():
            if task.method not in self.methods:
                continue
            chosen = schedule.chosen_trial(task)
            for seed in range(self.plan.num_seeds):
                run = Run(task, seed, chosen or 0)
                parts = schedule.parts(task, seed)
                if chosen is None or parts is None or not schedule.is_complete(run):
                    missing.append(UnfinishedRun(*task, seed, schedule.reason(task, seed)))
                    continue
                found.append(
                    ComparedRun(
                        data=task.data,
                        setting=task.setting,
                        method=task.method,
                        seed=seed,
                        folder=self.plan.run_folder(run),
                        trial=chosen,
                        num_trials=schedule.num_trials(task),
                        values=schedule.trials(task)[chosen],
                        training_positives=parts.annotated_positives,
                    )
                )
        return found, missing

    def write_results(self, yardstick: str | None = None, progress: bool = True) -> ComparisonResults:
        """Compute the statistics of the finished runs, and write the tables and files.

        Args:
            yardstick: Name of the method that the others are tested against; None for the first one.
            progress: Whether to show the progress.

        Returns:
            The results.

        Raises:
            ValueError: If the yardstick is not one of the methods, or no run is finished.
        """
        check_choice(_CALLER, self.methods, yardstick=yardstick or self.methods[0])
        runs, unfinished = self.compared_runs()
        if not runs:
            first = unfinished[0]
            raise ValueError(
                f"The comparison in {str(self.work_dir)!r} must have a finished run before its results can "
                f"be written. Got none instead. {first.method}, seed {first.seed}: {first.reason}"
            )
        results = comparison_results(
            runs,
            yardstick or self.methods[0],
            unfinished=unfinished,
            num_folds=self._arguments["num_folds"],
            show_progress=progress,
        )
        write_result_files(results, self.work_dir)
        return results

    def _write_settings(self, configs: Mapping[str, Config], arguments: dict[str, Any]) -> None:
        """Write the settings of a new folder, or compare them with those of an existing one."""
        for name, cfg in configs.items():
            path = self.base_file(name)
            if not path.exists():
                with atomic_write(path) as file:
                    file.write(config_text(cfg))
            elif not is_text_of_config(path, cfg):
                self._refuse(f"another base config {name!r}")
        path = self.work_dir / "comparison.json"
        if not path.exists():
            with atomic_write(path) as file:
                json.dump(arguments, file, indent=1)
            return
        stored = json.loads(path.read_text(encoding="utf-8"))
        for name, value in arguments.items():
            if stored.get(name) != value:
                self._refuse(f"{name}={stored.get(name)!r} instead of {value!r}")

    def _refuse(self, found: str) -> None:
        raise ValueError(
            f"The 'work_dir' argument of {_CALLER} must be a new folder, or the folder of a comparison with "
            f"the same settings. Got {str(self.work_dir)!r}, which has {found}. Choose another folder."
        )


def compare_methods(
    base_configs: Sequence[str | os.PathLike[str]],
    methods: Sequence[str | os.PathLike[str]],
    work_dir: str | os.PathLike[str],
    *,
    settings: Sequence[str | os.PathLike[str]] = (AS_ANNOTATED,),
    num_seeds: int = 5,
    yardstick: str | None = None,
    num_trials: int = 1,
    search: str = "random",
    val_fraction: float = 0.2,
    num_folds: int | None = None,
    cfg_options: Mapping[str, Any] | None = None,
    num_jobs: int = 1,
    devices: Sequence[str] = ("cpu",),
    progress: bool = True,
) -> ComparisonResults:
    """Train methods on data, in settings and with seeds, and compare them.

    Every run is an ordinary work folder in ``WORK_DIR/runs``. The results are in ``WORK_DIR``: results.json,
    results.csv, results.md, results.tex, per_class.csv, per_seed.csv, and timing.csv. A stopped call is
    continued by the same call. docs/compare_methods.md explains settings, trials and statistics.

    Args:
        base_configs: Paths of the base configs: data, model, schedule and runtime. A project is its
            ``config.py``.
        methods: Names of files in ``configs/_base_/methods``, paths of config files of the same form, or
            types of losses in MMPretrain's registry.
        work_dir: Folder for all files.
        settings: ``'as_annotated'``, protocols of :func:`simulate_partial_labels` with their numbers, such as
            ``'rps:0.5'``, names of files in ``configs/_base_/simulations``, or paths of such files.
        num_seeds: Number of seeds.
        yardstick: Name of the method that the others are tested against; None for the first one.
        num_trials: Number of trials per method, K: the tuning budget.
        search: ``'random'``, ``'grid'`` or ``'tpe'``, which needs Optuna.
        val_fraction: Fraction of the training set that is the validation part.
        num_folds: Number of folds K of the training set, for a cross-validation instead of the test set:
            seeds 0 to K - 1 are the folds of one division. None for the test set.
        cfg_options: Further settings of all base configs, by dotted key.
        num_jobs: Number of simultaneous runs.
        devices: Devices that the runs share: ``'cpu'``, or names of GPUs.
        progress: Whether to show the progress of the statistics.

    Returns:
        The results.

    Raises:
        FileNotFoundError: If a file does not exist.
        ValueError: If an argument is invalid, the folder has a comparison with other arguments, or no run
            could be finished.
    """
    comparison = Comparison(
        base_configs,
        methods,
        work_dir,
        settings=settings,
        num_seeds=num_seeds,
        num_trials=num_trials,
        search=search,
        val_fraction=val_fraction,
        num_folds=num_folds,
        cfg_options=cfg_options,
    )
    check_choice(_CALLER, comparison.methods, yardstick=yardstick or comparison.methods[0])
    comparison.train(num_jobs, devices)
    return comparison.write_results(yardstick, progress)


def base_name(path: str | os.PathLike[str]) -> str:
    """Name a data set after its base config; a project's config.py, after the folder of the project."""
    path = Path(os.path.abspath(path))
    return path.parent.name if path.stem == "config" else path.stem


def _read_base(path: str | os.PathLike[str], options: Mapping[str, Any]) -> Config:
    if not Path(path).is_file():
        raise FileNotFoundError(
            f"The 'base_configs' argument of {_CALLER} must have paths of config files. Got "
            f"{os.fspath(path)!r} instead, which does not exist."
        )
    cfg = Config.fromfile(path)
    cfg.merge_from_dict(dict(options))
    check_base_config(cfg, os.fspath(path))
    return cfg


def _with_required(asked: dict[str, ComparedMethod]) -> dict[str, ComparedMethod]:
    methods = dict(asked)
    for method in asked.values():
        for argument, required in method.requires.items():
            if argument != "class_prior":
                raise ValueError(
                    f"The 'requires' of the method {method.name!r} must have the argument 'class_prior' "
                    f"only. Got {argument!r} instead."
                )
            if required not in methods:
                methods[required] = read_method(required)
            if methods[required].requires:
                raise ValueError(
                    f"The 'requires' of the method {method.name!r} must name a method that requires no "
                    f"other. Got {required!r} instead."
                )
    return methods


def _named(items: Sequence[Any], argument: str) -> dict[str, Any]:
    return _by_name({item.name: item for item in items}, items, argument)


def _by_name(named: dict[str, Any], items: Sequence[Any], argument: str) -> dict[str, Any]:
    if not items:
        raise ValueError(f"The '{argument}' argument of {_CALLER} must not be empty. Got nothing instead.")
    wrong = [name for name in named if not NAME.fullmatch(name)]
    if wrong:
        raise ValueError(
            f"The names in the '{argument}' argument of {_CALLER} are names of folders, so they must have "
            f"letters, digits, '.', '_', '-' and '+' only. Got {wrong[0]!r} instead. Rename the file."
        )
    if len(named) < len(items):
        raise ValueError(
            f"The '{argument}' argument of {_CALLER} must have different names. Got {len(items)} with the "
            f"names {sorted(named)} instead. Rename a file, or remove what is given twice."
        )
    return named
