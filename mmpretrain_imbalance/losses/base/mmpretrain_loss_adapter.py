"""Any loss of MMPretrain as an element loss that leaves unknown elements out."""

from __future__ import annotations

import inspect

import torch
from mmpretrain.models.losses import AsymmetricLoss, FocalLoss
from mmpretrain.registry import MODELS
from torch import Tensor, nn

from ...functional import LossContext, known_labels, unknown_as_negative
from ...functional.losses.elementwise_loss_function import mixed_over_hard_labels
from .elementwise_loss import ElementwiseLoss
from .traits import Traits

# They take a table (N, 1) for class indices.
_READ_ONE_COLUMN_AS_INDICES = (AsymmetricLoss, FocalLoss)


class MMPretrainLossAdapter(ElementwiseLoss):
    """Adapter around a loss with MMPretrain's signature; unknown elements are kept from it and cost nothing.

    Args:
        loss: A module called as ``loss(pred, target, reduction_override='none')`` that gives a loss of each
            element.

    Raises:
        ValueError: When called, if the loss does not give one value per element, as the softmax losses do.
    """

    def __init__(self, loss: nn.Module) -> None:
        super().__init__()
        self.loss = loss

    @property
    def traits(self) -> Traits:
        """Nobody bounds the losses of the host; weights of classes tie an element to its class."""
        return Traits(elementwise=getattr(self.loss, "class_weight", None) is None, bounded=False)

    def elementwise_loss(self, logits: Tensor, labels: Tensor, context: LossContext) -> tuple[Tensor, Tensor]:
        target = unknown_as_negative(labels).to(logits.dtype)
        if labels.is_floating_point():
            # Not every loss of the host means a mixture of both labels by one between them.
            loss = mixed_over_hard_labels(lambda hard: self._of(logits, hard), target)
        else:
            loss = self._of(logits, target)
        return loss, known_labels(labels)

    def _of(self, logits: Tensor, target: Tensor) -> Tensor:
        if logits.shape[1] == 1 and isinstance(self.loss, _READ_ONE_COLUMN_AS_INDICES):
            logits, target = (
                torch.cat([table, torch.zeros_like(table)], dim=1) for table in (logits, target)
            )
            return self.loss(logits, target, reduction_override="none")[:, :1]
        loss = self.loss(logits, target, reduction_override="none")
        if loss.shape != logits.shape:
            raise ValueError(
                f"The 'loss' argument must give a loss of each element, of shape {tuple(logits.shape)}. "
                f"{type(self.loss).__name__} gives {tuple(loss.shape)} instead; a loss over one sigmoid a "
                "class is needed, such as dict(type='CrossEntropyLoss', use_sigmoid=True)."
            )
        return loss


def build_elementwise_loss(loss: dict | nn.Module, owner: str) -> ElementwiseLoss:
    """Make an element loss of a config, of one of ours, or of one of MMPretrain's.

    Args:
        loss: A config with a ``type``, or a module.
        owner: Name of the class whose 'loss' argument this is, for the message.

    Returns:
        The loss itself where it is an :class:`ElementwiseLoss`, else an adapter around it.

    Raises:
        TypeError: If it is no loss.
        ValueError: If it is a loss over a softmax, in which unknown classes would take part.
    """
    module = MODELS.build(loss) if isinstance(loss, dict) else loss
    if isinstance(module, ElementwiseLoss):
        return module
    if (
        not isinstance(module, nn.Module)
        or "reduction_override" not in inspect.signature(module.forward).parameters
    ):
        raise TypeError(
            f"The 'loss' argument of {owner} must be a loss: a config or module of this package, or one of "
            f"MMPretrain's, which take 'reduction_override'. Got {type(module).__name__} instead."
        )
    if getattr(module, "use_sigmoid", True) is False:
        raise ValueError(
            f"The 'loss' argument of {owner} must be a loss over one sigmoid a class: in a softmax, unknown "
            f"classes take part. Got {type(module).__name__} with use_sigmoid=False instead; give it "
            "use_sigmoid=True if it has that argument."
        )
    return MMPretrainLossAdapter(module)
