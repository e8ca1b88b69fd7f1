"""Faults of a process at its n-th change of the disk: a kill, a kill within a write, or a full disk.

Linux only.
"""

from __future__ import annotations

import errno
import os
import random
import re
import resource
import signal
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.synchronize import SemLock
from pathlib import Path
from typing import Any

#: Events of Python's audit hooks that change names or content, with the positions of a path and its folder's
#: descriptor. Python raises them before the change.
_CHANGES: dict[str, list[tuple[int, int | None]]] = {
    "os.chmod": [(0, 2)],
    "os.link": [(1, 3)],
    "os.mkdir": [(0, 2)],
    "os.remove": [(0, 1)],
    "os.rename": [(0, 2), (1, 3)],  # also os.replace
    "os.rmdir": [(0, 1)],
    "os.symlink": [(1, 2)],
    "os.truncate": [(0, None)],
    "os.utime": [(0, 3)],
}
#: Kinds of faults that are full disks.
FULL = ("full", "nofiles")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


@dataclass(frozen=True)
class Fault:
    """A fault of a process, at one of its changes of the disk.

    Attributes:
        kind: 'kill' ends the process before the change. 'cut' ends it in the first write after this change
            that makes a file longer than ``num_bytes``, or before the next change. From this change on,
            'full' fails all writes that make a file longer than ``num_bytes``, and 'nofiles' new files, too.
            'lose' ends the second rank of a training before one of its steps.
        change: Number of the change, or of the step, from 1.
        num_bytes: See ``kind``.
    """

    kind: str
    change: int
    num_bytes: int = 0

    def __str__(self) -> str:
        return f"{self.kind}@{self.change}" + (f"+{self.num_bytes}" if self.num_bytes else "")

    @classmethod
    def parse(cls, text: str) -> Fault:
        """Read the text of a fault, such as ``kill@3`` or ``cut@3+100``."""
        match = re.fullmatch(r"(kill|cut|full|nofiles|lose)@([1-9]\d*)(?:\+(\d+))?", text)
        if match is None:
            raise ValueError(f"A fault must be KIND@CHANGE or KIND@CHANGE+BYTES. Got {text!r} instead.")
        return cls(match[1], int(match[2]), int(match[3] or 0))


def draw_faults(generator: random.Random, num_changes: int, repeated: float = 1 / 3) -> list[Fault]:
    """Draw the faults of consecutive calls: a full disk, or up to three kills.

    Args:
        generator: Source of the random numbers.
        num_changes: Number of changes of the disk of the unbroken command.
        repeated: Probability of a kill during the call after a kill.
    """
    if generator.random() < 1 / 4:
        kind = generator.choice(FULL)
        num_bytes = generator.choice((0, 0, 200, 5000)) if kind == "full" else 0
        return [Fault(kind, generator.randint(1, num_changes), num_bytes)]
    faults: list[Fault] = []
    while not faults or (len(faults) < 3 and generator.random() < repeated):
        change = generator.randint(1, num_changes)
        is_cut = generator.random() < 0.4
        faults.append(
            Fault("cut", change, int(10 ** generator.uniform(0, 5))) if is_cut else Fault("kill", change)
        )
    return faults


class DiskChanges:
    """Number of changes of the disk below a folder by this process, at one of which a fault happens.

    The fault comes before the change, whatever thread makes it. Writes into an open file are no changes of
    their own: 'cut' and 'full' reach them through the limit of the operating system on file sizes, which
    also holds for code that is not Python.

    Args:
        folder: The folder.
        fault: The fault; None to count only.
    """

    def __init__(self, folder: Path, fault: Fault | None = None) -> None:
        self.count = 0
        self._prefix, self._fault, self._process = f"{os.path.realpath(folder)}{os.sep}", fault, os.getpid()
        if fault is not None and fault.kind == "cut":
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # Python ignores it
        sys.addaudithook(self._audit)  # for the rest of the process
        os.register_at_fork(after_in_child=_remove_limit)
        SemLock.__init__ = _without_limit(SemLock.__init__)  # type: ignore[method-assign]

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        # Processes that this one forks inherit the hook, without a fault.
        paths = changed_paths(event, arguments) if os.getpid() == self._process else []
        if any(path.startswith(self._prefix) for path in paths):
            self.count += 1
            if self._fault is not None:
                self._apply(self._fault, event, paths[-1])

    def _apply(self, fault: Fault, event: str, path: str) -> None:
        if fault.kind in ("kill", "cut") and self.count == fault.change + (fault.kind == "cut"):
            os.kill(os.getpid(), signal.SIGKILL)
        if self.count == fault.change:
            _limit_file_size(fault.num_bytes)
        if fault.kind == "nofiles" and self.count >= fault.change:
            if event in ("open", "os.link", "os.mkdir", "os.symlink") and not os.path.lexists(path):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)


def _limit_file_size(num_bytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (num_bytes, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


def _remove_limit() -> None:
    _limit_file_size(resource.getrlimit(resource.RLIMIT_FSIZE)[1])


def _without_limit(function: Callable[..., None]) -> Callable[..., None]:
    def call(*arguments: Any, **options: Any) -> None:
        limit = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
        _remove_limit()
        try:
            function(*arguments, **options)
        finally:
            _limit_file_size(limit)

    return call


def changed_paths(event: str, arguments: tuple[Any, ...]) -> list[str]:
    """Return the real paths that an event of Python's audit hooks changes.

    Args:
        event: Name of the event.
        arguments: Its arguments.

    Returns:
        The paths; none for a file that is opened for reading, and for other events.
    """
    if event == "open":
        path, _, flags = arguments
        return [_real_path(path, None)] if flags & _WRITING else []
    return [
        _real_path(arguments[path], None if folder is None else arguments[folder])
        for path, folder in _CHANGES.get(event, ())
    ]


def _real_path(path: Any, folder: int | None) -> str:
    """Return an absolute path, with the links in its folder resolved. A file descriptor has none."""
    if isinstance(path, int):
        is_file = stat.S_ISREG(os.fstat(path).st_mode)
        return os.readlink(f"/proc/self/fd/{path}") if is_file else ""
    path = os.fsdecode(path)
    if folder is not None and folder >= 0:
        path = os.path.join(os.readlink(f"/proc/self/fd/{folder}"), path)
    return os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
