"""Checks for settings of a run that would silently make the statistics of a loss wrong."""

from __future__ import annotations

from typing import cast

from mmengine.hooks import CheckpointHook, EMAHook
from mmengine.model import is_model_wrapper
from mmengine.runner import IterBasedTrainLoop, Runner
from torch import nn

from ...losses import ElementwiseLoss, LossState, WrapperLoss


def unwrap_model(model: nn.Module) -> nn.Module:
    """Return the model inside of distributed wrappers."""
    while is_model_wrapper(model):
        model = cast(nn.Module, model.module)
    return model


def is_iteration_based(runner: Runner) -> bool:
    """Return whether the training loop counts iterations; MMEngine then calls epoch hooks once per run."""
    return isinstance(runner.train_loop, IterBasedTrainLoop)


def check_setup(runner: Runner, num_classes: int, interval: int | None) -> None:
    """Raise if the settings of a run would corrupt the label statistics.

    Args:
        runner: The runner, before training.
        num_classes: Number of classes of the training set.
        interval: Iterations between two updates; ``None`` for one update per epoch.

    Raises:
        ValueError: If a setting is wrong; the message names the setting to change.
    """
    model = runner.model
    while is_model_wrapper(model):
        if getattr(model, "broadcast_buffers", False):
            raise ValueError(
                "The 'broadcast_buffers' argument of the model wrapper must be False with "
                "LabelStatisticsHook: otherwise the counts of rank 0 overwrite those of the other ranks. Got "
                "True instead. Set model_wrapper_cfg=dict(type='MMDistributedDataParallel', "
                "broadcast_buffers=False) in the config."
            )
        model = model.module
    head_classes = _num_classes_of_head(getattr(model, "head", None))
    if head_classes is not None and head_classes != num_classes:
        raise ValueError(
            f"The head must give logits of {num_classes} classes, as many as the training set has. Got "
            f"{head_classes} instead. Set model.head.num_classes={num_classes}."
        )
    for hook in runner.hooks:
        if isinstance(hook, EMAHook) and hook.ema_cfg.get("update_buffers", False):
            raise ValueError(
                "The 'update_buffers' argument of EMAHook must be False with LabelStatisticsHook: averaged "
                "counts and ratios describe neither the model nor the data. Got True instead."
            )
    if not is_iteration_based(runner):
        if interval is not None:
            raise ValueError(
                "The 'interval' argument of LabelStatisticsHook must be None in a run by epochs, which "
                f"updates the statistics after every epoch. Got {interval} instead."
            )
        _check_checkpoints_of_epochs(runner, model)
        return
    if interval is None:
        raise ValueError(
            "The 'interval' argument of LabelStatisticsHook must be a number of iterations in an "
            "iteration-based run, which has no epochs. Got None instead. Set for example "
            "dict(type='LabelStatisticsHook', interval=1000)."
        )
    _check_checkpoints_of_iterations(runner, interval)
    epoch_length = len(runner.train_dataloader)
    for module in model.modules():
        if not isinstance(module, ElementwiseLoss) or isinstance(module, WrapperLoss):
            continue
        if "whole_epochs" in module.traits.needs and interval != epoch_length:
            raise ValueError(
                f"The 'interval' argument of LabelStatisticsHook must be {epoch_length}, the iterations of "
                f"one epoch of this training set, with {type(module).__name__}, which labels a fraction of "
                f"the images in each epoch. Got {interval} instead."
            )


def _num_classes_of_head(head: nn.Module | None) -> int | None:
    """Return the number of logits of a head; MMPretrain's attention head has no attribute for it."""
    num_classes = getattr(head, "num_classes", None)
    if num_classes is None:
        attention_head = next(iter(getattr(head, "csra_heads", ())), None)
        num_classes = getattr(getattr(attention_head, "head", None), "out_channels", None)
    if num_classes is None:
        num_classes = getattr(getattr(head, "fc", None), "out_features", None)
    return num_classes


def _check_checkpoints_of_iterations(runner: Runner, interval: int) -> None:
    for hook in runner.hooks:
        if not isinstance(hook, CheckpointHook):
            continue
        checkpoint_intervals = {"the interval of CheckpointHook": hook.interval}
        if getattr(hook, "save_best", None) is not None:
            checkpoint_intervals["val_interval, because CheckpointHook has save_best"] = runner.val_interval
        for name, checkpoint_interval in checkpoint_intervals.items():
            if checkpoint_interval > 0 and checkpoint_interval % interval:
                raise ValueError(
                    f"The 'interval' argument of LabelStatisticsHook must divide {checkpoint_interval} "
                    f"({name}): a checkpoint does not contain the statistics gathered since the last update. "
                    f"Got {interval} instead."
                )


def _gathers(loss: LossState) -> bool:
    """Return whether a loss gathers anything within an epoch except the fractions of elements."""
    fractions = loss.element_counter.buffers() if isinstance(loss, ElementwiseLoss) else ()
    return len(loss.gathered()) > len(list(fractions))


def _check_checkpoints_of_epochs(runner: Runner, model: nn.Module) -> None:
    gathering = [
        type(module).__name__
        for module in model.modules()
        if isinstance(module, LossState) and (_gathers(module) or hasattr(module, "image_state"))
    ]
    for hook in runner.hooks:
        if isinstance(hook, CheckpointHook) and not hook.by_epoch and hook.interval > 0 and gathering:
            raise ValueError(
                "The 'by_epoch' argument of CheckpointHook must be True in a run by epochs: a checkpoint "
                f"does not contain the statistics that {gathering[0]} gathered since the epoch began. Got "
                f"False, with interval={hook.interval}, instead. Set default_hooks.checkpoint="
                "dict(type='CheckpointHook', interval=1), or train by iterations with "
                "dict(type='LabelStatisticsHook', interval=...)."
            )
