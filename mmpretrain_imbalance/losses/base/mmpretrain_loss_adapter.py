"""Adapter that turns a loss of MMPretrain into an elementwise loss that leaves out unknown elements."""

from __future__ import annotations

import inspect
from typing import Any, cast

import torch
from mmpretrain.models.losses import AsymmetricLoss, FocalLoss
from mmpretrain.registry import MODELS
from torch import Tensor, nn

from ...functional import LossContext, known_labels, unknown_as_negative
from ...functional.losses.elementwise_loss_function import mixed_over_hard_labels
from .elementwise_loss import ElementwiseLoss
from .traits import Traits

# These losses interpret a target of shape (N, 1) as class indices.
_ONE_COLUMN_IS_INDICES = (AsymmetricLoss, FocalLoss)


class MMPretrainLossAdapter(ElementwiseLoss):
    """Adapter around a loss with MMPretrain's signature; unknown elements have the loss 0.

    Args:
        loss: A module that is called as ``loss(pred, target, reduction_override='none')`` and returns one
            value per element.

    Raises:
        ValueError: When called, if the loss does not return one value per element. Softmax losses do not.
    """

    def __init__(self, loss: nn.Module) -> None:
        super().__init__()
        self.loss = loss

    @property
    def traits(self) -> Traits:
        """Losses of MMPretrain may be unbounded; class weights make an element depend on its class."""
        return Traits(elementwise=getattr(self.loss, "class_weight", None) is None, bounded=False)

    def elementwise_loss(self, logits: Tensor, labels: Tensor, context: LossContext) -> tuple[Tensor, Tensor]:
        target = unknown_as_negative(labels).to(logits.dtype)
        if labels.is_floating_point():
            # Some losses of MMPretrain do not interpolate between both labels at a soft label.
            loss = mixed_over_hard_labels(lambda hard: self._unreduced(logits, hard), target)
        else:
            loss = self._unreduced(logits, target)
        return loss, known_labels(labels)

    def _unreduced(self, logits: Tensor, target: Tensor) -> Tensor:
        one_column = logits.shape[1] == 1 and isinstance(self.loss, _ONE_COLUMN_IS_INDICES)
        if one_column:
            logits, target = (
                torch.cat([column, torch.zeros_like(column)], dim=1) for column in (logits, target)
            )
        loss = cast(Tensor, self.loss(logits, target, reduction_override="none"))
        if one_column:
            return loss[:, :1]
        if loss.shape != logits.shape:
            raise ValueError(
                "The 'loss' argument of a wrapper must be a loss with one value per element, here of shape "
                f"{tuple(logits.shape)}. Got the shape {tuple(loss.shape)} from {type(self.loss).__name__} "
                "instead. Use a loss with one sigmoid per class, such as dict(type='CrossEntropyLoss', "
                "use_sigmoid=True)."
            )
        return loss


def build_elementwise_loss(loss: dict[str, Any] | nn.Module, owner: str) -> ElementwiseLoss:
    """Build an elementwise loss from a config or a module of this package or of MMPretrain.

    Args:
        loss: A config with a ``type``, or a module.
        owner: Name of the class whose 'loss' argument this is, for error messages.

    Returns:
        The loss itself if it is an :class:`ElementwiseLoss`, else an adapter around it.

    Raises:
        TypeError: If it is not a loss.
        ValueError: If it is a softmax loss, in which unknown classes would take part.
    """
    module = MODELS.build(loss) if isinstance(loss, dict) else loss
    if isinstance(module, ElementwiseLoss):
        return module
    if (
        not isinstance(module, nn.Module)
        or "reduction_override" not in inspect.signature(module.forward).parameters
    ):
        raise TypeError(
            f"The 'loss' argument of {owner} must be a loss: a config or a module of this package, or of "
            f"MMPretrain, with the argument 'reduction_override'. Got {type(module).__name__} instead."
        )
    if getattr(module, "use_sigmoid", True) is False:
        raise ValueError(
            f"The 'loss' argument of {owner} must be a loss with one sigmoid per class, because unknown "
            f"classes would take part in a softmax. Got {type(module).__name__} with use_sigmoid=False "
            "instead. Set use_sigmoid=True if the loss has this argument."
        )
    return MMPretrainLossAdapter(module)
