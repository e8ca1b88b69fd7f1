"""Temporary files and folders beside their final path, which do not outlive a killed process for long."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

# The name of the final path, shortened for the length limit of file systems, and eight random characters.
_NAME = re.compile(r"\.(?P<target>.{1,32})\.[a-z0-9_]{8}\.part", re.DOTALL)


@contextlib.contextmanager
def unfinished(path: str | os.PathLike[str], is_folder: bool = False) -> Iterator[Path]:
    """Make an empty temporary file or folder beside a path, and remove it at the end unless it was renamed.

    A killed process cannot remove it. The first later call for the same path does so in each process, if no
    process holds it: an unfinished file or folder has a lock of the operating system, which ends with its
    process. On systems and file systems without such locks, it remains.

    Args:
        path: The path that the finished file or folder will have. A missing parent folder is created.
        is_folder: Whether to make a folder.

    Yields:
        The temporary path, which only the owner can read and write.

    Raises:
        OSError: If the parent folder cannot be written.

    Example:
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with unfinished(f"{folder}/labels", is_folder=True) as part:
        ...         _ = (part / "a.npy").write_bytes(b"x")
        ...         _ = part.rename(f"{folder}/labels")
        ...     os.listdir(folder)
        ['labels']
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(path)
    part, lock = _locked(path, is_folder)
    try:
        yield part
    finally:
        _remove(part)
        if lock is not None:
            os.close(lock)


def is_unfinished(path: Path) -> bool:
    """Return whether a path has the name of a temporary file or folder of :func:`unfinished`."""
    return _NAME.fullmatch(path.name) is not None


def _locked(path: Path, is_folder: bool) -> tuple[Path, int | None]:
    while True:
        prefix, suffix, folder = f".{path.name[:32]}.", ".part", str(path.parent)
        if is_folder:
            part = Path(tempfile.mkdtemp(suffix, prefix, folder))
        else:
            descriptor, file = tempfile.mkstemp(suffix, prefix, folder)
            os.close(descriptor)
            part = Path(file)
        if fcntl is None:
            return part, None
        lock = _lock(part)
        # Another process may have removed it before it was locked.
        if lock is not None:
            return part, lock


def _lock(part: Path) -> int | None:
    """Lock a file or folder, and return the descriptor; None if another process has locked or removed it."""
    try:
        lock = _open(part)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.stat(part), os.fstat(lock)):
            return lock
    except (BlockingIOError, FileNotFoundError):
        pass
    except OSError:  # a file system without locks
        return lock
    os.close(lock)
    return None


def _open(part: Path) -> int:
    # A file on a network must be open for writing to be locked. A folder cannot be.
    return os.open(part, os.O_RDONLY if part.is_dir() else os.O_RDWR)


def _remove_abandoned(path: Path) -> None:
    """Remove what killed processes have left of a path."""
    found = _earlier_parts(str(path.parent.absolute()))
    for part in found.pop(path.name[:32], ()):
        if fcntl is None:
            continue
        lock = None
        with contextlib.suppress(OSError):
            lock = _open(part)
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # raises if it is in use, or cannot be locked
            _remove(part)
        if lock is not None:
            os.close(lock)


@functools.lru_cache(maxsize=64)
def _earlier_parts(folder: str) -> dict[str, list[Path]]:
    """List the parts in a folder by target, once per process: a folder may have a million files."""
    found: dict[str, list[Path]] = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            if match := _NAME.fullmatch(entry.name):
                found.setdefault(match["target"], []).append(Path(entry.path))
    return found


def _remove(part: Path) -> None:
    if part.is_dir():
        shutil.rmtree(part, ignore_errors=True)
    else:
        with contextlib.suppress(FileNotFoundError):
            part.unlink()
