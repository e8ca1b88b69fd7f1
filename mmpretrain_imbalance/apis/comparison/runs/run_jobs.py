"""Parallel execution of jobs that depend on each other."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Sequence
from multiprocessing.connection import wait

from .job_process import Job, JobProcess
from .job_progress import JobProgress

__all__ = ["Job", "run_jobs"]

#: Seconds between two updates of the progress, if no job sends a message.
_INTERVAL = 0.5


def run_jobs(
    ready: Callable[[], Sequence[Job]],
    num_jobs: int,
    total_steps: int = 0,
    devices: Sequence[str] = ("cpu",),
    on_failed: Callable[[str, str], None] = lambda name, message: None,
) -> dict[str, str]:
    """Run jobs, each in a process of its own, until none is ready and none is running.

    A job that fails does not end the others. All processes end with this one, also if it is killed.

    Args:
        ready: Function that returns the jobs that can start now, each of them once. It is called at the start
            and after each job that ended.
        num_jobs: Number of simultaneous jobs.
        total_steps: Number of steps of all jobs, for the progress; 0 if it is not known.
        devices: 'cpu', or GPUs such as 'cuda:0'. The simultaneous jobs take them in turn, and each job sees
            only its own device, whose name there is 'cuda'.
        on_failed: Function that is called with the name and the error message of a job that failed, before
            ``ready`` is called again.

    Returns:
        The error message of each job that failed, by the name of the job.

    Raises:
        ValueError: If ``num_jobs`` is not positive, or a device has another name.
    """
    _check_arguments(num_jobs, devices)
    slots = {number: devices[number % len(devices)] for number in range(num_jobs)}
    waiting: deque[Job] = deque(ready())
    running: dict[int, JobProcess] = {}
    failed: dict[str, str] = {}
    with JobProgress(total_steps) as progress:
        try:
            while waiting or running:
                for slot in [slot for slot in slots if slot not in running]:
                    if waiting:
                        running[slot] = JobProcess(waiting.popleft(), slots[slot])
                        progress.start(running[slot].job)
                wait([item for process in running.values() for item in process.waitables()], _INTERVAL)
                for slot, process in list(running.items()):
                    has_ended = process.update()
                    progress.update(process.job, process.finished_steps)
                    if not has_ended:
                        continue
                    del running[slot]
                    progress.end(process.job, process.error)
                    if process.error is not None:
                        failed[process.job.name] = process.error
                        on_failed(process.job.name, process.error)
                    waiting.extend(ready())
        finally:
            for process in running.values():
                process.stop()
    return failed


def _check_arguments(num_jobs: int, devices: Sequence[str]) -> None:
    if num_jobs < 1:
        raise ValueError(
            f"The 'num_jobs' argument of run_jobs must be a positive integer. Got {num_jobs} instead."
        )
    wrong = [device for device in devices if not re.fullmatch(r"cpu|cuda(:\d+)?", device)]
    if wrong or not devices:
        raise ValueError(
            "The 'devices' argument of run_jobs must be names such as 'cpu', 'cuda' or 'cuda:1'. Got "
            f"{list(devices)} instead."
        )
