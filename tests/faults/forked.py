"""Processes that are forked from this one, which has imported the packages, and everything that they leave.

Linux only.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import multiprocessing
import os
import select
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

TIMEOUT = 180
_CONTEXT = multiprocessing.get_context("fork")
_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True)
class Ended:
    """The end of a process.

    Attributes:
        status: Its exit status, or minus the signal that ended it; None if it had to be killed after the time
            limit.
        output: What it has printed.
    """

    status: int | None
    output: str


class Forked:
    """A process that calls a function.

    Args:
        function: The function, whose return value is ignored. ``SystemExit`` sets the exit status.
    """

    def __init__(self, function: Callable[[], object]) -> None:
        adopt_orphans()
        # A limit on the size of files does not hold for a pipe.
        self._output, writing = os.pipe()
        self.process: BaseProcess = _CONTEXT.Process(target=_call, args=(function, writing))
        self.process.start()
        os.close(writing)

    def end(self, timeout: float = TIMEOUT) -> Ended:
        """Wait until the process ends. Processes that it has started may live on.

        Args:
            timeout: Seconds after which it is killed.
        """
        chunks, deadline = [], time.monotonic() + timeout
        ended = os.pidfd_open(self.process.pid)
        poll = select.poll()
        for descriptor in (ended, self._output):
            poll.register(descriptor, select.POLLIN)
        is_late = False
        while True:
            ready = [descriptor for descriptor, _ in poll.poll(max(0, deadline - time.monotonic()) * 1000)]
            if self._output in ready:
                chunks.append(os.read(self._output, 2**16))
                if not chunks[-1]:  # it has closed its output
                    poll.unregister(self._output)
            elif ended in ready:
                break
            elif not ready:
                is_late = True
                self.process.kill()
                deadline += timeout
        for descriptor in (ended, self._output):
            os.close(descriptor)
        self.process.join()
        return Ended(
            None if is_late else self.process.exitcode, b"".join(chunks).decode(errors="backslashreplace")
        )


def run_forked(function: Callable[[], object]) -> Ended:
    """Call a function in a process of its own, and wait for its end."""
    return Forked(function).end()


def adopt_orphans() -> None:
    """Become the parent of the processes that children of this one leave behind."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "This process cannot adopt the children of its children.")


def orphans(timeout: float = 30) -> list[str]:
    """Wait for the end of all children of this process, and return those that had to be killed.

    Args:
        timeout: Seconds to wait. Processes of a data loader notice after 5 seconds that their parent is gone.

    Returns:
        A description of each process that has not ended by itself.
    """
    deadline, killed = time.monotonic() + timeout, []
    while children := _children():
        if time.monotonic() > deadline:
            killed += [f"process {child}: {_command(child)}" for child in children]
            for child in children:
                os.kill(child, 9)
                os.waitpid(child, 0)
        for child in children:
            try:
                os.waitpid(child, os.WNOHANG)
            except ChildProcessError:
                continue  # it was killed above
        time.sleep(0.02)
    return killed


def _children() -> list[int]:
    found = []
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # this thread has just ended
            found += [int(child) for child in (task / "children").read_text().split()]
    return found


def _command(process: int) -> str:
    return Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")[:200]


def _call(function: Callable[[], object], output: int) -> None:
    gc.freeze()  # MMEngine collects garbage for each dataset: leave out what is imported
    for descriptor in (1, 2):
        os.dup2(output, descriptor)
    os.close(output)
    sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", buffering=1, closefd=False)
    function()
