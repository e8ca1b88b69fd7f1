"""Limits on reading a damaged file: time, memory, files outside of a folder, programs and networks."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from tests.faults.disk_changes import changed_paths
from tests.faults.rows import BrokenLawError

SECONDS = 10.0
MEGABYTES = 500

# Events of sys.addaudithook: of processes, and of networks.
_PROGRAMS = (
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.fork",
    "os.forkpty",
    "subprocess.Popen",
    "pty.spawn",
)
_NETWORK = ("socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo", "urllib.Request")

_watch: dict[str, Any] = {"folder": None, "found": None, "hooked": False}


class TooSlow(BaseException):
    """Raised by the alarm; not an Exception, so that no reader takes it for a damaged file."""


@contextmanager
def limits(folder: Path) -> Iterator[None]:
    """Raise ``BrokenLawError`` if the block takes too long or too much memory, or acts outside of a folder.

    Args:
        folder: The folder in which the block may write.
    """
    if not _watch["hooked"]:
        sys.addaudithook(_audit)  # hooks cannot be removed
        _watch["hooked"] = True
    before, hook = signal.signal(signal.SIGALRM, _alarm), sys.unraisablehook
    sys.unraisablehook = _unraisable
    memory = largest_memory_from_now()
    _watch.update(folder=os.path.join(os.path.realpath(folder), ""), found=None)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    except TooSlow:
        raise BrokenLawError(f"it took more than {SECONDS:g} seconds") from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        sys.unraisablehook = hook
        _watch["folder"] = None
    if _watch["found"]:
        raise BrokenLawError(_watch["found"])
    check_memory(memory)


def largest_memory_from_now() -> int:
    """Let the largest memory of this process begin with its present one, and return it in KiB."""
    Path("/proc/self/clear_refs").write_text("5")  # see proc(5): this resets the peak only
    return _largest_memory()


def check_memory(before: int) -> None:
    """Raise if the largest memory of the process has grown by more than ``MEGABYTES``.

    Args:
        before: The earlier largest memory in KiB.
    """
    grown = (_largest_memory() - before) // 1024
    if grown > MEGABYTES:
        raise BrokenLawError(f"it took {grown} MB of memory")


def _largest_memory() -> int:
    (line,) = re.findall(r"^VmHWM:\s*(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    return int(line)


def _alarm(number: int, frame: FrameType | None) -> None:
    raise TooSlow


def _unraisable(error: Any) -> None:
    """Note an error that Python prints and ignores, such as one of a function that a library calls."""
    _watch["found"] = f"it printed the traceback of {error.exc_value!r:.200}"


def _audit(event: str, arguments: tuple[Any, ...], watch: dict[str, Any] = _watch) -> None:
    # The argument lives on when Python ends and sets the names of modules to None.
    folder = watch["folder"]
    if folder is None:
        return
    if event in _PROGRAMS or event in _NETWORK:
        watch["found"] = f"it called {event} {arguments!r:.100}"
        return
    for path in changed_paths(event, arguments):
        is_inside = f"{path}{os.sep}".startswith(folder)
        if path and not is_inside and "__pycache__" not in path and path != os.devnull:
            watch["found"] = f"it changed {path} ({event})"
