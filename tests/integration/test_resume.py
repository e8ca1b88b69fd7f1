"""An interrupted and resumed run equals an uninterrupted run."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
import torch
from mmengine.hooks import Hook

from mmpretrain_imbalance.utils.safe_checkpoints import load_weights_only
from tests.processes import exit_code

from .small_runs import KillAfter, persistent_state, small_config, train

pytestmark = pytest.mark.usefixtures("single_thread")


@pytest.fixture
def single_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_two_epochs_and_two_more_equal_four_bit_for_bit(tmp_path):
    whole = persistent_state(train(small_config(tmp_path / "whole", epochs=4)))
    train(small_config(tmp_path / "parts", epochs=2))
    cfg = small_config(tmp_path / "parts", epochs=4)
    cfg.resume = True
    parts = persistent_state(train(cfg))
    assert {"ideal_positive_ratio", "positive_ratio", "class_prior", "window_sum"} <= {
        name.rsplit(".", 1)[1] for name in whole
    }
    torch.testing.assert_close(parts, whole, rtol=0, atol=0)
    ratio = next(value for name, value in whole.items() if name.endswith("ideal_positive_ratio"))
    assert ratio.std() > 0  # it has changed
    for epoch in range(1, 5):
        records = [
            json.loads((tmp_path / run / "label_statistics" / f"epoch_{epoch}.json").read_text())
            for run in ("whole", "parts")
        ]
        assert records[0] == records[1]


def test_iteration_based_run_resumes_bit_for_bit(tmp_path):
    def config(work_dir: Path, iterations: int, resume: bool = False):
        cfg = small_config(work_dir, interval=2)
        cfg.train_cfg = dict(by_epoch=False, max_iters=iterations, val_interval=100)
        cfg.param_scheduler = None
        cfg.default_hooks.checkpoint = dict(type="CheckpointHook", by_epoch=False, interval=4)
        cfg.train_dataloader.sampler = dict(type="InfiniteSampler", shuffle=True)
        cfg.resume = resume
        return cfg

    whole = persistent_state(train(config(tmp_path / "whole", 8)))
    train(config(tmp_path / "parts", 4))
    parts = persistent_state(train(config(tmp_path / "parts", 8, resume=True)))
    torch.testing.assert_close(parts, whole, rtol=0, atol=0)
    assert (tmp_path / "parts" / "label_statistics" / "iter_8.json").is_file()


def train_until_killed(work_dir: Path) -> None:
    train(small_config(work_dir, epochs=4), KillAfter(8))  # in the middle of the third epoch


def test_a_killed_run_resumes_to_the_same_state(tmp_path):
    assert exit_code(train_until_killed, tmp_path / "killed") == -signal.SIGKILL
    cfg = small_config(tmp_path / "killed", epochs=4)
    cfg.resume = True
    resumed = persistent_state(train(cfg))
    whole = persistent_state(train(small_config(tmp_path / "whole", epochs=4)))
    torch.testing.assert_close(resumed, whole, rtol=0, atol=0)


def test_statistics_are_in_the_checkpoint_of_the_same_epoch(tmp_path):
    states = {}

    class RecordState(Hook):
        priority = "LOWEST"

        def after_train_epoch(self, runner):
            states[runner.epoch + 1] = persistent_state(runner)

    train(small_config(tmp_path / "run"), RecordState())
    for epoch, state in states.items():
        stored = load_weights_only(tmp_path / "run" / f"epoch_{epoch}.pth")["state_dict"]
        torch.testing.assert_close(dict(stored), state, rtol=0, atol=0)
