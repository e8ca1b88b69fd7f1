"""Time of each training epoch of a run, kept over interruptions of the run."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from statistics import median
from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ....utils.files import atomic_write

EPOCH_TIMES = "epoch_times.json"


class EpochTimesHook(Hook):
    """Hook that writes the time of each epoch to ``epoch_times.json`` in the work directory.

    The time of an iteration includes loading the batch, and the time of an epoch is the sum over its
    iterations, without saving the checkpoint. On a GPU, the times are those of the GPU, read after the epoch,
    so that no iteration waits for the measurement. The times of earlier epochs stay in the file when a run is
    resumed; an epoch that is trained again replaces its earlier time.
    """

    # Before the checkpoint is saved: each epoch of a checkpoint then has a time.
    priority = "NORMAL"

    def __init__(self) -> None:
        self._marks: list[Any] = []
        self._is_first = True

    def before_train_epoch(self, runner: Runner) -> None:
        self._marks = [_now()]

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        self._marks.append(_now())

    def after_train_epoch(self, runner: Runner) -> None:
        seconds = _differences(self._marks)
        path = Path(runner.work_dir) / EPOCH_TIMES
        times = _read(path)
        times[str(runner.epoch + 1)] = {
            "iterations": len(seconds),
            "seconds": sum(seconds),
            "median": median(seconds) if seconds else 0.0,
            "first_of_process": self._is_first,
        }
        self._is_first = False
        with atomic_write(path) as file:
            json.dump(times, file, indent=1)


def run_times(folder: str | os.PathLike[str]) -> dict[str, float]:
    """Summarize the file of ``EpochTimesHook``.

    Args:
        folder: Work directory of the run.

    Returns:
        ``seconds_per_iteration``, the median over the epochs of their median iteration; ``iterations`` and
        ``seconds``, the sums over the epochs. The first epoch of each process, in which memory is allocated
        and kernels are chosen, counts for the median only if there is no other epoch.
    """
    epochs = list(_read(Path(folder) / EPOCH_TIMES).values())
    warm = [epoch for epoch in epochs if not epoch["first_of_process"]] or epochs
    return {
        "seconds_per_iteration": median(epoch["median"] for epoch in warm) if warm else 0.0,
        "iterations": sum(epoch["iterations"] for epoch in epochs),
        "seconds": sum(epoch["seconds"] for epoch in epochs),
    }


def copy_times(source: Path, folder: Path) -> None:
    """Copy the times of a training to the folder of a run that continues it."""
    with atomic_write(folder / EPOCH_TIMES) as file:
        json.dump(_read(source / EPOCH_TIMES), file, indent=1)


def _read(path: Path) -> dict[str, dict[str, Any]]:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _now() -> Any:
    if not torch.cuda.is_initialized():
        return time.perf_counter()
    event = torch.cuda.Event(enable_timing=True)
    event.record()
    return event


def _differences(marks: list[Any]) -> list[float]:
    """Return the seconds between consecutive marks."""
    if marks and isinstance(marks[0], float):
        return [after - before for before, after in zip(marks, marks[1:])]
    torch.cuda.synchronize()
    return [before.elapsed_time(after) / 1000 for before, after in zip(marks, marks[1:])]
