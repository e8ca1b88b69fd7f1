"""Losses with per-image state or adaptive thresholds: interrupted, killed, and with two processes."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
import torch

from mmpretrain_imbalance.utils.safe_checkpoints import load_weights_only
from tests.processes import exit_code, run_ranks

from .small_runs import KillAfter, constant_runner, small_config, train

PLAIN = dict(type="PartialAsymmetricLoss")
LOSSES = {
    "permanent": dict(type="PermanentLargeLoss", delta=3.0),
    "soft_negatives": dict(type="AsymmetricPseudoLabelLoss", warmup_epochs=1),
    "estimates": dict(
        type="OnlineLabelEstimationLoss", num_images=96, num_classes=10, expected_positives=2.5
    ),
    "matched": dict(type="PriorMatchedPseudoLabelLoss", loss=PLAIN, warmup_epochs=1, coverage=0.5),
    "averaged": dict(
        type="PriorMatchedPseudoLabelLoss", loss=PLAIN, warmup_epochs=1, predictions="averaged_model"
    ),
}


def config(work_dir: Path, name: str, epochs: int, resume: bool = False):
    cfg = small_config(work_dir, epochs=epochs, loss=LOSSES[name])
    cfg.model.head.type = "PartialLabelLinearClsHead"
    if name == "averaged":
        cfg.custom_hooks += [dict(type="EMAHook", momentum=0.2), dict(type="AveragedPredictionsHook")]
    cfg.resume = resume
    # APL distributes its pseudo-labels over all epochs, so an interrupted run needs the total number.
    if epochs < 4:
        cfg.custom_hooks += [dict(type="StopAfter", epochs=epochs)]
        cfg.train_cfg.max_epochs = 4
    return cfg


def final_state(runner) -> dict:
    """Return the state of the model and of the images in the last checkpoint."""
    checkpoint = load_weights_only(Path(runner.work_dir) / "epoch_4.pth")
    return {
        key: checkpoint[key] for key in ("state_dict", "image_state", "ema_state_dict") if key in checkpoint
    }


@pytest.fixture(autouse=True)
def single_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def stop_after(monkeypatch):
    from mmengine.hooks import Hook
    from mmpretrain.registry import HOOKS

    class StopAfter(Hook):
        """Hook that ends a run before its last epoch."""

        priority = "LOWEST"

        def __init__(self, epochs):
            self.epochs = epochs

        def after_train_epoch(self, runner):
            runner.train_loop.stop_training = runner.epoch + 1 >= self.epochs

    monkeypatch.setitem(HOOKS._module_dict, "StopAfter", StopAfter)


@pytest.mark.parametrize("name", LOSSES)
def test_two_epochs_and_two_more_equal_four_bit_for_bit(tmp_path, name):
    whole = final_state(train(config(tmp_path / "whole", name, 4)))
    train(config(tmp_path / "parts", name, 2))
    assert (tmp_path / "parts" / "epoch_2.pth").exists()
    assert not (tmp_path / "parts" / "epoch_3.pth").exists()
    parts = final_state(train(config(tmp_path / "parts", name, 4, resume=True)))
    torch.testing.assert_close(parts, whole, rtol=0, atol=0)
    state = {key.rsplit(".", 1)[1]: value for key, value in whole["state_dict"].items()}
    moved = {
        "permanent": lambda: whole["image_state"]["head.loss_module"]["keys"],
        "soft_negatives": lambda: state["soft_labels"],
        "estimates": lambda: state["label_logits"],
        "matched": lambda: state["positive_thresholds"],
        "averaged": lambda: state["positive_thresholds"],
    }[name]()
    assert moved.count_nonzero() > 0


def train_until_killed(work_dir: Path) -> None:
    train(config(work_dir, "permanent", 4), KillAfter(8))


def test_a_killed_run_resumes_to_the_same_state(tmp_path):
    assert exit_code(train_until_killed, tmp_path / "killed") == -signal.SIGKILL
    resumed = final_state(train(config(tmp_path / "killed", "permanent", 4, resume=True)))
    whole = final_state(train(config(tmp_path / "whole", "permanent", 4)))
    torch.testing.assert_close(resumed, whole, rtol=0, atol=0)


def train_rank(work_dir: Path, name: str, world_size: int) -> None:
    constant_runner(config(work_dir, name, 4), world_size).train()


def run(work_dir: Path, name: str, world_size: int) -> dict:
    run_ranks(train_rank, world_size, work_dir, name, world_size)
    checkpoint = load_weights_only(work_dir / "epoch_4.pth")
    state = {name: value for name, value in checkpoint["state_dict"].items() if "loss_module" in name}
    return dict(state, image_state=checkpoint.get("image_state"))


@pytest.mark.parametrize("name", ["soft_negatives", "matched", "permanent"])
def test_two_processes_have_the_state_of_one(tmp_path, name):
    one, two = run(tmp_path / "one", name, 1), run(tmp_path / "two", name, 2)
    if name == "permanent":
        # Large losses depend on the batch, so only their number per epoch and batch of 16 or 32 is compared.
        keys = [state["image_state"]["head.loss_module"]["keys"] for state in (one, two)]
        assert [len(found) for found in keys] == [3 * 3 * 10, 3 * 6 * 5]
        return
    torch.testing.assert_close(two, one, rtol=1e-6, atol=1e-9)
