"""Fixture that builds the documentation site once for all processes of a test run."""

from __future__ import annotations

import fcntl
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

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
            options += ["-t", "without_source_code", "-D", "toc_object_entries=0"]
            command = [sys.executable, "-m", "sphinx", *options, str(folder)]
            done = subprocess.run(
                command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600
            )
            if done.returncode == 0:
                success.touch()
            log.write_text(done.stdout, encoding="utf-8")
    return Site(folder, log.read_text(encoding="utf-8"), success.exists())
