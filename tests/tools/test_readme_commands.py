"""Runs of all commands of README.md, in their order, on less data."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = [
    line.split("   #")[0].strip()
    for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    if line.startswith(("python tools/", "torchrun ")) and "CONFIG" not in line
]


def shortened(command: str) -> list[str]:
    """Return the command with fewer images and otherwise unchanged settings."""
    words = shlex.split(command)
    wrapped = "rps50" in command
    options = [
        f"train_dataloader.dataset.{'dataset.' if wrapped else ''}num_images=64",
        "val_dataloader.dataset.num_images=40",
        "test_dataloader.dataset.num_images=40",
        "train_cfg.val_interval=20",
    ]
    launcher = [] if words[0] == "python" else ["-m", "torch.distributed.run"]
    takes_options = not any(word.startswith("tools/analysis_tools/") for word in words)
    return [sys.executable, *launcher, *words[1:], *(["--cfg-options", *options] if takes_options else [])]


@pytest.mark.slow
def test_commands_of_the_readme_run(tmp_path):
    for folder in ("configs", "tools", "mmpretrain_imbalance"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    environment = dict(os.environ, PYTHONPATH=str(ROOT), OMP_NUM_THREADS="1", PYTHONWARNINGS="ignore")
    assert len(COMMANDS) >= 5
    for command in COMMANDS:
        done = subprocess.run(
            shortened(command), cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600
        )
        assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
    written = {path.parent.name for path in tmp_path.glob("work_dirs/*/epoch_20.pth")}
    named = {name for command in COMMANDS for name in re.findall(r"configs/\w+/([\w-]+)\.py", command)}
    assert written == named
    assert (tmp_path / "work_dirs" / "digits-rps50_ignore" / "class_prior.json").is_file()
