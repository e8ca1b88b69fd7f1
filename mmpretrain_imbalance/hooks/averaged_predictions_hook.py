"""Hook that passes predictions of the averaged model to pseudo-label losses."""

from __future__ import annotations

from typing import Any

import torch
from mmengine.hooks import EMAHook, Hook
from mmengine.runner import Runner
from mmpretrain.registry import HOOKS
from torch import nn
from torch.utils.hooks import RemovableHandle

from ..losses.pseudo_label_loss import PseudoLabelLoss
from .label_statistics.setup_checks import unwrap_model


@HOOKS.register_module()
class AveragedPredictionsHook(Hook):
    """Hook that passes logits of the averaged model to losses with ``predictions='averaged_model'``.

    Before each forward pass in training, the averaged model of ``EMAHook`` predicts the same augmented
    images, in evaluation mode and without gradient. This costs one additional forward pass per step.
    ``EMAHook`` saves the averaged model in the checkpoints, so a resumed run is bit-identical.

    Raises:
        ValueError: Before training, if the run has no EMAHook, or no loss with
            ``predictions='averaged_model'``.
    """

    priority = "NORMAL"

    def __init__(self) -> None:
        self._handle: RemovableHandle | None = None

    def before_train(self, runner: Runner) -> None:
        ema_hooks = [hook for hook in runner.hooks if isinstance(hook, EMAHook)]
        model = unwrap_model(runner.model)
        losses = [
            module
            for module in model.modules()
            if isinstance(module, PseudoLabelLoss) and module.predictions == "averaged_model"
        ]
        if not ema_hooks or not losses:
            found, remedy = (
                ("no EMAHook", "dict(type='EMAHook') to custom_hooks")
                if losses
                else ("no such loss", "predictions='averaged_model' to a PseudoLabelLoss")
            )
            raise ValueError(
                "A run with AveragedPredictionsHook must have an EMAHook and a PseudoLabelLoss with "
                f"predictions='averaged_model'. Got {found} instead. Add {remedy}."
            )
        ema = ema_hooks[0].ema_model
        if not ema.steps:  # EMAHook copied the weights before they were initialized or loaded
            ema.module.load_state_dict(model.state_dict())
        ema.module.eval()

        def predict(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            if kwargs.get("mode") == "loss" and torch.is_grad_enabled():
                with torch.no_grad():
                    logits = ema.module(args[0] if args else kwargs["inputs"], mode="tensor")
                for loss in losses:
                    loss.averaged_logits = logits

        self._handle = model.register_forward_pre_hook(predict, with_kwargs=True)

    def after_train(self, runner: Runner) -> None:
        if self._handle is not None:
            self._handle.remove()
            self._handle = None
