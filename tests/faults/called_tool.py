"""Call of a tool in a forked process, with a fault at one of its changes of the disk."""

from __future__ import annotations

import importlib
import os
import pickle
import runpy
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from .disk_changes import DiskChanges, Fault
from .forked import Ended, run_forked

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "tools"


def call_tool(command: Sequence[str], folder: Path, fault: Fault | None = None) -> Ended:
    """Call a tool in a folder, as a user does, with a fault at one of the changes in this folder.

    Args:
        command: Path of the tool below ``tools``, and its arguments.
        folder: Current folder of the process.
        fault: The fault, or None.
    """

    def run() -> None:
        if fault is not None:
            DiskChanges(folder, fault)
        run_tool(command, folder)

    return run_forked(run)


def count_changes(command: Sequence[str], folder: Path) -> tuple[int, Ended]:
    """Call a tool without a fault, and prepare this process for later calls.

    Returns:
        The number of changes of the disk in the folder, and the end of the process.
    """
    with tempfile.TemporaryFile() as file:

        def run() -> None:
            with handed_down(file, DiskChanges(folder)):
                run_tool(command, folder)

        process = run_forked(run)
        return take_over(file), process


@contextmanager
def handed_down(file: BinaryIO, changes: DiskChanges) -> Iterator[None]:
    """Write what this process imports and changes on the disk in the block into a file."""
    before = set(sys.modules)
    try:
        yield
    finally:
        pickle.dump((changes.count, sorted(set(sys.modules) - before)), file)
        file.flush()


def take_over(file: BinaryIO) -> int:
    """Import in this process what a forked one has imported, so that later forks need not do it.

    Returns:
        The number of changes of the disk of the other process; 0 if it has written nothing.
    """
    file.seek(0)
    try:
        count, names = pickle.load(file)
    except EOFError:
        return 0
    for name in names:
        if not name.startswith(("_lib", "__m")):  # tools import _lib from their own folder
            with suppress(Exception):
                importlib.import_module(name)
    return count


def run_tool(command: Sequence[str], folder: Path) -> None:
    """Run a tool in this process.

    Args:
        command: Path of the tool below ``tools``, and its arguments.
        folder: Current folder of the process.
    """
    os.fsync = lambda file: None  # a process that is killed loses nothing that it has written
    os.chdir(folder)
    tool = TOOLS / command[0]
    sys.argv = [str(tool), *command[1:]]
    sys.path.insert(0, str(tool.parent))
    runpy.run_path(str(tool), run_name="__main__")
