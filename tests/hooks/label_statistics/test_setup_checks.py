"""Settings that raise before training."""

from __future__ import annotations

import pytest
from mmengine.runner import Runner
from torch import nn

from mmpretrain_imbalance.hooks.label_statistics.setup_checks import check_setup
from tests.integration.small_runs import prepared, small_config


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            dict(head_classes=12),
            "head must give logits of 10 classes, .* Got 12 instead. Set model.head.num_classes=10",
        ),
        (
            dict(csra=12),
            "head must give logits of 10 classes, as many as the training set has. Got 12 instead",
        ),
        (
            dict(checkpoint=3),
            "'by_epoch' argument of CheckpointHook must be True in a run by epochs: .* "
            "ClassPriorTrackingLoss gathered .* Got False, with interval=3, instead",
        ),
        (
            dict(hook=dict(group_thresholds=(100, 20))),
            r"'group_thresholds' argument of LabelStatisticsHook must be two numbers in ascending order.*"
            r"Got \(100, 20\) instead",
        ),
        (
            dict(ema=dict(update_buffers=True)),
            "'update_buffers' argument of EMAHook must be False .* Got True instead",
        ),
        (
            dict(hook=dict(interval=3)),
            "'interval' argument of LabelStatisticsHook must be None in a run by epochs, .* Got 3 instead",
        ),
        (
            dict(iterations=True),
            "must be a number of iterations in an iteration-based run, .* Got None instead",
        ),
        (
            dict(iterations=True, hook=dict(interval=3)),
            r"must divide 4 \(the interval of CheckpointHook\): .* Got 3 instead",
        ),
        (
            dict(iterations=True, hook=dict(interval=4), save_best="auto"),
            r"must divide 6 \(val_interval, because CheckpointHook has save_best\): .* Got 4 instead",
        ),
        (
            dict(
                iterations=True,
                hook=dict(interval=4),
                loss=dict(type="AsymmetricPseudoLabelLoss", num_images=96),
            ),
            "'interval' argument of LabelStatisticsHook must be 3, the iterations of one epoch .* Got 4",
        ),
    ],
)
def test_settings_that_would_corrupt_the_statistics_raise(tmp_path, change, message):
    cfg = small_config(tmp_path / "run", loss=change.get("loss"), **change.get("hook", {}))
    if "head_classes" in change:
        cfg.model.head.num_classes = change["head_classes"]
        cfg.model.data_preprocessor.num_classes = change["head_classes"]
    if "csra" in change:
        cfg.model.backbone.pool = None
        head = dict(type="CSRAClsHead", num_classes=change["csra"], in_channels=8, num_heads=1, lam=0.1)
        cfg.model.head = dict(**head, loss=cfg.model.head.loss)
    if "checkpoint" in change:
        cfg.default_hooks.checkpoint = dict(
            type="CheckpointHook", by_epoch=False, interval=change["checkpoint"]
        )
    if "ema" in change:
        cfg.custom_hooks.append(dict(type="EMAHook", **change["ema"]))
    if "iterations" in change:
        cfg.train_cfg = dict(by_epoch=False, max_iters=8)
        cfg.default_hooks.checkpoint = dict(
            type="CheckpointHook", by_epoch=False, interval=4, save_best=change.get("save_best")
        )
        if "save_best" in change:
            cfg.train_cfg.val_interval = 6
    with pytest.raises(ValueError, match=message):
        prepared(cfg)


def test_broadcast_of_buffers_raises(tmp_path):
    runner = Runner.from_cfg(small_config(tmp_path / "run"))

    class Broadcasting(nn.Module):
        broadcast_buffers = True

    wrapper = Broadcasting()
    wrapper.module = runner.model
    from mmengine.registry import MODEL_WRAPPERS

    MODEL_WRAPPERS.register_module(module=Broadcasting, force=True)
    runner.model = wrapper
    with pytest.raises(ValueError, match="broadcast_buffers=False"):
        check_setup(runner, 10, None)
