"""Smallest complete runs on digits, for tests of hooks and checkpoints."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner

from tests.shipped_config import own_config

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = ROOT / "configs"
COMPOSED_LOSS = dict(
    type="ClassPriorTrackingLoss",
    loss=dict(
        type="PartialLabelMaskingLoss",
        rate=0.5,
        loss=dict(
            type="PseudoLabelLoss",
            warmup_epochs=1,
            ramp_epochs=2,
            positive_threshold=0.6,
            negative_threshold=0.4,
            loss=dict(
                type="ClassAwareSelectiveLoss",
                likelihood_topk=0.5,
                class_prior=[0.3] * 10,
                prior_threshold=0.5,
            ),
        ),
    ),
)


def small_config(
    work_dir: Path, epochs: int = 2, loss: dict | None = None, num_images: int = 96, **hook
) -> Config:
    """Return the config of the ignore run, reduced to a second of training."""
    cfg = own_config(CONFIGS / "partial_bce" / "digits-rps50_ignore.py")
    cfg.work_dir = str(work_dir)
    cfg.experiment_name = f"{work_dir.parent.name}_{work_dir.name}_{epochs}"
    cfg.log_level = "ERROR"
    cfg.model.backbone.channels = (4, 8)
    cfg.model.head.in_channels = 8
    cfg.model.head.loss = COMPOSED_LOSS if loss is None else loss
    cfg.train_dataloader.batch_size = 32
    cfg.train_dataloader.dataset.dataset.num_images = num_images
    cfg.val_dataloader.dataset.num_images = 40
    cfg.test_dataloader = cfg.val_dataloader
    cfg.train_cfg = dict(by_epoch=True, max_epochs=epochs, val_interval=100)
    # The schedule must not depend on the number of epochs, because tests compare resumed runs with
    # uninterrupted ones.
    cfg.param_scheduler = dict(type="StepLR", step_size=1, gamma=0.9, end=1000)
    cfg.default_hooks.checkpoint = dict(type="CheckpointHook", interval=1)
    cfg.custom_hooks = [dict(type="LabelStatisticsHook", **hook)]
    return cfg


def train(cfg: Config, *hooks: Hook) -> Runner:
    """Train with a config, and return the runner."""
    runner = Runner.from_cfg(cfg)
    for hook in hooks:
        runner.register_hook(hook)
    runner.train()
    return runner


def constant_runner(cfg: Config, world_size: int) -> Runner:
    """Return the runner of train.py for a rank, with constant weights and no value that depends on the batch.

    Predictions and statistics must then be the same for every number of processes.
    """
    cfg.optim_wrapper.optimizer = dict(type="SGD", lr=0.0)
    cfg.param_scheduler = None
    runner = rank_runner(cfg, world_size)
    for module in runner.model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            # In evaluation mode, it normalizes by the running statistics, which are constant.
            module.eval()
            module.train = lambda mode=True, module=module: module
    return runner


def rank_runner(cfg: Config, world_size: int) -> Runner:
    """Return the runner that train.py builds for a rank; all ranks together have the batch of the config."""
    sys.path.insert(0, str(ROOT / "tools"))
    from _lib.command_line import build_runner
    from _lib.command_options import common_parser

    cfg.launcher = "pytorch" if world_size > 1 else "none"
    cfg.train_dataloader.batch_size //= world_size
    return build_runner(common_parser(""), cfg)


class KillAfter(Hook):
    """Hook that kills this process after an iteration, as a machine that fails does."""

    priority = "LOWEST"

    def __init__(self, iterations: int) -> None:
        self.iterations = iterations

    def after_train_iter(self, runner: Runner, *args, **kwargs) -> None:
        if runner.iter + 1 == self.iterations:
            os.kill(os.getpid(), signal.SIGKILL)


def prepared(cfg: Config) -> Runner:
    """Return a runner that was stopped just before its first iteration."""

    class Stop(Hook):
        priority = "LOWEST"

        def before_train(self, runner: Runner) -> None:
            raise KeyboardInterrupt

    runner = Runner.from_cfg(cfg)
    runner.register_hook(Stop())
    with pytest.raises(KeyboardInterrupt):
        runner.train()
    return runner


def persistent_state(runner: Runner) -> dict[str, torch.Tensor]:
    """Return copies of all values of the model that a checkpoint contains."""
    return {name: value.clone() for name, value in runner.model.state_dict().items()}
