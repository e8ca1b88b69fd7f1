"""A resumed run draws the same random numbers as an unbroken one."""

from __future__ import annotations

import random
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpretrain.registry import MODELS, TRANSFORMS

from mmpretrain_imbalance.hooks import EpochSeedHook
from mmpretrain_imbalance.models import SmallConvNet
from tests.integration.small_runs import small_config

LOSS = dict(type="PartialAsymmetricLoss", unknown="ignore")


def drawn_numbers():
    """Draw a number in [0, 1) from Python, NumPy and torch."""
    return random.random(), np.random.random(), torch.rand(()).item()  # noqa: NPY002


@MODELS.register_module()
class DroppedConvNet(SmallConvNet):
    """Network with dropout before the head."""

    def forward(self, images):
        return tuple(torch.nn.functional.dropout(x, 0.3, self.training) for x in super().forward(images))


@TRANSFORMS.register_module()
class NoisyImage:
    """Augmentation that draws from Python, NumPy and torch."""

    def __call__(self, results):
        results["img"] = (results["img"] * np.mean(drawn_numbers())).astype(np.uint8)
        return results


def config(work_dir, num_workers):
    cfg = small_config(work_dir, epochs=3, loss=LOSS, num_images=64)
    cfg.model.backbone.type = "DroppedConvNet"
    cfg.train_dataloader.num_workers = num_workers
    cfg.train_dataloader.dataset.dataset.pipeline = [dict(type="NoisyImage"), dict(type="PackInputs")]
    cfg.custom_hooks.append(dict(type="EpochSeedHook"))
    return cfg


class Stop(Hook):
    """Hook that ends a run after the checkpoint of its second epoch."""

    priority = "LOWEST"

    def after_train_epoch(self, runner):
        if runner.epoch == 1:
            raise KeyboardInterrupt


def weights(runner):
    return torch.cat([value.double().flatten() for value in runner.model.state_dict().values()])


@pytest.mark.parametrize("num_workers", [0, 2])
def test_resumed_run_ends_with_the_weights_of_an_unbroken_one(tmp_path, num_workers):
    unbroken = Runner.from_cfg(config(tmp_path / "unbroken", num_workers))
    unbroken.train()

    stopped = Runner.from_cfg(config(tmp_path / "run", num_workers))
    stopped.register_hook(Stop())
    with pytest.raises(KeyboardInterrupt):
        stopped.train()
    cfg = config(tmp_path / "run", num_workers)
    cfg.resume, cfg.experiment_name = True, "resumed"
    resumed = Runner.from_cfg(cfg)
    resumed.train()

    assert torch.equal(weights(resumed), weights(unbroken))


class FakeRun:
    """The part of a runner that the hook uses, with draws of a data loader and of the main process."""

    def __init__(self, num_workers, persistent=False, seed=1):
        self.seed, self.epoch = seed, 0
        self.warnings = []
        self.logger = SimpleNamespace(warning=self.warnings.append)
        self.started_workers = []
        # MMEngine's function for workers, which uses the same seed in all epochs.
        self.train_dataloader = SimpleNamespace(
            num_workers=num_workers, persistent_workers=persistent, worker_init_fn=self.start_worker
        )

    def start_worker(self, worker_id):
        self.started_workers.append(worker_id)
        torch.manual_seed(0)

    def draws(self, epoch, worker=None):
        self.epoch = epoch
        EpochSeedHook().before_train_epoch(self)
        if worker is not None:
            self.train_dataloader.worker_init_fn(worker)
        return drawn_numbers()


def test_every_seed_epoch_and_worker_draws_other_numbers():
    run, other = FakeRun(2), FakeRun(2, seed=2)
    draws = [run.draws(epoch, worker) for epoch in (0, 1) for worker in (None, 0, 1)]
    draws += [other.draws(0), other.draws(0, 1)]
    assert [len(set(numbers)) for numbers in zip(*draws)] == [len(draws)] * 3
    assert run.draws(1, 0) == draws[4]
    # The earlier function of the config is called once per started worker, also after several epochs.
    assert run.started_workers == [0, 1, 0, 1, 0]


def test_every_rank_draws_other_numbers(monkeypatch):
    first = FakeRun(0).draws(0)
    monkeypatch.setattr("mmpretrain_imbalance.hooks.epoch_seed_hook.get_rank", lambda: 1)
    assert not set(first) & set(FakeRun(0).draws(0))


@pytest.mark.parametrize("stage", ["val", "test"])
def test_validation_and_test_are_seeded(stage):
    run, draws = FakeRun(0), []
    for _ in range(2):
        getattr(EpochSeedHook(), f"before_{stage}_epoch")(run)
        draws.append(drawn_numbers())
    assert draws[0] == draws[1]


@pytest.mark.parametrize(("num_workers", "persistent", "count"), [(2, True, 1), (2, False, 0), (0, False, 0)])
def test_persistent_workers_are_reported(num_workers, persistent, count):
    run = FakeRun(num_workers, persistent)
    EpochSeedHook().before_train(run)
    assert len(run.warnings) == count
    assert all("persistent_workers=False" in text for text in run.warnings)
