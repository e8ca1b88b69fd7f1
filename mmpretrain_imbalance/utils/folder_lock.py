"""Lock on a folder that only one process writes."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

LOCK_FILE = ".lock"
_held: set[IO[str]] = set()


@contextlib.contextmanager
def folder_lock(folder: str | os.PathLike[str], timeout: float = 0.0) -> Iterator[None]:
    """Hold an exclusive lock on a folder, so that two processes do not write the same files.

    The lock is that of the operating system on the file ``.lock`` in the folder. It ends with its process,
    also if the process is killed and others that it has forked still run; the file remains. On systems and
    file systems without such locks, nothing is locked.

    Args:
        folder: The folder; a missing one is created.
        timeout: Seconds to wait for another process that holds the lock.

    Raises:
        TimeoutError: If another process holds the lock for longer than ``timeout`` seconds.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with folder_lock(folder):
        ...         pass
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    if fcntl is None:
        yield
        return
    # "a+" does not empty the file, which names the process that holds the lock.
    with open(folder / LOCK_FILE, "a+", encoding="utf-8") as file:
        deadline = time.monotonic() + timeout
        while not _is_locked(file.fileno()):
            if time.monotonic() >= deadline:
                file.seek(0)
                holder = file.read().strip() or "unknown"
                raise TimeoutError(
                    f"The folder {str(folder)!r} must not be in use by another process. Got a folder that "
                    f"process {holder} uses instead. Wait until that process has ended, end it, or choose "
                    "another folder."
                )
            time.sleep(min(0.1, max(deadline - time.monotonic(), 0.001)))
        file.truncate(0)
        file.write(f"{os.getpid()} on {socket.gethostname()}\n")
        file.flush()
        # Closing the file ends the lock.
        _held.add(file)
        try:
            yield
        finally:
            _held.discard(file)


def _is_locked(descriptor: int) -> bool:
    """Lock a file unless another process has locked it, and return whether this process may continue."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True


def _close_in_child() -> None:
    """Close the files of the locks in a forked process, which would hold them longer than their owner."""
    for file in _held:
        file.close()
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_in_child)
