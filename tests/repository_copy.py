"""Copies of the repository, to which tests add the files of a documentation page."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_FOLDERS = ("mmpretrain_imbalance", "tests", "configs", "tools", "docs")


def copy_repository(target: Path) -> Path:
    """Copy the folders of the repository and the files beside them.

    Compiled files are copied too: Python compiles a changed file again, and only those.
    """
    for folder in _FOLDERS:
        shutil.copytree(ROOT / folder, target / folder)
    for path in (*ROOT.glob("*.*"), ROOT / "LICENSE", ROOT / "Makefile"):
        if path.is_file():
            shutil.copy(path, target)
    return target


def run_in_copy(copy: Path, *arguments: str) -> str:
    """Run this Python with the package of the copy, and return its output; it must succeed."""
    process = subprocess.run(
        [sys.executable, *arguments],
        cwd=copy,
        env=dict(os.environ, PYTHONPATH=str(copy)),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
    )
    assert process.returncode == 0, process.stdout[-5000:]
    return process.stdout


def check_types(copy: Path, modules: list[str]) -> None:
    """Check annotations without the imported modules: in a second instead of half a minute."""
    options = "--follow-imports=skip --ignore-missing-imports --disallow-untyped-defs --check-untyped-defs"
    run_in_copy(copy, "-m", "mypy", "--config-file=", *options.split(), *modules)
