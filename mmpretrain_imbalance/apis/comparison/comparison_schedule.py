"""Order of the jobs of a comparison, from its files, so that every call continues the last one."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ...utils.files import atomic_write
from .compared_method import ComparedMethod
from .comparison_plan import ComparisonPlan, Run, Task
from .data_parts import DataParts, read_data_parts
from .insert_method import has_class_prior
from .run_job import FAILURE_FILE, PRIOR_FILE, SCORE_FILE, prepare_parts, train_and_score
from .runs.run_jobs import Job
from .shared_training import shared_trainings
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
        self._folders: dict[str, Path] = {}  # of the jobs that were returned, by their name
        self._suggested: dict[Task, list[dict[str, Any]]] = {}
        self._parts: dict[tuple[str, str, int], DataParts] = {}
        self._shared = shared_trainings(plan.methods)
        self._required = {name for method in plan.methods.values() for name in method.requires.values()}

    # ------------------------------------------------------------------ jobs
    def ready(self) -> list[Job]:
        """Return the jobs that can start now and were not returned before."""
        jobs = []
        for task in self.plan.tasks():
            for run in self.runs(task):
                if self._is_selected(run) and not self.is_complete(run) and not self._has_failed(run):
                    jobs += self._jobs_of_run(run)
        new = {job.name: (job, folder) for job, folder in jobs if job.name not in self._folders}
        self._folders.update({name: folder for name, (_, folder) in new.items()})
        return [job for job, _ in new.values()]

    def fail(self, name: str, message: str) -> None:
        """Record that a job has failed, also for the calls that follow.

        Args:
            name: Name of the job.
            message: The reason; its first line is kept, with paths in the work folder relative to it.
        """
        reason = message.splitlines()[0].replace(f"{self.plan.work_dir}{os.sep}", "")
        self.failures[name] = reason
        with atomic_write(self._folders[name] / FAILURE_FILE) as file:
            file.write(reason)

    def forget_failures(self) -> None:
        """Delete the reasons that earlier calls have recorded, so that the failed jobs are tried again.

        With ``'tpe'``, a failed trial stays failed if the next one has started, whose values depend on it.
        """
        for run in self._all_runs():
            following = self.plan.run_folder(run._replace(trial=run.trial + 1))
            if self.search != "tpe" or run.seed > 0 or not following.exists():
                for folder in self._folders_of(run):
                    (folder / FAILURE_FILE).unlink(missing_ok=True)

    def reason(self, task: Task, seed: int) -> str:
        """Return the reason why the run of a seed is not complete."""
        required = self.plan.methods[task.method].requires.values()
        for needed in (task, *(task._replace(method=name) for name in required)):
            chosen = self.chosen_trial(needed)
            trials = range(self.num_trials(needed))
            runs = [Run(needed, 0, trial) for trial in trials] if chosen is None else []
            for run in [*runs, Run(needed, seed, chosen or 0)]:
                for folder in self._folders_of(run):
                    if (folder / FAILURE_FILE).exists():
                        return (folder / FAILURE_FILE).read_text(encoding="utf-8")
        return "not finished"

    def total_steps(self) -> int:
        """Return the number of epochs of all runs that are not finished, and of missing parts of data."""
        runs = [run for run in self._all_runs() if not self.is_complete(run) and not self._has_failed(run)]
        parts = {self._folders_of(run)[0] for run in runs if self.parts(run.task, run.seed) is None}
        return len(parts) + sum(self.epochs[run.task.data] for run in runs)

    def _jobs_of_run(self, run: Run) -> list[tuple[Job, Path]]:
        """Return the job that a run needs next, with its folder; none if the run waits for another one."""
        task, plan = run.task, self.plan
        setting = plan.settings[task.setting]
        parts_folder, folder = self._folders_of(run)
        parts = self.parts(task, run.seed)
        arguments: tuple[Any, ...]
        if parts is None:
            name = f"{task.data} {task.setting}, seed {run.seed}: parts of the training set"
            arguments = (
                self.bases[task.data], setting, run.seed, parts_folder, self.val_fraction, self.num_folds
            )  # fmt: skip
            log = parts_folder / "output.txt"
            return [(Job(name, prepare_parts, arguments, steps=1, log=log), parts_folder)]
        method, prior = plan.methods[task.method], None
        if "class_prior" in method.requires and has_class_prior(parts.figures):
            required = self._chosen_run(task._replace(method=method.requires["class_prior"]), run.seed)
            if required is None or not self.is_complete(required):
                return []
            prior = plan.run_folder(required) / PRIOR_FILE
        trained = self._shared_run(run)
        if trained is not None and not self.is_complete(trained):
            return []
        changes = self.trials(task)[run.trial]
        arguments = (
            self.bases[task.data], method, setting, run.seed, changes, parts_folder, prior,
            task.method in self._required, folder, plan.run_folder(trained) if trained else None,
        )  # fmt: skip
        epochs = self.epochs[task.data]
        return [(Job(run_name(run), train_and_score, arguments, epochs, folder / "output.txt"), folder)]

    def _shared_run(self, run: Run) -> Run | None:
        """Return the run whose training this one continues; None if it trains by itself."""
        if run.task.method not in self._shared:
            return None
        task = run.task._replace(method=self._shared[run.task.method])
        changes = self.trials(run.task)[run.trial]
        for known in self.runs(task):
            if known.seed == run.seed and self.trials(task)[known.trial] == changes:
                is_trained = self.is_complete(known) or self._is_selected(known)
                return known if is_trained and not self._has_failed(known) else None
        return None

    def _folders_of(self, run: Run) -> tuple[Path, Path]:
        """Return the folder of the parts of the training set, and that of the run."""
        task = run.task
        return self.plan.parts_folder(task.data, task.setting, run.seed), self.plan.run_folder(run)

    def _all_runs(self) -> Iterator[Run]:
        """Yield the selected runs, also those of trials that are not known yet."""
        for task in self.plan.tasks():
            chosen = self.chosen_trial(task)
            runs = [Run(task, 0, trial) for trial in range(self.num_trials(task))]
            runs += [Run(task, seed, chosen or 0) for seed in range(1, self.plan.num_seeds)]
            yield from filter(self._is_selected, runs)

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
        known = self._suggested.setdefault(task, [{}])
        while len(known) < self.plan.num_trials:
            scores = [self._score(Run(task, 0, trial)) for trial in range(len(known))]
            finished = [(values, score) for values, score in zip(known, scores) if score is not None]
            if len(finished) < len(known):
                break
            known.append(suggest_values(space, defaults, finished, task.method))
        return known

    def chosen_trial(self, task: Task) -> int | None:
        """Return the first trial with the best score; None if a trial is missing or all of them failed."""
        runs = [Run(task, 0, trial) for trial in range(self.num_trials(task))]
        if len(runs) == 1:
            return 0  # without a choice, the seeds do not wait for each other
        scores = [self._score(run) for run in runs]
        numbers = [score for score in scores if score is not None]
        if len(numbers) < len(runs) or all(self._has_failed(run) for run in runs):
            return None
        return numbers.index(max(numbers))

    def _chosen_run(self, task: Task, seed: int) -> Run | None:
        trial = self.chosen_trial(task)
        return None if trial is None else Run(task, seed, trial)

    def _has_failed(self, run: Run) -> bool:
        return (self.plan.run_folder(run) / FAILURE_FILE).exists()

    def _score(self, run: Run) -> float | None:
        """Return the score of a run: -inf if it failed or cannot be measured, None if it is not complete."""
        if self._has_failed(run):
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
