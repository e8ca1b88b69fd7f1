"""Set-ups in which the statistics of a loss would be wrong without anybody noticing."""

from __future__ import annotations

from mmengine.hooks import CheckpointHook, EMAHook
from mmengine.model import is_model_wrapper
from mmengine.runner import IterBasedTrainLoop, Runner
from torch import nn

from ...losses import ElementwiseLoss, LossState, WrapperLoss


def unwrap_model(model: nn.Module) -> nn.Module:
    """The model inside of distributed wrappers."""
    while is_model_wrapper(model):
        model = model.module
    return model


def is_iteration_based(runner: Runner) -> bool:
    """Whether the training loop counts iterations: epoch hooks then fire once for the whole run."""
    return isinstance(runner.train_loop, IterBasedTrainLoop)


def check_setup(runner: Runner, num_classes: int, interval: int | None) -> None:
    """Refuse a run whose label statistics would be corrupted.

    Args:
        runner: The runner, about to train.
        num_classes: Classes of the training set.
        interval: Iterations between two updates; ``None`` for once an epoch.

    Raises:
        ValueError: With the setting to change.
    """
    model = runner.model
    while is_model_wrapper(model):
        if getattr(model, "broadcast_buffers", False):
            raise ValueError(
                "LabelStatisticsHook needs broadcast_buffers=False: otherwise rank 0 overwrites what the "
                "other ranks have counted. Set model_wrapper_cfg=dict(type='MMDistributedDataParallel', "
                "broadcast_buffers=False) in the config."
            )
        model = model.module
    head_classes = _classes_of(getattr(model, "head", None))
    if head_classes is not None and head_classes != num_classes:
        raise ValueError(
            f"The head gives logits of {head_classes} classes, but the training set has {num_classes}. Set "
            f"model.head.num_classes={num_classes}."
        )
    for hook in runner.hooks:
        if isinstance(hook, EMAHook) and hook.ema_cfg.get("update_buffers", False):
            raise ValueError(
                "LabelStatisticsHook needs EMAHook(update_buffers=False): averaged counts and ratios are "
                "neither those of the model nor those of the data."
            )
    if not is_iteration_based(runner):
        if interval is not None:
            raise ValueError(
                "The 'interval' argument of LabelStatisticsHook counts iterations of an iteration-based "
                f"run. Got {interval} in a run by epochs instead; leave it out: statistics are updated after "
                "every epoch."
            )
        _check_checkpoints_of_epochs(runner, model)
        return
    if interval is None:
        raise ValueError(
            "LabelStatisticsHook needs an 'interval' in an iteration-based run, which has no epochs to "
            "update between: dict(type='LabelStatisticsHook', interval=1000)."
        )
    _check_checkpoints_of_iterations(runner, interval)
    epoch_length = len(runner.train_dataloader)
    for module in model.modules():
        if not isinstance(module, ElementwiseLoss) or isinstance(module, WrapperLoss):
            continue
        if "whole_epochs" in module.traits.needs and interval != epoch_length:
            raise ValueError(
                f"The 'interval' argument of LabelStatisticsHook must be {epoch_length} iterations, an epoch "
                f"of this training set, with {type(module).__name__}, which labels a share of the images in "
                f"each epoch. Got {interval} instead."
            )


def _classes_of(head: nn.Module | None) -> int | None:
    """How many logits a head gives; the attention heads of the host do not say so themselves."""
    num_classes = getattr(head, "num_classes", None)
    if num_classes is None and len(attention_heads := getattr(head, "csra_heads", ())):
        num_classes = getattr(getattr(attention_heads[0], "head", None), "out_channels", None)
    if num_classes is None:
        num_classes = getattr(getattr(head, "fc", None), "out_features", None)
    return num_classes


def _check_checkpoints_of_iterations(runner: Runner, interval: int) -> None:
    for hook in runner.hooks:
        if not isinstance(hook, CheckpointHook):
            continue
        saved = {"that of CheckpointHook": hook.interval}
        if getattr(hook, "save_best", None) is not None:
            saved["val_interval, with CheckpointHook(save_best=...)"] = runner.val_interval
        for name, every in saved.items():
            if every > 0 and every % interval:
                raise ValueError(
                    f"The 'interval' argument of LabelStatisticsHook must divide {name}, {every}: what was "
                    f"gathered since the last update is not in a checkpoint. Got {interval} instead."
                )


def _gathers(loss: LossState) -> bool:
    """Whether anything but the shares of elements is gathered within an epoch."""
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
                "The 'by_epoch' argument of CheckpointHook must be True in a run by epochs: what "
                f"{gathering[0]} has gathered since the epoch began is not in a checkpoint. Got False, with "
                f"interval={hook.interval}, instead; set default_hooks.checkpoint="
                "dict(type='CheckpointHook', interval=1), or train by iterations with "
                "dict(type='LabelStatisticsHook', interval=...)."
            )
