"""Files that are written whole or not at all, and lines of CSV files."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO


@contextlib.contextmanager
def atomic_write(path: str | os.PathLike, mode: str = "w") -> Iterator[IO]:
    """Open a file for writing that replaces ``path`` only when everything was written.

    A process that is killed, or a disk that is full, leaves the earlier file as it was. The folder is made
    where it is missing.

    Args:
        path: The file to write or to replace.
        mode: ``'w'`` for UTF-8 text, ``'wb'`` for bytes.

    Yields:
        The open temporary file, in the folder of ``path``.

    Raises:
        OSError: If the folder or file cannot be written; ``path`` is then unchanged.

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
    path.parent.mkdir(parents=True, exist_ok=True)
    # Little of the name, so that a name of any length that the file may have is short enough here too.
    descriptor, beside = tempfile.mkstemp(prefix=f".{path.name[:32]}.", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(descriptor, mode, encoding=None if "b" in mode else "utf-8") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes files only their owner can read; give what open() would have given.
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(beside, 0o666 & ~umask)
        os.replace(beside, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(beside)
        raise


def csv_line(cells: Iterable[object]) -> str:
    r"""Write a row, with quotes wherever a cell needs them.

    Python's writer leaves a carriage return bare where lines end with ``\n``, and its reader then takes the
    cell for two rows.

    Args:
        cells: The cells.

    Returns:
        The line with its end.

    Example:
        >>> csv_line(["a.jpg", "cat, small", 0.5])
        'a.jpg,"cat, small",0.5\n'
        >>> csv_line(["a\rb.jpg", 0.5])
        '"a\rb.jpg","0.5"\n'
    """
    cells = list(cells)
    quoting = csv.QUOTE_ALL if any("\r" in str(cell) for cell in cells) else csv.QUOTE_MINIMAL
    text = io.StringIO()
    csv.writer(text, lineterminator="\n", quoting=quoting).writerow(cells)
    return text.getvalue()
