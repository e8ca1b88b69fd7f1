"""A data loader process ends also if its parent is killed before it watches the parent."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest
from mmengine.config import Config
from torch.utils.data import DataLoader

from mmpretrain_imbalance.datasets.config_datasets import evaluation_loader
from mmpretrain_imbalance.utils.worker_processes import end_without_parent
from tests.faults.forked import Forked, orphans
from tests.processes import run_ranks


def wait_for_the_end_of_the_parent(worker_id: int) -> None:
    parent = multiprocessing.parent_process().pid
    while os.getppid() == parent:
        time.sleep(0.01)


def start_late(worker_id: int) -> None:
    wait_for_the_end_of_the_parent(worker_id)
    end_without_parent(worker_id)


def left_processes(start, timeout: float) -> int:
    def killed() -> None:
        multiprocessing.set_start_method("fork", force=True)  # the processes of tests have a fork server
        batches = iter(DataLoader([1, 2, 3], num_workers=2, worker_init_fn=start))
        os.kill(os.getpid(), signal.SIGKILL)
        next(batches)

    assert Forked(killed).end().status == -signal.SIGKILL
    return len(orphans(timeout))


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux")
def test_processes_end_if_their_parent_was_killed_before_they_started() -> None:
    assert run_ranks(left_processes, 1, start_late, 60) == [0]
    # If this fails, PyTorch has repaired it, and the function is not needed anymore.
    assert run_ranks(left_processes, 1, wait_for_the_end_of_the_parent, 2) == [2]


def test_processes_with_a_parent_load_samples() -> None:
    loader = evaluation_loader(Config(dict(test_dataloader=dict(batch_size=2, num_workers=2))), [1, 2, 3])
    assert loader.worker_init_fn is end_without_parent
    assert [batch.tolist() for batch in loader] == [[1, 2], [3]]
    end_without_parent(0)
