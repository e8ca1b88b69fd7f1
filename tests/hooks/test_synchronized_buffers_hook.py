"""When buffers are averaged over ranks, and which; tests/integration/test_ranks_and_resume.py has ranks."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmpretrain_imbalance.hooks import synchronized_buffers_hook as module
from mmpretrain_imbalance.hooks.synchronized_buffers_hook import SynchronizedBuffersHook
from mmpretrain_imbalance.utils.safe_checkpoints import load_weights_only
from tests.integration.small_runs import rank_runner, small_config, train


@pytest.mark.parametrize("update_buffers", [False, True])
def test_an_iteration_based_run_averages_before_checkpoints_and_validations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, update_buffers: bool
) -> None:
    hook, counted = SynchronizedBuffersHook(), []

    def average(buffers):
        counted.append(len(buffers))
        for buffer in buffers:
            buffer.fill_(len(counted))

    monkeypatch.setattr(module, "average_over_ranks", average)
    loss = dict(type="HillLoss")
    if not update_buffers:  # LabelStatisticsHook rejects averaged statistics
        loss = dict(type="ClassPriorTrackingLoss", loss=loss)
    cfg = small_config(tmp_path / "run", loss=loss, interval=1)
    cfg.train_cfg = dict(by_epoch=False, max_iters=5, val_interval=3)
    cfg.param_scheduler = None
    cfg.default_hooks.checkpoint = dict(type="CheckpointHook", by_epoch=False, interval=2)
    cfg.train_dataloader.sampler = dict(type="InfiniteSampler", shuffle=True)
    cfg.custom_hooks = [] if update_buffers else cfg.custom_hooks
    cfg.custom_hooks += [dict(type="EMAHook", update_buffers=update_buffers)]
    train(cfg, hook)

    # Checkpoints after iterations 2, 4 and 5, validations after 3 and 5, and the end.
    models = 2 if update_buffers else 1
    # Mean and variance of the preprocessor and of two layers, and not the state of the loss.
    assert counted == [6] * 6 * models
    for iteration, number in ((2, 1), (4, 3), (5, 4)):
        checkpoint = load_weights_only(tmp_path / "run" / f"iter_{iteration}.pth")
        states = [*checkpoint["state_dict"].items(), *checkpoint["ema_state_dict"].items()]
        found = {value.unique().item() for name, value in states if "running_" in name}
        assert found == {number * models, number * models - models + 1}


def test_a_run_of_several_ranks_has_the_hook_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tools register it, and LabelStatisticsHook does for other training scripts."""
    cfg = small_config(tmp_path / "run", epochs=1, loss=dict(type="HillLoss"))

    def found(runner) -> int:
        return sum(isinstance(hook, SynchronizedBuffersHook) for hook in runner.hooks)

    assert found(train(cfg)) == 0
    monkeypatch.setattr(module, "get_world_size", lambda: 2)
    cfg.experiment_name += "_2"
    assert found(train(cfg)) == 1
    runner = rank_runner(cfg, 1)
    assert found(runner) == 1
    runner.train()
    assert found(runner) == 1
