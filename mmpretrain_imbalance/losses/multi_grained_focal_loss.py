"""Multi-grained focal loss (multi-focal modifier of COMIC): focusing that depends on the class frequency."""

from __future__ import annotations

from typing import Any

import torch
from mmpretrain.registry import MODELS
from torch import Tensor

from ..functional.losses.multi_grained_focal_loss import multi_grained_focal_loss, multi_grained_weights
from ..utils.argument_checks import check_number
from .base.elementwise_loss import Elements
from .base.traits import Traits
from .base.unknown_as_negative_loss import UnknownAsNegativeLoss


@MODELS.register_module()
class MultiGrainedFocalLoss(UnknownAsNegativeLoss):
    """Multi-grained focal loss, see :func:`multi_grained_focal_loss`.

    The class weights depend on the numbers of known positives in the training set.

    Source: Zhang et al., ICCV 2023 (arXiv 2304.10539), summed over all elements: ``reduction='sum'``.

    Args:
        gamma_pos: Focusing exponent of positives.
        gamma_neg: Focusing exponent of negatives; the weight of the class is added to it.
        clip: Probability margin of negatives.
        detach_focus: Whether the focusing weight has no gradient.
        eps: Smallest probability inside a logarithm.
        unknown: ``'negative'`` as published, or ``'ignore'``.
        **kwargs: ``reduction``, ``loss_weight`` and ``validate`` of :class:`ElementwiseLoss`.

    Raises:
        ValueError: If ``unknown`` or the reduction is not one of the allowed values, or a number is out of
            range.

    Example:
        >>> loss = MultiGrainedFocalLoss()
        >>> loss.set_label_counts(torch.tensor([1000, 10]), torch.tensor([0, 990]))
        >>> loss.class_weight()
        tensor([1.0000, 1.3328])
        >>> loss(torch.zeros(1, 2), torch.tensor([[0, 1]]))
        tensor(0.9349)
    """

    positives: Tensor

    def __init__(
        self,
        gamma_pos: float = 0.0,
        gamma_neg: float = 4.0,
        clip: float = 0.05,
        detach_focus: bool = True,
        eps: float = 1e-8,
        unknown: str = "negative",
        **kwargs: Any,
    ) -> None:
        super().__init__(unknown, **kwargs)
        name = type(self).__name__
        check_number(name, 0, gamma_pos=gamma_pos, gamma_neg=gamma_neg)
        check_number(name, 0, 1, clip=clip, eps=eps)
        self.gamma_pos = gamma_pos
        self.gamma_neg = gamma_neg
        self.clip = clip
        self.detach_focus = detach_focus
        self.eps = eps
        self.register_class_buffer("positives")

    @property
    def traits(self) -> Traits:
        """The class weights depend on the label counts."""
        return super().traits.also(needs=["label_counts"], bounded=self.eps > 0)

    def formula(self, logits: Tensor, labels: Tensor) -> Tensor | Elements:
        return multi_grained_focal_loss.unvalidated(
            logits,
            labels,
            self.class_weight_for(logits),
            self.gamma_pos,
            self.gamma_neg,
            self.clip,
            self.detach_focus,
            self.eps,
        )

    def class_weight_for(self, logits: Tensor) -> Tensor:
        """Return the weight of each class; 1 if the loss is evaluated without a training set."""
        has_counts = len(self.positives) > 0
        return self.class_weight(logits.dtype) if has_counts else logits.new_ones(logits.shape[1])

    def class_weight(self, dtype: torch.dtype = torch.float32) -> Tensor:
        """Return the weight of each class, of shape (C,)."""
        return multi_grained_weights(self.positives, dtype)

    def class_state(self) -> dict[str, Tensor]:
        return {"class_weight": self.class_weight()}
