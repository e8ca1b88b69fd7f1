"""Large Loss: unknown elements with the largest loss as negatives are rejected or become positives."""

from __future__ import annotations

from typing import Any

from mmpretrain.registry import MODELS
from torch import Tensor

from ..functional import POSITIVE, LossContext
from ..functional.losses.large_loss import (
    LARGE_LOSS_SCHEMES,
    large_loss,
    large_loss_rate,
    large_unknown_elements,
)
from ..utils.argument_checks import check_number
from .base.elementwise_loss import Elements, ElementwiseLoss
from .base.traits import Traits


@MODELS.register_module()
class LargeLoss(ElementwiseLoss):
    r"""Treats unknown labels as negatives, except for those of large loss, whose number grows with the epoch.

    In epoch e = 0, 1, ..., the :math:`\lceil N C e \delta / 100 \rceil` unknown elements of the batch with
    the largest loss are rejected or count as positives; see
    :func:`large_loss`. Known elements do not change.

    Source: Kim et al., CVPR 2022 (arXiv 2206.03740), who take the mean over N C: ``reduction='mean'``.

    Args:
        scheme: ``'reject'`` (LL-R) or ``'temporary'`` (LL-Ct).
        delta: Increase of the fraction of such elements in the batch, in percent per epoch; 0.1 to 0.5 in the
            paper.
        **kwargs: ``reduction``, ``loss_weight`` and ``validate`` of :class:`ElementwiseLoss`.

    Raises:
        ValueError: If the scheme or the reduction is not one of the allowed values, or ``delta`` is negative.

    Example:
        >>> import torch
        >>> loss = LargeLoss(delta=25)
        >>> loss.set_progress(epoch=1, max_epochs=10, iteration=1)
        >>> loss(torch.zeros(1, 4), torch.tensor([[1, 0, 0, -1]]), reduction_override='none')
        tensor([[0.6931, 0.6931, 0.6931, 0.0000]])
    """

    traits = Traits(unknown="learned", elementwise=False, bounded=False, needs=("progress",))

    def __init__(self, scheme: str = "reject", delta: float = 0.2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if scheme not in LARGE_LOSS_SCHEMES:
            names = ", ".join(map(repr, LARGE_LOSS_SCHEMES))
            raise ValueError(
                f"The 'scheme' argument of LargeLoss must be one of {names}. Got {scheme!r} instead. The "
                "permanent scheme (LL-Cp) is PermanentLargeLoss."
            )
        check_number("LargeLoss", 0, delta=delta)
        self.scheme = scheme
        self.delta = delta

    def elementwise_loss(self, logits: Tensor, labels: Tensor, context: LossContext) -> Elements:
        rate = large_loss_rate(self.epoch.double(), self.delta) if self.training else 0.0
        large = large_unknown_elements(logits, labels, rate)
        loss = large_loss.unvalidated(logits, labels, large, self.scheme)
        if self.scheme == "reject":
            return Elements(loss, ~large)
        return Elements(loss, labels=labels.masked_fill(large, POSITIVE))
