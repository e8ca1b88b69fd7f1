"""Call of a tool in a forked process, with a fault at one of its changes of the disk."""

from __future__ import annotations

import importlib
import os
import runpy
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

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
    """Call a tool without a fault, and import what it has imported into this process.

    Later calls then need not import it again.

    Returns:
        The number of changes of the disk in the folder, and the end of the process.
    """
    with tempfile.TemporaryFile("w+") as file:

        def run() -> None:
            before = set(sys.modules)
            changes = DiskChanges(folder)
            try:
                run_tool(command, folder)
            finally:
                file.write("\n".join([str(changes.count), *sorted(set(sys.modules) - before)]))
                file.flush()

        process = run_forked(run)
        file.seek(0)
        count, *names = file.read().split("\n")
    for name in names:
        if not name.startswith(("_lib", "__m")):  # tools import _lib from their own folder
            with suppress(Exception):
                importlib.import_module(name)
    return int(count or 0), process


def run_tool(command: Sequence[str], folder: Path) -> None:
    """Run a tool in this process.

    Args:
        command: Path of the tool below ``tools``, and its arguments.
        folder: Current folder of the process.
    """
    os.chdir(folder)
    tool = TOOLS / command[0]
    sys.argv = [str(tool), *command[1:]]
    sys.path.insert(0, str(tool.parent))
    runpy.run_path(str(tool), run_name="__main__")
