"""Arguments that the shell scripts pass on, including arguments with spaces."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.tools.run_tool import ROOT

OPTION = "model.head.loss.type=A B"


@pytest.fixture
def arguments_of(tmp_path: Path):
    """Run a script with a replacement of python and srun that prints its arguments, one per line."""

    def run(script: str, *arguments: str, **environment: str) -> list[str]:
        replacement = tmp_path / "srun"
        replacement.write_text("#!/usr/bin/env bash\nprintf '%s\\n' \"$@\"\n")
        replacement.chmod(0o755)
        done = subprocess.run(
            ["bash", str(ROOT / "tools" / script), *arguments],
            env={"PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHON": str(replacement), **environment},
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return done.stdout.splitlines()

    return run


def test_dist_train(arguments_of) -> None:
    arguments = arguments_of(
        "dist_train.sh", "my config.py", "4", "--cfg-options", OPTION, PORT="1234", NNODES="2"
    )
    assert {"--nproc_per_node=4", "--master_port=1234", "--nnodes=2"} <= set(arguments)
    assert arguments[-6:] == [
        str(ROOT / "tools" / "train.py"),
        "my config.py",
        "--launcher",
        "pytorch",
        "--cfg-options",
        OPTION,
    ]


@pytest.mark.parametrize(
    ("environment", "expected", "absent"),
    [
        ({}, {"--standalone"}, "--master_port"),
        ({"PORT": "1234"}, {"--master_port=1234", "--nnodes=1"}, "--standalone"),
        (
            {"NNODES": "2", "NODE_RANK": "1", "MASTER_ADDR": "10.0.0.1"},
            {"--master_port=29500", "--node_rank=1", "--master_addr=10.0.0.1"},
            "--standalone",
        ),
    ],
)
@pytest.mark.parametrize("command", [["dist_train.sh", "a.py", "2"], ["dist_test.sh", "a.py", "a.pth", "2"]])
def test_one_machine_takes_a_free_port(arguments_of, command, environment, expected, absent) -> None:
    arguments = arguments_of(*command, **environment)
    assert expected <= set(arguments)
    assert not any(argument.startswith(absent) for argument in arguments)


def test_dist_test(arguments_of) -> None:
    arguments = arguments_of("dist_test.sh", "config.py", "my checkpoint.pth", "2", "--tta")
    assert arguments[-6:] == [
        str(ROOT / "tools" / "test.py"),
        "config.py",
        "my checkpoint.pth",
        "--launcher",
        "pytorch",
        "--tta",
    ]


def test_slurm_train(arguments_of) -> None:
    arguments = arguments_of(
        "slurm_train.sh",
        "gpus",
        "my job",
        "config.py",
        "my work",
        "--amp",
        GPUS="2",
        GPUS_PER_NODE="1",
        SRUN_ARGS="-q a",
    )
    assert {"--partition=gpus", "--job-name=my job", "--ntasks=2", "--gres=gpu:1", "-q", "a"} <= set(
        arguments
    )
    assert arguments[-5:] == ["config.py", "--work-dir=my work", "--launcher", "slurm", "--amp"]


def test_slurm_test_on_the_cpu(arguments_of) -> None:
    arguments = arguments_of(
        "slurm_test.sh", "cpus", "job", "config.py", "a.pth", GPUS="3", GPUS_PER_NODE="0"
    )
    assert not any("gres" in argument for argument in arguments)
    assert arguments[-4:] == ["config.py", "a.pth", "--launcher", "slurm"]


@pytest.mark.parametrize("script", ["dist_train.sh", "dist_test.sh", "slurm_train.sh", "slurm_test.sh"])
def test_too_few_arguments_show_the_usage(script: str) -> None:
    done = subprocess.run(
        ["bash", str(ROOT / "tools" / script), "a"], stderr=subprocess.PIPE, text=True, check=False
    )
    assert done.returncode == 2
    assert "Usage: " in done.stderr
