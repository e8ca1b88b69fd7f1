"""Hook that seeds the random numbers of each epoch, so that a resumed run draws the same ones."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpretrain.registry import HOOKS


@HOOKS.register_module()
class EpochSeedHook(Hook):
    """Hook that seeds Python, NumPy and torch before each epoch.

    The seed is a function of the seed of the run, the epoch and the rank. MMEngine seeds a run once: a run
    that is resumed after epoch 5 draws for epoch 6 what the first epoch drew, and ends with other weights
    than an unbroken run. With this hook, both draw the same augmentations, dropout and masks in every epoch.
    Epochs of validation and test are seeded as well.

    The hook also seeds the workers of the training data loader, which MMEngine starts with the same seed in
    every epoch: without the hook, all epochs draw the same augmentations. Persistent workers are started only
    once and cannot be seeded again; the hook then logs a warning. Set
    ``train_dataloader.persistent_workers=False`` to resume exactly.

    Example:
        >>> EpochSeedHook()  # doctest: +ELLIPSIS
        <mmpretrain_imbalance.hooks.epoch_seed_hook.EpochSeedHook object at ...>
    """

    # Before all hooks that draw random numbers.
    priority = "VERY_HIGH"

    def before_train(self, runner: Runner) -> None:
        loader = runner.train_dataloader
        if loader.num_workers and loader.persistent_workers:
            runner.logger.warning(
                "The workers of train_dataloader are persistent and cannot be seeded in each epoch, so a "
                "resumed run draws other augmentations than an unbroken one. Set "
                "train_dataloader.persistent_workers=False to resume exactly."
            )

    def before_train_epoch(self, runner: Runner) -> None:
        seed_epoch(runner)
        loader = runner.train_dataloader
        if loader.num_workers and not loader.persistent_workers:
            earlier = loader.worker_init_fn
            if isinstance(earlier, partial) and earlier.func is _start_worker:
                earlier = earlier.keywords["first"]
            entropy = [runner.seed, runner.epoch, get_rank()]
            loader.worker_init_fn = partial(_start_worker, entropy=entropy, first=earlier)

    def before_val_epoch(self, runner: Runner) -> None:
        seed_epoch(runner)

    def before_test_epoch(self, runner: Runner) -> None:
        seed_epoch(runner)


def seed_epoch(runner: Runner) -> None:
    """Seed Python, NumPy and torch from the seed of the run, the number of finished epochs and the rank."""
    _seed_all([runner.seed, runner.epoch, get_rank()])


def _start_worker(worker_id: int, entropy: list[int], first: Callable[[int], None] | None) -> None:
    if first is not None:
        first(worker_id)
    # SeedSequence ignores zeros at the end: worker 0 would draw what the main process draws.
    _seed_all([*entropy, worker_id + 1])


def _seed_all(entropy: list[int]) -> None:
    # SeedSequence mixes its numbers, so that (seed 1, epoch 2) and (seed 2, epoch 1) are unrelated.
    state = [int(word) for word in np.random.SeedSequence(entropy).generate_state(3)]
    random.seed(state[0])
    np.random.seed(state[1])  # noqa: NPY002, TID251  (transforms of OpenMMLab draw from the global generator)
    torch.manual_seed(state[2])
