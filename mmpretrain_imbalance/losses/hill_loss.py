"""Hill loss, which down-weights negatives of high probability."""

from __future__ import annotations

from typing import Any

from mmpretrain.registry import MODELS
from torch import Tensor

from ..functional.losses.hill_loss import hill_loss
from ..utils.argument_checks import check_number
from .base.traits import Traits
from .base.unknown_as_negative_loss import UnknownAsNegativeLoss


@MODELS.register_module()
class HillLoss(UnknownAsNegativeLoss):
    """Hill loss, see :func:`hill_loss`.

    Source: Zhang et al., 2021 (arXiv 2112.07368), summed over all elements.

    Args:
        margin: Margin subtracted from the logit of positives.
        gamma: Focusing exponent of positives.
        down_weight: Constant lambda in the weight of negatives.
        unknown: ``'negative'`` as published, or ``'ignore'``.
        **kwargs: ``reduction``, ``loss_weight`` and ``validate`` of :class:`ElementwiseLoss`.

    Raises:
        ValueError: If ``unknown`` or the reduction is not one of the allowed values, or a number is not
            finite.

    Example:
        >>> import torch
        >>> HillLoss()(torch.zeros(1, 3), torch.tensor([[1, 0, -1]]))
        tensor(1.2019)
    """

    def __init__(
        self,
        margin: float = 1.0,
        gamma: float = 2.0,
        down_weight: float = 1.5,
        unknown: str = "negative",
        **kwargs: Any,
    ) -> None:
        super().__init__(unknown, **kwargs)
        check_number("HillLoss", margin=margin, gamma=gamma, down_weight=down_weight)
        self.margin = margin
        self.gamma = gamma
        self.down_weight = down_weight

    @property
    def traits(self) -> Traits:
        """The loss of positives is unbounded."""
        return super().traits.also(bounded=False)

    def formula(self, logits: Tensor, labels: Tensor) -> Tensor:
        return hill_loss.unvalidated(logits, labels, self.margin, self.gamma, self.down_weight)
