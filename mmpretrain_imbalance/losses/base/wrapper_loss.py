"""The base of losses around a loss."""

from __future__ import annotations

from torch import nn

from .elementwise_loss import ElementwiseLoss
from .mmpretrain_loss_adapter import build_elementwise_loss
from .traits import Traits


class WrapperLoss(ElementwiseLoss):
    """A loss that changes the labels, the loss or the weights of the loss it holds.

    Subclasses implement :meth:`elementwise_loss` around ``self.loss.elements(logits, labels, context)``.

    Args:
        loss: The held loss: a config or a module, of this package or of MMPretrain.
        reduction: As of every loss; ``None`` takes that of the held loss. Only the outermost reduction
            counts.
        **kwargs: ``loss_weight``, beside that of the held loss, and ``validate`` of :class:`ElementwiseLoss`.

    Raises:
        TypeError: If the held object is no loss.
        ValueError: If the composition makes no sense; the message has the reason.
    """

    #: Whether the held loss sees other labels than those of the annotation.
    changes_labels = False
    #: Whether the loss must see the labels of the annotation, and why.
    needs_annotated_labels: str = ""

    def __init__(self, loss: dict | nn.Module, reduction: str | None = None, **kwargs) -> None:
        loss = build_elementwise_loss(loss, type(self).__name__)
        super().__init__(reduction or loss.reduction, **kwargs)
        if reduction is None:
            self.max_class_factor = loss.max_class_factor
        self.loss = loss
        self.sample_id_limit = loss.sample_id_limit
        name = type(self).__name__
        for inner in loss.modules():
            if not isinstance(inner, WrapperLoss):
                continue
            inner_name = type(inner).__name__
            if isinstance(inner, type(self)) or isinstance(self, type(inner)):
                other = "another" if type(inner) is type(self) else "a"
                raise ValueError(
                    f"The 'loss' argument of {name} must not hold {other} {inner_name}: one would undo the "
                    "other."
                )
            if self.changes_labels and inner.needs_annotated_labels:
                raise ValueError(
                    f"The 'loss' argument of {name} must not hold a {inner_name}: "
                    f"{inner.needs_annotated_labels}. Put {inner_name} around {name} instead."
                )

    @property
    def traits(self) -> Traits:
        """Those of the held loss, unless the wrapper changes them."""
        return self.loss.traits
