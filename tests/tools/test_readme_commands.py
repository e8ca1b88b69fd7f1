"""Runs of all commands of README.md, in their order, on less data."""

from __future__ import annotations

import re
import shlex

import pytest
from torch.distributed.run import parse_args

from tests.tools.run_tool import ROOT, run_tool

# tests/integration/test_own_data_path.py runs those of `my_project`, which need photographs.
COMMANDS = [
    line.split("   #")[0].strip()
    for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    if line.startswith(("python tools/", "torchrun ")) and "CONFIG" not in line and "my_project" not in line
]


def shortened(command: str) -> list[str]:
    """Return the command with fewer images and otherwise unchanged settings."""
    wrapped = "rps50" in command
    options = [
        f"train_dataloader.dataset.{'dataset.' if wrapped else ''}num_images=64",
        "val_dataloader.dataset.num_images=40",
        "test_dataloader.dataset.num_images=40",
        "train_cfg.val_interval=20",
    ]
    words = shlex.split(command)
    takes_options = not any(word.startswith("tools/analysis_tools/") for word in words)
    return [*words, *(["--cfg-options", *options] if takes_options else [])]


@pytest.mark.slow
def test_commands_of_the_readme_run(tmp_path):
    for folder in ("configs", "tools", "mmpretrain_imbalance"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    assert len(COMMANDS) >= 5
    for command in COMMANDS:
        program, *words = shortened(command)
        if program == "torchrun":
            started = parse_args(words)
            run_tool(
                started.training_script,
                *started.training_script_args,
                processes=int(started.nproc_per_node),
                cwd=tmp_path,
            )
        else:
            run_tool(*words, cwd=tmp_path)
    written = {path.parent.name for path in tmp_path.glob("work_dirs/*/epoch_20.pth")}
    named = {
        name
        for command in COMMANDS
        for name in re.findall(r"--work-dir work_dirs/([\w-]+)", command)
        or re.findall(r"configs/\w+/([\w-]+)\.py", command)
    }
    assert written == named
    assert (tmp_path / "work_dirs" / "digits-rps50_ignore" / "class_prior.json").is_file()
