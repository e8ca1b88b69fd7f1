"""Processes that torchrun starts again meet, although its store contains the addresses of the ended ones."""

from __future__ import annotations

import os
import sys
from datetime import timedelta

import pytest
import torch
from mmengine.config import Config
from torch.distributed import TCPStore

from tests.processes import run_ranks
from tests.tools.run_tool import TOOLS


def sum_over_ranks(port: int, restart: int) -> int:
    """Join the processes of a restart as tools/train.py does, and return the sum of 1 over all ranks."""
    os.environ.update(torchrun_variables(port, restart))
    sys.path.insert(0, str(TOOLS))
    from _lib.cpu_processes import join_cpu_processes
    from _lib.restarted_processes import meet_after_restart

    cfg = Config(dict(launcher="pytorch", env_cfg=dict(dist_cfg=dict(timeout=60))))
    meet_after_restart(cfg)
    join_cpu_processes(cfg)
    one = torch.ones(())
    torch.distributed.all_reduce(one)
    return int(one)


def torchrun_variables(port: int, restart: int, machines: int = 1) -> dict[str, str]:
    return dict(
        MASTER_PORT=str(port),
        GROUP_WORLD_SIZE=str(machines),
        TORCHELASTIC_USE_AGENT_STORE="True",
        TORCHELASTIC_MAX_RESTARTS="2",
        TORCHELASTIC_RESTART_COUNT=str(restart),
    )


def test_processes_meet_after_each_restart():
    store = TCPStore("127.0.0.1", 0, is_master=True, timeout=timedelta(seconds=60))
    for restart in range(3):
        assert run_ranks(sum_over_ranks, 2, store.port, restart) == [2, 2], restart


@pytest.fixture
def meet(command_line):
    return command_line.meet_after_restart


def test_several_machines_with_one_store_are_refused(meet, monkeypatch):
    for name, value in torchrun_variables(29500, restart=0, machines=2).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=r"'--max-restarts' argument of torchrun must be 0 .* Got 2"):
        meet(Config(dict(launcher="pytorch")))
    monkeypatch.setenv("TORCHELASTIC_USE_AGENT_STORE", "False")
    meet(Config(dict(launcher="pytorch")))


def test_other_launchers_are_left_alone(meet, monkeypatch):
    for name, value in torchrun_variables(29500, restart=1).items():
        monkeypatch.setenv(name, value)
    meet(Config(dict(launcher="slurm")))
    assert os.environ["MASTER_PORT"] == "29500"
