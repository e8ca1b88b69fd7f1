"""Entropy maximization (EM) at unknown elements."""

from __future__ import annotations

from typing import Any

from mmpretrain.registry import MODELS
from torch import Tensor

from ..functional import LossContext
from ..functional.losses.entropy_maximization_loss import entropy_maximization_loss
from ..utils.argument_checks import check_number
from .base.elementwise_loss import ElementwiseLoss
from .base.traits import Traits


@MODELS.register_module()
class EntropyMaximizationLoss(ElementwiseLoss):
    """EM, see :func:`entropy_maximization_loss`; every element takes part.

    Source: Zhou et al., ECCV 2022 (arXiv 2203.16219), who take the mean over N C: ``reduction='mean'``.

    Args:
        alpha: Weight of the entropy at unknown elements: 0.2 for VOC, 0.1 for COCO and NUS-WIDE, 0.01 for
            CUB.
        eps: Value added inside every logarithm.
        **kwargs: ``reduction``, ``loss_weight`` and ``validate`` of :class:`ElementwiseLoss`.

    Raises:
        ValueError: If the reduction is not one of the allowed values, or ``alpha`` or ``eps`` is out of
            range.

    Example:
        >>> import torch
        >>> EntropyMaximizationLoss()(torch.zeros(1, 3), torch.tensor([[1, 0, -1]]))
        tensor(1.3169)
    """

    traits = Traits(unknown="learned", non_negative=False)

    def __init__(self, alpha: float = 0.1, eps: float = 1e-5, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_number("EntropyMaximizationLoss", 0, alpha=alpha)
        check_number("EntropyMaximizationLoss", 0, 1, eps=eps)
        self.alpha = alpha
        self.eps = eps

    def elementwise_loss(self, logits: Tensor, labels: Tensor, context: LossContext) -> Tensor:
        return entropy_maximization_loss.unvalidated(logits, labels, self.alpha, self.eps)
