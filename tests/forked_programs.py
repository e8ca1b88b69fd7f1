"""Programs in forks of a new Python that has imported only what the caller names.

They take less time than one new Python each. tests/processes.py has imported the packages of this repository,
which a test of the imports or of the first printed line must not have.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
#: Packages that MMPretrain imports, without those of OpenMMLab: two thirds of the time of its import.
BEFORE_MMPRETRAIN = "import torch, torchvision, torch.distributed.optim"

_FORKS = """
import json, os, sys, traceback
imports, programs, folder = json.loads(sys.stdin.read())
exec(imports)
for number, (program, arguments) in enumerate(programs):
    if child := os.fork():
        os.waitpid(child, 0)
        continue
    for stream in (1, 2):
        os.dup2(os.open(f"{folder}/{number}.{stream}", os.O_WRONLY | os.O_CREAT), stream)
    status = 1
    try:
        sys.argv[1:] = arguments
        exec(program, {"__name__": "__main__"})
        status = 0
    except SystemExit as ended:
        status = ended.code or 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        with open(f"{folder}/{number}.status", "w") as file:
            json.dump(status, file)
        os._exit(0)
"""


def run_forked(imports: str, programs: list[tuple[str, list[str]]]) -> list[tuple[int, str, str]]:
    """Run each program with its arguments, and return its exit status, output and error output."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-c", _FORKS],
            input=json.dumps([imports, programs, folder]),
            cwd=ROOT,
            env=dict(os.environ, PYTHONPATH=str(ROOT), OMP_NUM_THREADS="1"),
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        return [
            (
                json.loads(Path(folder, f"{number}.status").read_text()),
                *(Path(folder, f"{number}.{stream}").read_text() for stream in (1, 2)),
            )
            for number in range(len(programs))
        ]
