"""Runs of the demo, their order, and the results of those that are finished."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from _lib.demo_training import CONFIGS, RESULT_FILE, train_method

import mmpretrain_imbalance
from mmpretrain_imbalance.apis.comparison.runs.run_jobs import Job

EPOCHS = 20  # of configs/_base_/schedules/digits_20e.py


@dataclass(frozen=True)
class DemoRun:
    """One training run: a method in a setting with a seed.

    Args:
        setting: Name of the setting, which defines the training data.
        method: Name of the method.
        seed: Seed of the images, the hidden labels, the initial weights and the order of the images.
        config: Path of the config, relative to configs/.
        prior_from: Method whose run in the same setting and with the same seed estimates the class prior that
            this run needs; ``None`` if it needs no prior.
    """

    setting: str
    method: str
    seed: int
    config: str
    prior_from: str | None = None

    def folder(self, root: Path, method: str | None = None) -> Path:
        """Return the work folder of this run, or of another method with the same setting and seed."""
        return root / f"seed_{self.seed}" / f"{self.setting}_{method or self.method}"


class DemoRuns:
    """Jobs that can start now, given the files of the finished runs.

    Args:
        runs: The runs.
        root: Folder that contains the work folders of all runs.
    """

    def __init__(self, runs: Sequence[DemoRun], root: Path) -> None:
        self.runs = list(runs)
        self.root = root
        self._code = code_digest()
        self._started: set[DemoRun] = set()

    def ready(self) -> list[Job]:
        """Return the jobs that can start now and were not returned before.

        A run that needs a class prior starts after the run that estimates it.
        """
        finished = {(run.setting, run.method, run.seed) for run in self.runs if self.result(run) is not None}
        jobs = []
        for run in self.runs:
            is_finished = (run.setting, run.method, run.seed) in finished
            has_prior = run.prior_from is None or (run.setting, run.prior_from, run.seed) in finished
            if run in self._started or is_finished or not has_prior:
                continue
            self._started.add(run)
            jobs.append(self._job(run))
        return jobs

    def result(self, run: DemoRun) -> dict | None:
        """Return the result of ``train_method``; ``None`` if no run of the same code has one."""
        path = run.folder(self.root) / RESULT_FILE
        if not path.is_file():
            return None
        result = json.loads(path.read_text(encoding="utf-8"))
        return result if result["code"] == self._code else None

    def unfinished(self) -> list[DemoRun]:
        """Return the runs that have no result."""
        return [run for run in self.runs if self.result(run) is None]

    def _job(self, run: DemoRun) -> Job:
        folder = run.folder(self.root)
        prior = run.prior_from and str(run.folder(self.root, run.prior_from) / "class_prior.json")
        name = f"{run.setting} {run.method}, seed {run.seed}"
        arguments = (run.config, run.seed, str(folder), prior, self._code)
        return Job(name, train_method, arguments, EPOCHS, folder / "output.txt")


def code_digest() -> str:
    """Compute a digest of the package, the configs and the training of the demo.

    The result of a run is used again only if it is that of the same code.
    """
    package = Path(mmpretrain_imbalance.__file__).parent
    files = [*package.rglob("*.py"), *CONFIGS.rglob("*.py"), CONFIGS.parent / "tools/_lib/demo_training.py"]
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.read_bytes())
    return digest.hexdigest()
