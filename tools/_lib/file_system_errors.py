"""Sentences for a full disk or shared memory, and for files and folders that this process may not use."""

from __future__ import annotations

import argparse
import errno
import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from mmpretrain_imbalance.utils.printable import printable

NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NO_ACCESS = {errno.EACCES, errno.EPERM, errno.EROFS}
# Messages of torch about the memory through which data loader processes pass batches.
_SHARED_MEMORY = re.compile(
    r"unable to (?:resize file|allocate shared memory)[^\n]*: (?P<reason>[^\n:]+) \((?P<number>\d+)\)"
    r"|killed by signal: (?P<signal>Bus error)"
)


def file_system_message(error: BaseException) -> str | None:
    """Return a sentence for an error of the file system, or None for any other error.

    Args:
        error: The error; ``torch.save`` raises a RuntimeError on a full disk, during an OSError.
    """
    if isinstance(error, RuntimeError) and (message := _shared_memory_message(str(error))):
        return message
    if isinstance(error, RuntimeError) and isinstance(error.__context__, OSError):
        error = error.__context__
    if not isinstance(error, OSError):
        return None
    name = "" if error.filename is None else f" {str(error.filename)!r}"
    if error.errno in NO_SPACE:
        return (
            f"The disk must have space for the files of this command. Got {error.strerror!r} instead"
            f"{name and ' for'}{name}. Free some disk space, or choose another folder, and call the command "
            "again."
        )
    if error.errno in _NO_ACCESS:
        return (
            f"The file or folder{name} must be accessible to this process. Got {error.strerror!r} instead. "
            "Change its permissions, or choose another one."
        )
    return None


def _shared_memory_message(text: str) -> str | None:
    found = _SHARED_MEMORY.search(text)
    if found is None or not (found["signal"] or int(found["number"]) in NO_SPACE):
        return None
    return (
        "The shared memory must have space for the batches of the data loader processes. Got "
        f"{found['signal'] or found['reason']!r} instead. Give the container or the machine a larger "
        "/dev/shm (docker run --shm-size), or set fewer num_workers or a smaller batch_size of the "
        "dataloader; num_workers=0 needs none."
    )


def error_text(error: BaseException) -> str:
    """Return the sentence for an error of the file system, or the text of any other error, as printable."""
    return printable(file_system_message(error) or str(error))


@contextmanager
def explain_file_system_errors(parser: argparse.ArgumentParser) -> Iterator[None]:
    """End the program with the sentence and exit status 1 after an error of the file system.

    Args:
        parser: Parser of the command line.
    """
    try:
        yield
    except (OSError, RuntimeError) as error:
        message = file_system_message(error)
        if message is None:
            raise
        parser.exit(1, printable(f"{parser.prog}: error: {message}\n"))


@contextmanager
def log_without_tracebacks() -> Iterator[None]:
    """Leave out lines of a log file that cannot be written, such as on a full disk.

    Python's logging would print a traceback for each line. The error that ends the command has a message of
    its own.
    """
    handle = logging.Handler.handleError

    def handle_error(handler: logging.Handler, record: logging.LogRecord) -> None:
        if not isinstance(sys.exc_info()[1], OSError):
            handle(handler, record)

    logging.Handler.handleError = handle_error  # type: ignore[method-assign]
    try:
        yield
    finally:
        logging.Handler.handleError = handle  # type: ignore[method-assign]
