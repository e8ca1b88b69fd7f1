"""Plan of a comparison: its runs, the order that they need, and the folders of their files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from .compared_method import ComparedMethod
from .compared_setting import ComparedSetting


class Task(NamedTuple):
    """What one method does in one setting of one data set.

    Attributes:
        data: Name of the data set, which is that of its base config.
        setting: Name of the setting.
        method: Name of the method.
    """

    data: str
    setting: str
    method: str


class Run(NamedTuple):
    """One training.

    Attributes:
        task: Data, setting and method.
        seed: Seed.
        trial: Number of the trial.
    """

    task: Task
    seed: int
    trial: int


@dataclass(frozen=True)
class ComparisonPlan:
    """All runs of a comparison.

    Attributes:
        work_dir: Folder for all files.
        data: Names of the data sets.
        settings: The settings by name.
        methods: The methods by name, and those that others require.
        num_seeds: Number of seeds.
        num_trials: Largest number of trials of a method.
    """

    work_dir: Path
    data: Sequence[str]
    settings: dict[str, ComparedSetting]
    methods: dict[str, ComparedMethod]
    num_seeds: int
    num_trials: int

    def tasks(self) -> Iterator[Task]:
        """Yield all tasks. A method comes after the methods that it requires."""
        ordered = sorted(self.methods, key=lambda name: bool(self.methods[name].requires))
        for data in self.data:
            for setting in self.settings:
                for method in ordered:
                    yield Task(data, setting, method)

    def parts_folder(self, data: str, setting: str, seed: int) -> Path:
        """Return the folder of the indices of the training, validation and test part."""
        return self.work_dir / "parts" / data / setting / f"seed_{seed}"

    def run_folder(self, run: Run) -> Path:
        """Return the folder of a run."""
        task, seed, trial = run
        return self.work_dir / "runs" / task.data / task.setting / task.method / f"seed_{seed}_trial_{trial}"

    def shard(self, index: int, count: int) -> set[tuple[Task, int]]:
        """Return the tasks and seeds of a shard.

        Runs that need each other are in one shard, so that shards never wait for each other: a method and
        those that require it, and all seeds if the first one chooses a trial for the others.

        Args:
            index: Number of the shard, from 1 to ``count``.
            count: Number of shards.

        Returns:
            The pairs of a task and a seed.
        """
        groups: dict[tuple[str, ...], set[tuple[Task, int]]] = {}
        roots = self._roots()
        for task in self.tasks():
            for seed in range(self.num_seeds):
                of_seed = "" if self.num_trials > 1 else str(seed)
                key = (task.data, task.setting, roots[task.method], of_seed)
                groups.setdefault(key, set()).add((task, seed))
        chosen = list(groups.values())[index - 1 :: count]
        return set().union(*chosen)

    def _roots(self) -> dict[str, str]:
        """Return one name for all methods that are connected by requirements, by the name of the method."""
        roots = {name: name for name in self.methods}
        for name, method in self.methods.items():
            for required in method.requires.values():
                joined = {roots[name], roots[required]}
                roots.update({other: min(joined) for other, root in roots.items() if root in joined})
        return roots
