"""Assume-negative losses: AN, AN-LS and WAN."""

from __future__ import annotations

from typing import Any

from mmpretrain.registry import MODELS
from torch import Tensor

from ..functional.losses.assume_negative_loss import ASSUME_NEGATIVE_VARIANTS, assume_negative_loss
from ..utils.argument_checks import check_choice, check_number
from .base.traits import Traits
from .base.unknown_as_negative_loss import UnknownAsNegativeLoss


@MODELS.register_module()
class AssumeNegativeLoss(UnknownAsNegativeLoss):
    """AN, AN-LS and WAN, see :func:`assume_negative_loss`.

    Source: Cole et al., CVPR 2021 (arXiv 2106.09708), who take the mean over N C: ``reduction='mean'``.

    Args:
        variant: ``'plain'`` (AN), ``'smoothed'`` (AN-LS) or ``'weak'`` (WAN).
        smoothing: Fraction of the opposite label in ``'smoothed'``.
        eps: Value added inside every logarithm.
        unknown: ``'negative'`` as published; ``'ignore'`` leaves unknown labels out.
        **kwargs: ``reduction``, ``loss_weight`` and ``validate`` of :class:`ElementwiseLoss`.

    Raises:
        ValueError: If an argument is not one of the allowed values or is out of range.

    Example:
        >>> import torch
        >>> AssumeNegativeLoss('weak')(torch.zeros(1, 3), torch.tensor([[1, 0, -1]]))
        tensor(1.3863)
    """

    def __init__(
        self,
        variant: str = "plain",
        smoothing: float = 0.1,
        eps: float = 1e-5,
        unknown: str = "negative",
        **kwargs: Any,
    ) -> None:
        super().__init__(unknown, **kwargs)
        check_choice("AssumeNegativeLoss", ASSUME_NEGATIVE_VARIANTS, variant=variant)
        check_number("AssumeNegativeLoss", 0, 1, smoothing=smoothing, eps=eps)
        self.variant = variant
        self.smoothing = smoothing
        self.eps = eps

    @property
    def traits(self) -> Traits:
        """In the weak variant, weights depend on the number of classes."""
        return super().traits.also(elementwise=self.variant != "weak")

    def formula(self, logits: Tensor, labels: Tensor) -> Tensor:
        return assume_negative_loss.unvalidated(logits, labels, self.variant, self.smoothing, self.eps)
