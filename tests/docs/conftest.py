"""Fixture that builds the documentation site once for all processes of a test run."""

from __future__ import annotations

import fcntl
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.processes import run_ranks

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Site:
    """Folder of the built pages, and the output of Sphinx."""

    folder: Path
    output: str
    succeeded: bool

    def pages(self) -> list[Path]:
        return sorted(self.folder.rglob("*.html"))


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder, log, success = shared / "site", shared / "site.log", shared / "site.succeeded"
    with open(shared / "site.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # other processes wait for the build
        if not log.exists():
            makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
            options = re.search(r"-m sphinx (.*-W -n.*) build/docs/html", makefile)[1].split()
            # Half of the time is for pages of source code, and for methods in the contents of every page.
            options += ["-t", "for_tests", "-D", "toc_object_entries=0"]
            output = shared / "site.output"
            if run_ranks(_build, 1, [*options, str(folder)], output) == [0]:
                success.touch()
            output.rename(log)
    return Site(folder, log.read_text(encoding="utf-8"), success.exists())


def _build(options: list[str], output: Path) -> int:
    """Run Sphinx in the folder of the repository, with its output in a file, and return its exit status."""
    from sphinx.cmd.build import main

    os.chdir(ROOT)
    with open(output, "w", encoding="utf-8") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", buffering=1, closefd=False)
    try:
        return main(options)
    finally:
        sys.stdout.flush()
