"""A training on two machines waits for a machine that has left, and continues with it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys

import pytest
import torch

from mmpretrain_imbalance.utils.safe_checkpoints import load_weights_only
from tests.tools.run_tool import ROOT, TOOLS, run_tool

CONFIG = f"""
_base_ = ['{ROOT}/configs/partial_bce/digits-imbalanced_bce.py']
custom_imports = dict(
    imports=['mmpretrain_imbalance', 'tests.integration.lost_machine'], allow_failed_imports=False)
custom_hooks = [dict(type='LabelStatisticsHook'), dict(type='LoseMachine')]
model = dict(backbone=dict(channels=(4, 8)), head=dict(in_channels=8))
train_dataloader = dict(batch_size=16, dataset=dict(num_images=64))
val_dataloader = dict(dataset=dict(num_images=40))
train_cfg = dict(max_epochs=2, val_interval=2)
param_scheduler = dict(total_steps=2)
default_hooks = dict(checkpoint=dict(interval=1))
"""


@pytest.fixture
def start_machine(tmp_path):
    """Start torchrun of a machine with one process; all end with the test."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    processes: list[subprocess.Popen] = []

    def start(rank: int, **variables: str) -> subprocess.Popen:
        words = ["config.py", "1", "--resume", "--work-dir", "run"]
        environment = dict(
            os.environ,
            PYTHON=sys.executable,
            PYTHONPATH=str(ROOT),
            OMP_NUM_THREADS="1",
            CUDA_VISIBLE_DEVICES="",
            NNODES="2",
            NODE_RANK=str(rank),
            MASTER_ADDR="127.0.0.1",
            LOCAL_ADDR="127.0.0.1",
            PORT=str(port),
            MAX_RESTARTS="1",
            **variables,
        )
        with open(tmp_path / f"machine_{len(processes)}.log", "w") as log:
            process = subprocess.Popen(
                ["bash", str(TOOLS / "dist_train.sh"), *words],
                cwd=tmp_path,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.terminate()  # torchrun then ends its own processes
    for process in processes:
        process.wait(60)


@pytest.mark.long
def test_training_with_a_machine_that_comes_back_equals_an_unbroken_one(start_machine, tmp_path):
    (tmp_path / "config.py").write_text(CONFIG)
    staying, leaving = start_machine(0), start_machine(1, LOSE_THIS_MACHINE="yes")
    assert leaving.wait(300) == -signal.SIGKILL
    returning = start_machine(1)
    statuses = [staying.wait(300), returning.wait(60)]
    assert statuses == [0, 0], "".join(path.read_text() for path in sorted(tmp_path.glob("*.log")))
    assert "epoch_1.pth" in (tmp_path / "machine_2.log").read_text()

    options = ("--launcher", "pytorch", "--work-dir", "unbroken")
    run_tool(TOOLS / "train.py", "config.py", *options, processes=2, cwd=tmp_path)
    resumed, unbroken = (
        dict(load_weights_only(tmp_path / name / "epoch_2.pth")["state_dict"]) for name in ("run", "unbroken")
    )
    torch.testing.assert_close(resumed, unbroken, rtol=0, atol=0)
