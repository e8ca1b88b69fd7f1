"""Predictions of the averaged model for the losses that make pseudo-labels of them."""

from __future__ import annotations

import torch
from mmengine.hooks import EMAHook, Hook
from mmengine.runner import Runner
from mmpretrain.registry import HOOKS
from torch import nn

from ..losses.pseudo_label_loss import PseudoLabelLoss
from .label_statistics.setup_checks import unwrap_model


@HOOKS.register_module()
class AveragedPredictionsHook(Hook):
    """Lets ``PseudoLabelLoss(predictions='averaged_model')`` see what the averaged model says of each batch.

    Before each forward pass in training, the model that ``EMAHook`` keeps predicts the same images, after the
    same augmentation, in evaluation mode and without gradient. This costs one more forward pass a step. The
    averages are in the checkpoints of ``EMAHook``, so that a resumed run goes on bit for bit.

    Raises:
        ValueError: Before training, if there is no EMAHook, or no loss asks for its predictions.
    """

    priority = "NORMAL"

    def __init__(self) -> None:
        self._handle = None

    def before_train(self, runner: Runner) -> None:
        averages = [hook for hook in runner.hooks if isinstance(hook, EMAHook)]
        model = unwrap_model(runner.model)
        losses = [
            module
            for module in model.modules()
            if isinstance(module, PseudoLabelLoss) and module.predictions == "averaged_model"
        ]
        if not averages or not losses:
            missing = "dict(type='EMAHook') in custom_hooks" if losses else "predictions='averaged_model'"
            raise ValueError(
                "AveragedPredictionsHook needs an EMAHook and a loss with predictions='averaged_model'. Got "
                f"none instead: add {missing}."
            )
        ema = averages[0].ema_model
        if not ema.steps:  # EMAHook copied the weights before they were initialized or loaded
            ema.module.load_state_dict(model.state_dict())
        ema.module.eval()

        def predict(module: nn.Module, args: tuple, kwargs: dict) -> None:
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
