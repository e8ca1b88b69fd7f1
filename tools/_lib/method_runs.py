"""Parallel training of shipped configs, one process per run, with progress bars."""

from __future__ import annotations

import functools
import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

EPOCHS = 20  # of configs/_base_/schedules/digits_20e.py


@dataclass(frozen=True)
class MethodRun:
    """One training run: a method in a setting with a seed.

    Args:
        setting: Name of the setting, which defines the training data.
        method: Name of the method.
        seed: Seed of the images, the hidden labels, the initial weights and the order of the images.
        config: Path of the config, relative to configs/.
        prior_from: Method whose run in the same setting and with the same seed estimates the class prior that
            this run needs; ``None`` if it needs no prior.
        options: Further settings of the config, by dotted key.
    """

    setting: str
    method: str
    seed: int
    config: str
    prior_from: str | None = None
    options: dict = field(default_factory=dict, compare=False)

    def work_dir(self, root: Path, method: str | None = None) -> Path:
        """Return the work folder of this run, or of another method with the same setting and seed."""
        return root / f"seed_{self.seed}" / f"{self.setting}_{method or self.method}"


def train_all(
    runs: Sequence[MethodRun],
    root: Path,
    jobs: int,
    finished: Callable[[MethodRun, dict], None] = lambda run, result: None,
) -> dict[MethodRun, dict]:
    """Train all runs. A run that needs a class prior starts after the run that estimates it.

    Args:
        runs: The runs.
        root: Folder that contains the work folders of all runs.
        jobs: Maximum number of simultaneous runs.
        finished: Function that is called with each finished run and its result.

    Returns:
        Result of ``train_method`` for each run.
    """
    # Imported here, because it imports torch and the options of a command need only MethodRun.
    from _lib.demo_training import train_method

    context = multiprocessing.get_context("spawn")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("epochs"))
    with (
        context.Manager() as manager,
        ProcessPoolExecutor(jobs, mp_context=context) as pool,
        Progress(*columns, TimeElapsedColumn()) as progress,
    ):
        epochs = manager.dict()
        total = progress.add_task("all runs", total=EPOCHS * len(runs))
        waiting = list(runs)
        pending = {(run.setting, run.method, run.seed) for run in runs}
        running: dict[MethodRun, Future] = {}
        bars, results = {}, {}
        while waiting or running:
            for run in list(waiting):
                if len(running) >= jobs:
                    break
                if (run.setting, run.prior_from, run.seed) in pending:
                    continue
                waiting.remove(run)
                prior = run.prior_from and str(run.work_dir(root, run.prior_from) / "class_prior.json")
                running[run] = pool.submit(
                    train_method,
                    run.config,
                    run.seed,
                    str(run.work_dir(root)),
                    prior,
                    functools.partial(report_epoch, epochs, run),
                    run.options,
                )
                bars[run] = progress.add_task(f"  {run.setting} {run.method}, seed {run.seed}", total=EPOCHS)
            for run, future in list(running.items()):
                progress.update(bars[run], completed=epochs.get(run, 0))
                if future.done():
                    results[run] = future.result()
                    finished(run, results[run])
                    pending.remove((run.setting, run.method, run.seed))
                    del running[run]
                    progress.remove_task(bars[run])
            progress.update(total, completed=sum(epochs.values()))
            wait(running.values(), timeout=0.2, return_when=FIRST_COMPLETED)
    return results


def report_epoch(epochs: dict, run: MethodRun, epoch: int) -> None:
    """Store the number of finished epochs of a run for the process that shows the progress bars."""
    epochs[run] = epoch
