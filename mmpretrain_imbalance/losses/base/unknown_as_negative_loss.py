"""The base of losses that were published for labels in which unknown and negative are one."""

from __future__ import annotations

from torch import Tensor

from ...functional import LossContext, known_labels
from ...utils.argument_checks import check_choice
from .elementwise_loss import Elements, ElementwiseLoss
from .traits import Traits


class UnknownAsNegativeLoss(ElementwiseLoss):
    """A loss that takes unknown labels for negatives, as published, or leaves them out.

    Subclasses implement :meth:`formula`.

    Args:
        unknown: ``'negative'`` or ``'ignore'``.
        **kwargs: ``reduction``, ``loss_weight`` and ``validate`` of :class:`ElementwiseLoss`.

    Raises:
        ValueError: If ``unknown`` or the reduction is no name above.
    """

    def __init__(self, unknown: str = "negative", **kwargs) -> None:
        super().__init__(**kwargs)
        check_choice(type(self).__name__, ("negative", "ignore"), unknown=unknown)
        self.unknown = unknown

    @property
    def traits(self) -> Traits:
        """Unknown elements are negatives, or left out."""
        return Traits(unknown="negative" if self.unknown == "negative" else "ignored")

    def formula(self, logits: Tensor, labels: Tensor) -> Tensor | Elements:
        """Loss of each element, of shape (N, C), unknown ones as negatives."""
        raise NotImplementedError

    def elementwise_loss(self, logits: Tensor, labels: Tensor, context: LossContext) -> Tensor | Elements:
        returned = self.formula(logits, labels)
        if self.unknown == "negative":
            return returned
        elements = returned if isinstance(returned, Elements) else Elements(returned)
        return elements.where(known_labels(labels))
