"""Order of the jobs of a comparison, from its files, so that every call continues the last one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from .compared_method import ComparedMethod
from .comparison_plan import ComparisonPlan, Run, Task
from .data_parts import DataParts, read_data_parts
from .insert_method import has_class_prior
from .run_job import PRIOR_FILE, SCORE_FILE, prepare_parts, train_and_score
from .runs.run_jobs import Job
from .trials import LEARNING_RATE, LEARNING_RATE_FACTORS, suggest_values, trial_values


class ComparisonSchedule:
    """Jobs that can start now, given the files of the finished ones.

    Args:
        plan: The plan.
        bases: Path of the base config of each data set.
        epochs: Number of epochs of each data set.
        search: ``'random'``, ``'grid'`` or ``'tpe'``.
        val_fraction: Fraction of the validation part.
        num_folds: Number of folds, or None.
        selected: Tasks and seeds to train; None for all.
    """

    def __init__(
        self,
        plan: ComparisonPlan,
        bases: Mapping[str, str],
        epochs: Mapping[str, int],
        search: str = "random",
        val_fraction: float = 0.2,
        num_folds: int | None = None,
        selected: set[tuple[Task, int]] | None = None,
    ) -> None:
        self.plan = plan
        self.bases = bases
        self.epochs = epochs
        self.search = search
        self.val_fraction = val_fraction
        self.num_folds = num_folds
        self.selected = selected
        self.failures: dict[str, str] = {}
        self._started: set[str] = set()
        self._parts: dict[tuple[str, str, int], DataParts] = {}
        self._required = {name for method in plan.methods.values() for name in method.requires.values()}

    # ------------------------------------------------------------------ jobs
    def ready(self) -> list[Job]:
        """Return the jobs that can start now and were not returned before."""
        jobs = []
        for task in self.plan.tasks():
            for run in self.runs(task):
                if self._is_selected(run) and not self.is_complete(run):
                    jobs += self._jobs_of_run(run)
        new = {job.name: job for job in jobs if job.name not in self._started}
        self._started.update(new)
        return list(new.values())

    def fail(self, name: str, message: str) -> None:
        """Record that a job has failed.

        Args:
            name: Name of the job.
            message: The reason.
        """
        self.failures[name] = message

    def reason(self, run: Run) -> str:
        """Return the reason why a run is not complete."""
        required = self.plan.methods[run.task.method].requires.values()
        needed = [Run(run.task._replace(method=name), run.seed, 0) for name in required]
        names = [run_name(run), _parts_name(run), *map(run_name, needed)]
        return next((self.failures[name] for name in names if name in self.failures), "not finished")

    def total_steps(self) -> int:
        """Return the number of epochs of all runs that are not complete."""
        runs = {
            Run(task, seed, trial)
            for task in self.plan.tasks()
            for seed in range(self.plan.num_seeds)
            for trial in range(self.num_trials(task) if seed == 0 else 1)
        }
        return sum(
            self.epochs[run.task.data]
            for run in runs
            if self._is_selected(run) and not (run.seed == 0 and self.is_complete(run))
        )

    def _jobs_of_run(self, run: Run) -> list[Job]:
        task, plan = run.task, self.plan
        setting = plan.settings[task.setting]
        folder = plan.parts_folder(task.data, task.setting, run.seed)
        parts = self.parts(task, run.seed)
        if parts is None:
            name = _parts_name(run)
            arguments: tuple[Any, ...] = (
                self.bases[task.data], setting, run.seed, folder, self.val_fraction, self.num_folds
            )  # fmt: skip
            return [Job(name, prepare_parts, arguments, steps=1)]
        method, prior = plan.methods[task.method], None
        if "class_prior" in method.requires and has_class_prior(parts.figures):
            required = self._chosen_run(task._replace(method=method.requires["class_prior"]), run.seed)
            if required is None or not self.is_complete(required):
                return []
            prior = plan.run_folder(required) / PRIOR_FILE
        changes = self.trials(task)[run.trial]
        arguments = (
            self.bases[task.data], method, setting, run.seed, changes, folder, prior,
            task.method in self._required, plan.run_folder(run),
        )  # fmt: skip
        log = plan.run_folder(run) / "output.txt"
        return [Job(run_name(run), train_and_score, arguments, self.epochs[task.data], log)]

    def _is_selected(self, run: Run) -> bool:
        return self.selected is None or (run.task, run.seed) in self.selected

    # ------------------------------------------------------------------ state of the files
    def parts(self, task: Task, seed: int) -> DataParts | None:
        """Return the parts of the training set of a task; None if they are not written yet."""
        key = (task.data, task.setting, seed)
        folder = self.plan.parts_folder(*key)
        if key not in self._parts and (folder / "labels.json").exists():
            self._parts[key] = read_data_parts(folder)
        return self._parts.get(key)

    def is_complete(self, run: Run) -> bool:
        """Return whether a run has its score, and the class prior if another method requires it."""
        folder = self.plan.run_folder(run)
        has_prior = run.task.method not in self._required or (folder / PRIOR_FILE).exists()
        return has_prior and (folder / SCORE_FILE).exists()

    def runs(self, task: Task) -> list[Run]:
        """Return the runs of a task that are known: trials, and the chosen one with every seed."""
        chosen = self.chosen_trial(task)
        known = [Run(task, 0, trial) for trial in range(len(self.trials(task)))]
        if chosen is not None:
            known += [Run(task, seed, chosen) for seed in range(1, self.plan.num_seeds)]
        return known

    def num_trials(self, task: Task) -> int:
        """Return the number of trials of a method."""
        space, defaults = search_space(self.plan.methods[task.method])
        if self.search == "tpe":
            return self.plan.num_trials
        return len(trial_values(space, defaults, self.plan.num_trials, self.search, task.method))

    def trials(self, task: Task) -> list[dict[str, Any]]:
        """Return the values of the trials of a task; with ``'tpe'``, of those that can be known."""
        space, defaults = search_space(self.plan.methods[task.method])
        if self.search != "tpe":
            return trial_values(space, defaults, self.plan.num_trials, self.search, task.method)
        finished: list[tuple[dict[str, Any], float]] = []
        while True:
            values = suggest_values(space, defaults, finished, task.method)
            score = self._score(Run(task, 0, len(finished)))
            known = [changes for changes, _ in finished] + [values]
            if score is None or len(known) == self.plan.num_trials:
                return known
            finished.append((values, score))

    def chosen_trial(self, task: Task) -> int | None:
        """Return the first trial with the best score; None if a trial is missing or all of them failed."""
        runs = [Run(task, 0, trial) for trial in range(self.num_trials(task))]
        scores = [self._score(run) for run in runs]
        numbers = [score for score in scores if score is not None]
        if len(numbers) < len(runs) or all(run_name(run) in self.failures for run in runs):
            return None
        return numbers.index(max(numbers))

    def _chosen_run(self, task: Task, seed: int) -> Run | None:
        trial = self.chosen_trial(task)
        return None if trial is None else Run(task, seed, trial)

    def _score(self, run: Run) -> float | None:
        """Return the score of a run: -inf if it failed or cannot be measured, None if it is not complete."""
        if run_name(run) in self.failures:
            return float("-inf")
        if not self.is_complete(run):
            return None
        text = (self.plan.run_folder(run) / SCORE_FILE).read_text(encoding="utf-8")
        score = json.loads(text)["weighted_mAP"]
        return float("-inf") if score is None else float(score)


def search_space(method: ComparedMethod) -> tuple[dict[str, Sequence[Any]], dict[str, Any]]:
    """Return the values that the trials of a method can have, and the default values.

    Args:
        method: The method.

    Returns:
        Both by the dotted key of a part of the method, with the factor of the learning rate.

    Raises:
        ValueError: If the method has no such part.
    """
    space: dict[str, Sequence[Any]] = dict(method.search_space)
    defaults = {}
    for key, values in space.items():
        node: Any = method.parts
        try:
            for name in key.split("."):
                node = node[name]
        except (KeyError, TypeError):
            raise ValueError(
                f"The 'search_space' of the method {method.name!r} must have dotted keys of its parts, such "
                f"as 'loss.gamma_neg'. Got {key!r} instead."
            ) from None
        if node not in values:
            raise ValueError(
                f"The 'search_space' of the method {method.name!r} must contain its own value of {key!r}, "
                f"{node!r}. Got {list(values)} instead."
            )
        defaults[key] = node
    return {**space, LEARNING_RATE: LEARNING_RATE_FACTORS}, {**defaults, LEARNING_RATE: 1.0}


def run_name(run: Run) -> str:
    """Return the name of a run in progress bars and messages."""
    task, seed, trial = run
    return f"{task.data} {task.setting} {task.method}, seed {seed}, trial {trial}"


def _parts_name(run: Run) -> str:
    return f"{run.task.data} {run.task.setting}, seed {run.seed}: parts of the training set"
