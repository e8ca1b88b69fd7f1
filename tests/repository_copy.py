"""Copies of the repository, to which tests add the files of a documentation page."""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import mmengine.registry
import mmpretrain.registry
from mmpretrain.apis.model import ModelHub

from tests.processes import run_ranks

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
    """Run a script or ``-m module`` with the package of the copy, and return its output; it must succeed.

    The process is a fork of one that has imported all other packages.
    """
    path = copy.parent / f"{copy.name}.txt"
    (status,) = run_ranks(_run_with_copy, 1, copy, arguments, path)
    assert status == 0, path.read_text()[-5000:]
    return path.read_text()


def check_style(copy: Path, paths: list[str]) -> None:
    _run_program(copy, "ruff", "check", "--no-cache", *paths)
    _run_program(copy, "ruff", "format", "--no-cache", "--check", *paths)


def check_types(copy: Path, modules: list[str]) -> None:
    """Check annotations without the imported modules: in a second instead of half a minute."""
    options = "--follow-imports=skip --ignore-missing-imports --disallow-untyped-defs --check-untyped-defs"
    _run_program(copy, "mypy", "--config-file=", *options.split(), *modules)


def _run_program(copy: Path, *command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=copy,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout[-5000:]


def _run_with_copy(copy: Path, arguments: tuple[str, ...], output: Path) -> int:
    """Run a script or module with its output in a file, and return its exit status."""
    _forget_the_package()
    os.chdir(copy)
    sys.path[:] = [str(copy), *(entry for entry in sys.path if entry not in ("", str(ROOT)))]
    os.environ["PYTHONPATH"] = str(copy)
    with open(output, "w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", buffering=1, closefd=False)
    status = 0
    try:
        if arguments[0] == "-m":
            sys.argv = list(arguments[1:])
            runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
        else:
            sys.argv = list(arguments)
            sys.path.insert(0, str((copy / arguments[0]).parent))
            runpy.run_path(arguments[0], run_name="__main__")
    except SystemExit as ended:
        status = int(ended.code or 0)
    finally:
        sys.stdout.flush()
    assert Path(sys.modules["mmpretrain_imbalance"].__file__).is_relative_to(copy)
    return status


def _forget_the_package() -> None:
    """Undo the import of this repository: its modules, its registered classes and its models."""
    for module in (mmengine.registry, mmpretrain.registry):
        for registry in vars(module).values():
            for name, entry in list(getattr(registry, "_module_dict", {}).items()):
                if entry.__module__.startswith("mmpretrain_imbalance"):
                    del registry._module_dict[name]
    ModelHub._models_dict.clear()
    for name in list(sys.modules):
        if name.partition(".")[0] in ("mmpretrain_imbalance", "tests", "tools"):
            del sys.modules[name]
