"""Atomic writing of files, and formatting of CSV lines."""

from __future__ import annotations

import contextlib
import csv
import io
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from .unfinished import unfinished


@contextlib.contextmanager
def atomic_write(path: str | os.PathLike[str], mode: str = "w") -> Iterator[IO[Any]]:
    """Open a temporary file for writing, which replaces ``path`` after it has been written completely.

    If the process is killed, or the disk is full, the earlier file does not change. A missing folder is
    created. What a killed process has left is removed by the next call, see ``unfinished``.

    Args:
        path: The file to write or to replace.
        mode: ``'w'`` for UTF-8 text, ``'wb'`` for bytes.

    Yields:
        The open temporary file, in the folder of ``path``.

    Raises:
        OSError: If the folder or file cannot be written; ``path`` is then unchanged. The error has its name.

    Example:
        >>> import tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> with atomic_write(Path(folder.name) / "prior.json") as file:
        ...     _ = file.write("{}")
        >>> (Path(folder.name) / "prior.json").read_text()
        '{}'
        >>> folder.cleanup()
    """
    path = Path(path)
    try:
        with unfinished(path) as temporary:
            with open(temporary, mode, encoding=None if "b" in mode else "utf-8") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            # The temporary file can be read by its owner only; set the permissions of open().
            umask = os.umask(0)
            os.umask(umask)
            os.chmod(temporary, 0o666 & ~umask)
            os.replace(temporary, path)
    except OSError as error:
        if error.filename is None:  # an error while writing, such as on a full disk
            error.filename = str(path)
        raise


def csv_line(cells: Iterable[object]) -> str:
    r"""Format a row of a CSV file, with quotes around the cells that need them.

    If a cell contains a carriage return, all cells are quoted: Python's writer would not quote it with lines
    that end with ``\n``, and its reader would then split the row.

    Args:
        cells: The cells of the row.

    Returns:
        The line, including the line break.

    Example:
        >>> csv_line(["a.jpg", "cat, small", 0.5])
        'a.jpg,"cat, small",0.5\n'
        >>> csv_line(["a\rb.jpg", 0.5])
        '"a\rb.jpg","0.5"\n'
    """
    cells = list(cells)
    has_return = any("\r" in str(cell) for cell in cells)
    text = io.StringIO()
    csv.writer(
        text, lineterminator="\n", quoting=csv.QUOTE_ALL if has_return else csv.QUOTE_MINIMAL
    ).writerow(cells)
    return text.getvalue()
