"""Several runs of shipped configs at a time, one core each, under progress bars."""

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
    """A method in a setting with a seed.

    Args:
        setting: Name of the data.
        method: Name of the method.
        seed: Of the images, the hidden labels, the weights and the order of the images.
        config: Path of the config below configs/.
        prior_from: The method of the same setting and seed that estimates the class prior this one needs.
        options: What is set in the config beside that, by its dotted name.
    """

    setting: str
    method: str
    seed: int
    config: str
    prior_from: str | None = None
    options: dict = field(default_factory=dict, compare=False)

    def work_dir(self, root: Path, method: str | None = None) -> Path:
        """Where the run, or the one of another method beside it, leaves its files."""
        return root / f"seed_{self.seed}" / f"{self.setting}_{method or self.method}"


def train_all(
    runs: Sequence[MethodRun],
    root: Path,
    jobs: int,
    finished: Callable[[MethodRun, dict], None] = lambda run, result: None,
) -> dict[MethodRun, dict]:
    """Train every run; one whose prior another estimates waits for it.

    Args:
        runs: What to train.
        root: Folder of all work folders.
        jobs: Runs at a time.
        finished: Called with each run that is done and its result.

    Returns:
        What :func:`demo_training.train_method` gives, of each run.
    """
    from _lib.demo_training import (
        train_method,  # here: it imports torch, and the options name runs without it
    )

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
    """Tell the process with the progress bars how far a run is."""
    epochs[run] = epoch
