"""Base class of losses that were published for data without negative labels."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from ...functional import LossContext, known_labels
from ...utils.argument_checks import check_choice
from .elementwise_loss import Elements, ElementwiseLoss
from .traits import Traits


class UnknownAsNegativeLoss(ElementwiseLoss):
    """Loss that treats unknown labels as negatives, as published, or leaves them out.

    Subclasses implement :meth:`UnknownAsNegativeLoss.formula`.

    Args:
        unknown: ``'negative'`` or ``'ignore'``.
        **kwargs: ``reduction``, ``loss_weight`` and ``validate`` of :class:`ElementwiseLoss`.

    Raises:
        ValueError: If ``unknown`` or the reduction is not one of the allowed values.
    """

    def __init__(self, unknown: str = "negative", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_choice(type(self).__name__, ("negative", "ignore"), unknown=unknown)
        self.unknown = unknown

    @property
    def traits(self) -> Traits:
        """Unknown elements are negatives or are left out."""
        return Traits(unknown="negative" if self.unknown == "negative" else "ignored")

    def formula(self, logits: Tensor, labels: Tensor) -> Tensor | Elements:
        """Return the loss of each element, of shape (N, C), with unknown elements as negatives."""
        raise NotImplementedError

    def elementwise_loss(self, logits: Tensor, labels: Tensor, context: LossContext) -> Tensor | Elements:
        returned = self.formula(logits, labels)
        if self.unknown == "negative":
            return returned
        elements = returned if isinstance(returned, Elements) else Elements(returned)
        return elements.where(known_labels(labels))
