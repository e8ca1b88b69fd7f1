"""A run that a signal stops ends with a checkpoint, and equals an unbroken run after its resume."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
import torch
from mmengine.hooks import Hook

from mmpretrain_imbalance.hooks import StopOnSignalHook
from mmpretrain_imbalance.utils.safe_checkpoints import load_weights_only
from tests.integration.small_runs import persistent_state, rank_runner, small_config, train
from tests.processes import run_ranks


class SendSignal(Hook):
    """Hook that sends a signal to this process and its children during an iteration, as Slurm does."""

    def __init__(self, number: int, iteration: int) -> None:
        self.number, self.iteration = number, iteration

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.iter + 1 == self.iteration:
            # Sent by another process: a worker ends if its own parent tells it so.
            processes = [os.getpid(), *(child.pid for child in multiprocessing.active_children())]
            subprocess.run(["kill", f"-{int(self.number)}", *map(str, processes)], check=True)


class Validations(Hook):
    """Hook that records after which epochs the model was validated."""

    def __init__(self) -> None:
        self.epochs = []

    def after_val_epoch(self, runner, metrics=None):
        self.epochs.append(runner.epoch)


def epoch_config(work_dir: Path, epochs: int = 4, num_workers: int = 0, resume: bool = False):
    """A run of 3 iterations per epoch, which saves no checkpoint before its last epoch."""
    cfg = small_config(work_dir, epochs)
    cfg.experiment_name += f"_{resume}"
    cfg.default_hooks.checkpoint = dict(type="CheckpointHook", interval=100)
    cfg.custom_hooks.append(dict(type="StopOnSignalHook"))
    cfg.train_dataloader.update(num_workers=num_workers, persistent_workers=num_workers > 0)
    cfg.train_cfg.val_interval = 2
    cfg.resume = resume
    return cfg


def iteration_config(work_dir: Path, resume: bool = False):
    """A run of 12 iterations with statistics every 3 iterations."""
    cfg = small_config(work_dir, interval=3)
    cfg.experiment_name += f"_{resume}"
    cfg.default_hooks.checkpoint = dict(type="CheckpointHook", interval=999, by_epoch=False)
    cfg.custom_hooks.append(dict(type="StopOnSignalHook"))
    cfg.train_cfg = dict(by_epoch=False, max_iters=12, val_interval=100)
    cfg.param_scheduler = None
    cfg.train_dataloader.sampler = dict(type="InfiniteSampler", shuffle=True)
    cfg.resume = resume
    return cfg


def exit_status(cfg, *hooks: Hook) -> int:
    with pytest.raises(SystemExit) as ended:
        train(cfg, *hooks)
    return ended.value.code


def checkpoints(work_dir: Path) -> list[str]:
    return sorted(path.name for path in work_dir.glob("*.pth"))


@pytest.fixture(autouse=True)
def handlers_are_restored():
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGUSR1)}
    yield
    assert {number: signal.getsignal(number) for number in before} == before


def test_epoch_of_the_signal_is_finished_and_saved(tmp_path):
    whole = persistent_state(train(epoch_config(tmp_path / "whole")))
    validations = Validations()
    # In the second epoch, whose validation is due, twice, as torchrun on Slurm sends it.
    signals = [SendSignal(signal.SIGTERM, iteration) for iteration in (4, 5)]
    status = exit_status(epoch_config(tmp_path / "run", num_workers=1), validations, *signals)
    assert status == 128 + signal.SIGTERM
    assert validations.epochs == [2]
    assert checkpoints(tmp_path / "run") == ["epoch_2.pth"]
    resumed = persistent_state(train(epoch_config(tmp_path / "run", resume=True)))
    torch.testing.assert_close(resumed, whole, rtol=0, atol=0)


def test_run_by_iterations_stops_where_its_statistics_are_complete(tmp_path):
    whole = persistent_state(train(iteration_config(tmp_path / "whole")))
    status = exit_status(iteration_config(tmp_path / "run"), SendSignal(signal.SIGUSR1, 4))
    assert status == 128 + signal.SIGUSR1
    assert checkpoints(tmp_path / "run") == ["iter_6.pth"]
    status = exit_status(iteration_config(tmp_path / "run", resume=True), SendSignal(signal.SIGTERM, 9))
    assert status == 128 + signal.SIGTERM
    assert checkpoints(tmp_path / "run") == ["iter_6.pth", "iter_9.pth"]
    cfg = iteration_config(tmp_path / "run", resume=True)
    cfg.experiment_name += "_again"
    torch.testing.assert_close(persistent_state(train(cfg)), whole, rtol=0, atol=0)


def test_signal_in_the_last_epoch_changes_nothing(tmp_path):
    runner = train(epoch_config(tmp_path, epochs=1), SendSignal(signal.SIGTERM, 2))
    assert runner.epoch == 1
    assert checkpoints(tmp_path) == ["epoch_1.pth"]


class SaveSlowly(Hook):
    """Hook that prolongs the time in which rank 0 saves the checkpoint of the second epoch."""

    priority = "LOWEST"

    def after_train_epoch(self, runner):
        if runner.epoch == 1:
            time.sleep(1)
            (Path(runner.work_dir) / "saved").touch()


def stopped_rank(work_dir: Path) -> int:
    cfg = epoch_config(work_dir)
    cfg.train_cfg.val_interval = 100  # a validation would let rank 1 wait for rank 0
    runner = rank_runner(cfg, 2)
    if runner.rank == 1:
        runner.register_hook(SendSignal(signal.SIGTERM, 4))
    else:
        runner.register_hook(SaveSlowly())
    with pytest.raises(SystemExit) as ended:
        runner.train()
    assert (work_dir / "saved").exists(), "a launcher that sees the end of this rank would kill rank 0"
    return ended.value.code


def test_all_ranks_stop_if_one_has_received_a_signal(tmp_path):
    assert run_ranks(stopped_rank, 2, tmp_path) == [128 + signal.SIGTERM] * 2
    assert checkpoints(tmp_path) == ["epoch_2.pth"]
    assert load_weights_only(tmp_path / "epoch_2.pth")["meta"]["epoch"] == 2


@pytest.mark.parametrize("interval", [0, 1.5, True])
def test_wrong_interval_is_named(interval):
    with pytest.raises(ValueError, match="'interval' argument of StopOnSignalHook must be a positive"):
        StopOnSignalHook(interval)
