"""Process of one job: its environment, its messages, and its end with the process that started it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from ....utils.environment import environment_variables

#: Module that the server of processes imports once for all jobs.
PRELOADED = f"{__package__}.preloaded"
#: Filter of the warning of mmcv-lite that it has no compiled operators; no job needs them.
QUIET_IMPORT = "ignore:Fail to import:UserWarning:mmcv.cnn.bricks.transformer"


@dataclass(frozen=True)
class Job:
    """A function that runs in a process of its own.

    Attributes:
        name: Name in progress bars and messages.
        function: Function of a module. It is called with the arguments and ``on_step``, a function to call
            with the number of finished steps.
        arguments: Its first arguments.
        steps: Number of its steps.
        log: File to which the job appends what it prints and the traceback of its error; None discards the
            output.
    """

    name: str
    function: Callable[..., None]
    arguments: tuple[Any, ...]
    steps: int
    log: Path | None = None


class JobProcess:
    """Process that runs a job on a device.

    Attributes:
        finished_steps: Number of finished steps that the job has reported.
        error: Reason why the job failed; None if it has not.
    """

    def __init__(self, job: Job, device: str) -> None:
        self.job = job
        self.finished_steps = 0
        self.error: str | None = None
        variables = _variables(device)
        context = multiprocessing.get_context(_start_method(device))
        if context.get_start_method() == "forkserver":
            context.set_forkserver_preload([PRELOADED])
        self._receiver, sender = context.Pipe(duplex=False)
        # Not a daemon: those cannot start the processes of data loaders.
        self._process: BaseProcess = context.Process(  # type: ignore[attr-defined]
            target=_run, args=(job, variables, sender)
        )
        with environment_variables(variables):
            self._process.start()
        sender.close()

    def waitables(self) -> list[Any]:
        """Return what becomes ready when the job has sent a message or ended."""
        pipe = [] if self._receiver.closed else [self._receiver]
        return [*pipe, self._process.sentinel]

    def update(self) -> bool:
        """Read the messages of the job, and return whether it has ended."""
        # Checked first: a message that is sent before the end is read below.
        has_ended = not self._process.is_alive()
        try:
            while not self._receiver.closed and self._receiver.poll():
                kind, value = self._receiver.recv()
                if kind == "steps":
                    self.finished_steps = value
                else:
                    self.error = value
        except (EOFError, OSError):
            self._receiver.close()
        if has_ended:
            self._process.join()
            if self.error is None and self._process.exitcode != 0:
                self.error = _reason(self._process.exitcode)
        return has_ended

    def stop(self) -> None:
        """End the process."""
        if self._process.is_alive():
            self._process.terminate()
            self._process.join(5)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def _start_method(device: str) -> str:
    # A process that has used CUDA cannot be forked, and importing the packages may do so.
    can_fork = device == "cpu" and "forkserver" in multiprocessing.get_all_start_methods()
    return "forkserver" if can_fork else "spawn"


def _variables(device: str) -> dict[str, str]:
    """Return the environment of a process that sees one device and has one thread."""
    folder = str(Path(__file__).resolve().parents[4])  # the server must find this package
    paths = [folder, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    variables = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    visible = ""
    if device != "cpu":
        number = int(device.partition(":")[2] or 0)
        all_visible = os.environ.get("CUDA_VISIBLE_DEVICES")
        names = [str(number)] * (number + 1) if all_visible is None else all_visible.split(",")
        if number >= len(names):
            raise ValueError(
                "The 'devices' argument of run_jobs must be GPUs that this process sees. Got "
                f"{device!r} instead, but only {len(names)} visible in CUDA_VISIBLE_DEVICES={all_visible}."
            )
        visible = names[number]
    return {
        **variables,
        "CUDA_VISIBLE_DEVICES": visible,
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths)),
        "PYTHONWARNINGS": ",".join(filter(None, [os.environ.get("PYTHONWARNINGS"), QUIET_IMPORT])),
    }


def _reason(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        name = signal.Signals(-exit_code).name
        return f"The process was ended by the signal {name}" + (
            "; the memory of the machine may not suffice for so many simultaneous jobs."
            if name == "SIGKILL"
            else "."
        )
    return f"The process ended with exit code {exit_code}."


# ------------------------------------------------------------------ in the process of the job
def _run(job: Job, variables: dict[str, str], sender: Connection) -> None:
    os.environ.update(variables)
    # Ctrl-C also reaches this process; the process that started it decides what to do.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _redirect_output(job.log)
    if sys.platform == "linux":
        # As in tools/train.py. Processes of data loaders that a server starts would import everything again,
        # and outlive a killed job.
        multiprocessing.set_start_method("fork", force=True)
    import torch

    torch.set_num_threads(1)
    try:
        job.function(*job.arguments, lambda steps: sender.send(("steps", steps)))
    except BaseException as error:
        text = traceback.format_exc()
        print(text, file=sys.stderr, flush=True)
        last = traceback.format_exception_only(type(error), error)[-1].strip()
        detail = f"\n{text}" if job.log is None else f" (The traceback is in {job.log}.)"
        sender.send(("error", last + detail))


def _end_with_parent() -> None:
    """End this process when the process that started the jobs has ended, however it ended."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _redirect_output(log: Path | None) -> None:
    """Redirect what this process prints, so that it does not mix with the progress bars."""
    if log is not None:
        log.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(log or os.devnull, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    for number in (1, 2):
        os.dup2(descriptor, number)
    os.close(descriptor)
