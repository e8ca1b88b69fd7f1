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


def test_machines_that_restart_meet_in_a_new_store(arguments_of) -> None:
    machines = dict(NNODES="2", MASTER_ADDR="10.0.0.1", MAX_RESTARTS="3")
    arguments = arguments_of("dist_train.sh", "a.py", "2", NODE_RANK="0", LOCAL_ADDR="10.0.0.7", **machines)
    common = {"--nnodes=2", "--rdzv_backend=c10d", "--rdzv_endpoint=10.0.0.1:29500", "--max_restarts=3"}
    assert common | {"--rdzv_conf=is_host=1", "--local_addr=10.0.0.7"} <= set(arguments)
    arguments = arguments_of("dist_train.sh", "a.py", "2", NODE_RANK="1", PORT="1234", **machines)
    assert {"--rdzv_conf=is_host=0", "--rdzv_endpoint=10.0.0.1:1234"} <= set(arguments)
    assert not any(argument.startswith(("--node_rank", "--local_addr")) for argument in arguments)
    assert "--max_restarts=0" in arguments_of("dist_train.sh", "a.py", "2")


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


def test_slurm_job_trains_in_the_allocation_of_sbatch(arguments_of) -> None:
    arguments = arguments_of(
        "slurm_job.sh", "config.py", "my work", "--amp", SLURM_JOB_ID="7", SLURM_CPUS_PER_TASK="3"
    )
    assert "--cpus-per-task=3" in arguments
    assert arguments[-7:] == [
        "tools/train.py",
        "config.py",
        "--work-dir=my work",
        "--launcher",
        "slurm",
        "--resume",
        "--amp",
    ]


SCRIPTS = ["dist_train.sh", "dist_test.sh", "slurm_job.sh", "slurm_train.sh", "slurm_test.sh"]


@pytest.mark.parametrize("script", SCRIPTS)
def test_too_few_arguments_show_the_usage(script: str) -> None:
    done = subprocess.run(
        ["bash", str(ROOT / "tools" / script), "a"], stderr=subprocess.PIPE, text=True, check=False
    )
    assert done.returncode == 2
    assert "Usage: " in done.stderr
