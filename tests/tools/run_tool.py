"""Call of a tool of this repository in a process of its own."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.processes import run_ranks

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "tools"


def run_tool(*command: str | Path, processes: int = 1, cwd: Path = ROOT) -> str:
    """Run a script in a process that has already imported the packages, and return its output.

    Several processes get the environment variables of torchrun.
    """
    with tempfile.TemporaryDirectory() as folder:
        codes = run_ranks(_run_script, processes, [str(word) for word in command], cwd, folder)
        output = "".join(path.read_text(errors="replace") for path in sorted(Path(folder).iterdir()))
    if any(codes):
        raise RuntimeError(f"{command} ended with exit status {codes}:\n{output}")
    return output


def run_tool_in_new_python(*command: str | Path, cwd: Path = ROOT) -> str:
    """Run a script in a new Python, as a user does, and return its output."""
    done = subprocess.run(
        [sys.executable, *map(str, command)],
        cwd=cwd,
        env=dict(os.environ, OMP_NUM_THREADS="1", PYTHONPATH=str(ROOT)),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    if done.returncode:
        raise RuntimeError(f"{command} ended with exit status {done.returncode}:\n{done.stdout}")
    return done.stdout


def _run_script(command: list[str], cwd: Path, folder: str) -> int:
    """Run a script with its output in a file, and return its exit status."""
    os.chdir(cwd)
    with open(Path(folder) / os.environ["RANK"], "w") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
        sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", buffering=1, closefd=False)
        sys.argv = command
        sys.path.insert(0, str(Path(command[0]).resolve().parent))
        try:
            runpy.run_path(command[0], run_name="__main__")
        except SystemExit as ended:
            if isinstance(ended.code, str):
                print(ended.code, file=sys.stderr)
                return 1
            return ended.code or 0
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
    return 0
