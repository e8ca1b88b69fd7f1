"""The head and all datasets must have one class order, and the head gets the class names in every run."""

from __future__ import annotations

import pytest
import torch
from mmengine.runner import Runner

from mmpretrain_imbalance.hooks import LabelStatisticsHook
from mmpretrain_imbalance.hooks.checkpoint_classes_hook import CheckpointClassesHook
from mmpretrain_imbalance.hooks.label_statistics.class_order import check_checkpoint_classes
from mmpretrain_imbalance.utils.class_values import write_named_values
from tests.integration.small_runs import prepared, small_config

DIGITS = [str(digit) for digit in range(10)]
SWAPPED = ["0", "1", "2", "4", "3", "5", "6", "7", "8", "9"]


def config(tmp_path, **head):
    cfg = small_config(tmp_path / "run")
    cfg.model.head.update(type="PartialLabelLinearClsHead", **head)
    return cfg


def with_classes(cfg, names):
    cfg.val_dataloader.dataset.metainfo = dict(classes=names)
    return cfg


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (
            SWAPPED,
            "Got '4' as class 3, where train_dataloader has '3' as class 3",
        ),
        (DIGITS[:9], "Got no class 9, where train_dataloader has '9' as class 9"),
    ],
)
def test_another_order_in_validation_raises(tmp_path, names, message):
    with pytest.raises(ValueError, match=f"classes of val_dataloader must be those of .*{message}"):
        prepared(with_classes(config(tmp_path), names))


def test_another_order_in_the_head_raises(tmp_path):
    with pytest.raises(ValueError, match=r"classes of train_dataloader must be those of model\.head"):
        prepared(config(tmp_path, classes=DIGITS[::-1]))
    prepared(config(tmp_path, classes=DIGITS))


@pytest.mark.parametrize("run", ["train", "val", "test"])
def test_thresholds_by_name_reach_the_head(tmp_path, run):
    thresholds = [0.1 + 0.05 * digit for digit in range(10)]
    write_named_values(tmp_path / "t.json", DIGITS[::-1], {"thresholds": thresholds[::-1]})
    cfg = config(tmp_path, thr=str(tmp_path / "t.json"))
    cfg.test_dataloader, cfg.test_cfg = cfg.val_dataloader, dict(type="TestLoop")
    cfg.test_evaluator = cfg.val_evaluator
    if run == "train":
        head = prepared(cfg).model.head
    else:
        runner = Runner.from_cfg(cfg)
        getattr(runner, run)()
        head = runner.model.head
    assert head.class_names == DIGITS
    assert head.class_thresholds.tolist() == pytest.approx(thresholds)


def checkpoint_of(classes):
    return dict(meta=dict(dataset_meta=dict(classes=classes)))


@pytest.mark.parametrize("hook", [CheckpointClassesHook, LabelStatisticsHook])
@pytest.mark.parametrize("run", ["val", "test"])
def test_a_checkpoint_with_another_order_is_not_evaluated(tmp_path, run, hook):
    cfg = config(tmp_path)
    cfg.custom_hooks = []
    torch.save(dict(state_dict={}, **checkpoint_of(SWAPPED)), tmp_path / "swapped.pth")
    cfg.load_from, cfg.test_cfg, cfg.test_evaluator = str(tmp_path / "swapped.pth"), {}, cfg.val_evaluator
    runner = Runner.from_cfg(cfg)
    runner.register_hook(hook())
    message = f"classes of {run}_dataloader must be those of the checkpoint, .* Got '3' as class 3, where"
    with pytest.raises(ValueError, match=message):
        getattr(runner, run)()


def test_load_from_may_change_the_classes_and_resume_may_not(tmp_path):
    runner = prepared(config(tmp_path))
    check_checkpoint_classes(runner, checkpoint_of(SWAPPED))
    runner._resume = True
    for same in (checkpoint_of(DIGITS), checkpoint_of(None), dict(meta=None), dict(state_dict={})):
        check_checkpoint_classes(runner, same)
    with pytest.raises(ValueError, match="classes of train_dataloader must be those of the checkpoint"):
        check_checkpoint_classes(runner, checkpoint_of(DIGITS[:9]))
