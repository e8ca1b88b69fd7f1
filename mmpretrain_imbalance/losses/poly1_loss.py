"""Poly-1: binary cross-entropy with a changed first coefficient of its polynomial expansion."""

from __future__ import annotations

from typing import Any

from mmpretrain.registry import MODELS
from torch import Tensor

from ..functional import LossContext, known_labels
from ..functional.losses.poly1_loss import poly1_loss
from ..utils.argument_checks import check_number
from .base.elementwise_loss import ElementwiseLoss
from .base.traits import Traits


@MODELS.register_module()
class Poly1Loss(ElementwiseLoss):
    """Poly-1, see :func:`poly1_loss`; unknown elements are left out.

    Source: Leng et al., ICLR 2022 (arXiv 2204.12511).

    Args:
        epsilon: Value added to the first coefficient of the expansion in 1 - p_t, which is 1; at least -1.
        **kwargs: ``reduction``, ``loss_weight`` and ``validate`` of :class:`ElementwiseLoss`.

    Raises:
        ValueError: If the reduction is not one of the allowed values, or ``epsilon`` is below -1.

    Example:
        >>> import torch
        >>> Poly1Loss()(torch.zeros(1, 3), torch.tensor([[1, 0, -1]]))
        tensor(3.3863)
    """

    traits = Traits(bounded=False)

    def __init__(self, epsilon: float = 2.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_number("Poly1Loss", -1, epsilon=epsilon)
        self.epsilon = epsilon

    def elementwise_loss(self, logits: Tensor, labels: Tensor, context: LossContext) -> tuple[Tensor, Tensor]:
        return poly1_loss.unvalidated(logits, labels, self.epsilon), known_labels(labels)
