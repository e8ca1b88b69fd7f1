"""Large Loss: unknown elements that fit "negative" worst are rejected or flipped."""

from __future__ import annotations

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
    r"""Unknown labels as negatives, except for a growing share of the batch whose loss is large.

    In epoch e, counted from 0, the :math:`\lceil N C e \delta / 100 \rceil` unknown elements of the batch
    with the largest loss are rejected or count as positives, see
    :func:`~mmpretrain_imbalance.functional.large_loss`. Known elements never change.

    Source: Kim et al., CVPR 2022 (arXiv 2206.03740), who take the mean over N C: ``reduction='mean'``.

    Args:
        scheme: ``'reject'`` (LL-R) or ``'temporary'`` (LL-Ct).
        delta: Growth of the share in per cent an epoch; the paper tries 0.1 to 0.5.
        **kwargs: ``reduction``, ``loss_weight`` and ``validate`` of :class:`ElementwiseLoss`.

    Raises:
        ValueError: If the scheme or the reduction is no known name, or delta is negative.

    Example:
        >>> import torch
        >>> loss = LargeLoss(delta=25)
        >>> loss.set_progress(epoch=1, max_epochs=10, iteration=1)
        >>> loss(torch.zeros(1, 4), torch.tensor([[1, 0, 0, -1]]), reduction_override='none')
        tensor([[0.6931, 0.6931, 0.6931, 0.0000]])
    """

    traits = Traits(unknown="learned", elementwise=False, bounded=False, needs=("progress",))

    def __init__(self, scheme: str = "reject", delta: float = 0.2, **kwargs) -> None:
        super().__init__(**kwargs)
        if scheme not in LARGE_LOSS_SCHEMES:
            names = ", ".join(map(repr, LARGE_LOSS_SCHEMES))
            raise ValueError(
                f"The 'scheme' argument of LargeLoss must be one of {names}; the permanent scheme is "
                f"PermanentLargeLoss. Got {scheme!r} instead."
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
