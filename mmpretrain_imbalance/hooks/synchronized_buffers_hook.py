"""Hook that gives all ranks the same statistics of batch normalization."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from mmengine.dist import all_reduce, broadcast, get_world_size
from mmengine.hooks import CheckpointHook, EMAHook, Hook
from mmengine.runner import Runner
from torch import Tensor, nn

from ..losses import LossState
from .label_statistics.setup_checks import unwrap_model


class SynchronizedBuffersHook(Hook):
    """Hook that replaces the floating-point buffers of the model by their mean over all ranks.

    Each rank updates the means and variances of batch normalization with its own images, and a checkpoint has
    those of rank 0 only. This hook averages them before each checkpoint and each validation. The validation
    then evaluates the weights and buffers of the checkpoint, and a resumed run continues with those of the
    unbroken run. The buffers of ``EMAHook`` are averaged too. The state of losses is not touched;
    ``LabelStatisticsHook`` sums it.

    The tools and ``LabelStatisticsHook`` register the hook in each run with several ranks.
    """

    # After EMAHook has updated its buffers, and before RefitHeadHook and CheckpointHook.
    priority = "BELOW_NORMAL"

    def after_train_epoch(self, runner: Runner) -> None:
        _synchronize(runner)

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        if any(self._saves_now(hook, runner) for hook in runner.hooks):
            _synchronize(runner)

    def before_val_epoch(self, runner: Runner) -> None:
        _synchronize(runner)

    def _saves_now(self, hook: Hook, runner: Runner) -> bool:
        """Return whether a hook saves a checkpoint after this iteration, by the rule of CheckpointHook."""
        if not isinstance(hook, CheckpointHook) or hook.by_epoch:
            return False
        is_due = self.every_n_train_iters(runner, hook.interval, hook.save_begin)
        return is_due or (hook.save_last and self.is_last_train_iter(runner))


def add_synchronized_buffers(runner: Runner) -> None:
    """Register the hook in a run with several ranks, unless it is registered."""
    if get_world_size() > 1 and not any(isinstance(hook, SynchronizedBuffersHook) for hook in runner.hooks):
        runner.register_hook(SynchronizedBuffersHook())


@torch.no_grad()
def average_over_ranks(buffers: Sequence[Tensor]) -> None:
    """Replace buffers by their mean over all ranks; every rank must call this.

    The results are equal on all ranks, bit for bit. Values that are equal on all ranks do not change, also
    those that are infinite.

    Args:
        buffers: Floating-point tensors of any shapes, which are changed in place.
    """
    if not buffers:
        return
    own = torch.cat([buffer.flatten() for buffer in buffers])
    first = own.clone()
    broadcast(first)
    # The mean of the differences is exactly 0 for equal values, and that of equal values may be rounded.
    difference = torch.where(own == first, torch.zeros_like(own), own - first)
    all_reduce(difference, "mean")
    means = (first + difference).split([buffer.numel() for buffer in buffers])
    for buffer, mean in zip(buffers, means):
        buffer.copy_(mean.view_as(buffer))


def _synchronize(runner: Runner) -> None:
    buffers = _own_buffers(unwrap_model(runner.model))
    average_over_ranks(buffers)
    for hook in runner.hooks:
        if not isinstance(hook, EMAHook):
            continue
        averaged = _own_buffers(hook.ema_model.module)
        if hook.ema_model.update_buffers:
            average_over_ranks(averaged)
        else:  # EMAHook copies the buffers of the model
            for target, source in zip(averaged, buffers):
                target.copy_(source)


def _own_buffers(model: nn.Module) -> list[Tensor]:
    """Return the floating-point buffers of a model without those of its losses."""
    of_losses = {
        id(buffer)
        for module in model.modules()
        if isinstance(module, LossState)
        for buffer in module.buffers()
    }
    return [
        buffer for buffer in model.buffers() if buffer.is_floating_point() and id(buffer) not in of_losses
    ]
