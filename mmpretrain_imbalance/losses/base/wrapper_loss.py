"""Base class of losses that wrap another loss."""

from __future__ import annotations

from typing import Any

from torch import nn

from .elementwise_loss import ElementwiseLoss
from .mmpretrain_loss_adapter import build_elementwise_loss
from .traits import Traits


class WrapperLoss(ElementwiseLoss):
    """Loss that changes the labels, the element losses or the weights of a wrapped loss.

    Subclasses implement :meth:`ElementwiseLoss.elementwise_loss`, in which they call
    ``self.loss.elements(logits, labels, context)``.

    Args:
        loss: The wrapped loss: a config or a module, of this package or of MMPretrain.
        reduction: Reduction as in :class:`ElementwiseLoss`; ``None`` takes that of the wrapped loss. Only the
            reduction of the outermost loss is used.
        **kwargs: ``loss_weight``, which multiplies that of the wrapped loss, and ``validate`` of
            :class:`ElementwiseLoss`.

    Raises:
        TypeError: If the wrapped object is not a loss.
        ValueError: If the two losses must not be combined; the message gives the reason.
    """

    #: Whether the labels of the wrapped loss differ from the annotation.
    changes_labels = False
    #: The reason why the loss must see the labels of the annotation; empty if it need not.
    needs_annotated_labels: str = ""

    def __init__(self, loss: dict[str, Any] | nn.Module, reduction: str | None = None, **kwargs: Any) -> None:
        wrapped = build_elementwise_loss(loss, type(self).__name__)
        super().__init__(reduction or wrapped.reduction, **kwargs)
        if reduction is None:
            self.max_class_factor = wrapped.max_class_factor
        self.loss = wrapped
        self.sample_id_limit = wrapped.sample_id_limit
        name = type(self).__name__
        for inner in wrapped.modules():
            if not isinstance(inner, WrapperLoss):
                continue
            inner_name = type(inner).__name__
            if isinstance(inner, type(self)) or isinstance(self, type(inner)):
                other = "another" if type(inner) is type(self) else "a"
                raise ValueError(
                    f"The 'loss' argument of {name} must not contain {other} {inner_name}, because one of "
                    "them would undo the other."
                )
            if self.changes_labels and inner.needs_annotated_labels:
                raise ValueError(
                    f"The 'loss' argument of {name} must not contain a {inner_name}, because "
                    f"{inner.needs_annotated_labels}. Put {inner_name} around {name} instead."
                )

    def set_num_images(self, num_images: int) -> None:
        super().set_num_images(num_images)
        self.sample_id_limit = self.loss.sample_id_limit

    @property
    def traits(self) -> Traits:
        """Traits of the wrapped loss; wrappers override what they change."""
        return self.loss.traits
