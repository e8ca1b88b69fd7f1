"""Times of epochs are kept when a run is resumed."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from mmpretrain_imbalance.apis.comparison.runs import epoch_times
from mmpretrain_imbalance.apis.comparison.runs.epoch_times import EpochTimesHook, run_times


def train(folder, epochs, monkeypatch):
    """Train the epochs of a dict, with the seconds of each iteration by epoch, in one process."""
    hook, clock = EpochTimesHook(), [5.0]
    monkeypatch.setattr(epoch_times.time, "perf_counter", lambda: clock[0])
    for epoch, seconds in epochs.items():
        runner = SimpleNamespace(work_dir=str(folder), epoch=epoch)
        hook.before_train_epoch(runner)
        for index, value in enumerate(seconds):
            clock[0] += value
            hook.after_train_iter(runner, index)
        hook.after_train_epoch(runner)


def test_times_of_an_interrupted_run(tmp_path, monkeypatch):
    train(tmp_path, {0: [9.0, 1.0, 1.0], 1: [2.0, 3.0, 7.0], 2: [50.0, 60.0, 70.0]}, monkeypatch)
    # The process was killed before the checkpoint of the third epoch, which is trained again.
    train(tmp_path, {2: [8.0, 8.0, 8.0], 3: [4.0, 4.0, 4.0], 4: [5.0, 5.0, 90.0]}, monkeypatch)
    # Medians of the epochs that are not the first of a process: 3, 4, 5.
    assert run_times(tmp_path) == {
        "seconds_per_iteration": 4.0,
        "iterations": 15,
        "seconds": pytest.approx(11 + 12 + 24 + 12 + 100),
    }


def test_single_epoch(tmp_path, monkeypatch):
    train(tmp_path, {0: [9.0, 1.0, 2.0]}, monkeypatch)
    assert run_times(tmp_path) == {"seconds_per_iteration": 2.0, "iterations": 3, "seconds": 12.0}


def test_run_without_times(tmp_path):
    assert run_times(tmp_path) == {"seconds_per_iteration": 0.0, "iterations": 0, "seconds": 0.0}


def test_clock(tmp_path):
    start = time.perf_counter()
    assert start <= epoch_times._now() <= time.perf_counter()
