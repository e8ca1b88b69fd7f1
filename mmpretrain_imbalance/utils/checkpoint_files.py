"""Checkpoint files that are complete: written as a whole, and checked when they are read."""

from __future__ import annotations

import errno
import os
import struct
import zipfile
import zlib
from pickle import UnpicklingError
from typing import Any

import torch

from .files import atomic_write
from .safe_checkpoints import load_weights_only

# What the zipfile module raises for damaged archives.
_ZIP_ERRORS = (
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)


def write_checkpoint(path: str | os.PathLike[str], content: Any) -> None:
    """Write a file with ``torch.save``, which replaces ``path`` after it has been written completely.

    Args:
        path: The file to write or to replace.
        content: What ``torch.save`` can write.

    Raises:
        OSError: If the file cannot be written, such as on a full disk, for which ``torch.save`` raises a
            RuntimeError; ``path`` is then unchanged.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_checkpoint(f"{folder}/weights.pth", {"step": 3})
        ...     read_complete_checkpoint(f"{folder}/weights.pth")
        {'step': 3}
    """
    with atomic_write(path, "wb") as file:
        try:
            torch.save(content, file)
        except RuntimeError as error:
            if isinstance(error.__context__, OSError):
                raise error.__context__ from error
            raise


def read_complete_checkpoint(path: str | os.PathLike[str]) -> Any:
    """Read a file of ``torch.save`` on the CPU like ``load_weights_only``, and compare its checksums.

    torch itself ignores the checksums: it loads a file with a changed byte, and returns other weights.

    Args:
        path: The file.

    Returns:
        The content of the file.

    Raises:
        UnpicklingError: If the file is damaged, or contains other types than ``load_weights_only`` allows.
        OSError: If the file cannot be read.
    """
    with open(path, "rb") as file:
        is_archive = file.read(2) == b"PK"  # files of torch before 1.6 are none
    if is_archive and not _has_correct_checksums(path):
        raise UnpicklingError(
            f"The checkpoint {os.fspath(path)!r} must have the content that was written. Got a damaged file "
            "instead."
        )
    return load_weights_only(path, map_location="cpu")


def _has_correct_checksums(path: str | os.PathLike[str]) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            # zipfile skips content before the archive, but torch reads from there.
            begin = min((item.header_offset for item in archive.infolist()), default=0)
            return begin == 0 and archive.testzip() is None
    except _ZIP_ERRORS:
        return False
    except OSError as error:
        if error.errno != errno.EINVAL:  # a place before the begin of the file
            raise
        return False
