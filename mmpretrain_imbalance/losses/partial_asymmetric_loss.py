"""Partial asymmetric loss, with BCE, focal loss, ASL and P-ASL as special cases."""

from __future__ import annotations

from typing import Any

from mmpretrain.registry import MODELS
from torch import Tensor

from ..functional import UNKNOWN_MODES, LossContext, known_labels, partial_asymmetric_loss, unknown_weights
from ..utils.argument_checks import check_choice, check_number
from .base.elementwise_loss import Elements, ElementwiseLoss
from .base.traits import Traits


@MODELS.register_module()
class PartialAsymmetricLoss(ElementwiseLoss):
    """Partial asymmetric loss that treats all unknown labels alike.

    With all gammas 0 it is binary cross-entropy, with equal gammas the focal loss, with
    ``gamma_neg=4, clip=0.05`` ASL, and with parameters for positives, negatives and unknown elements P-ASL.
    See :func:`partial_asymmetric_loss` for the equation. The authors of CSL
    use ``reduction='sum'``.

    Args:
        gamma_pos: Focusing exponent of positives.
        gamma_neg: Focusing exponent of negatives.
        gamma_unknown: Focusing exponent of unknown elements, if they are negatives.
        alpha_pos: Weight of positives.
        alpha_neg: Weight of negatives.
        alpha_unknown: Weight of unknown elements, if they are negatives.
        clip: Probability margin of negatives.
        detach_focus: Whether the focusing weight has no gradient.
        unknown: ``'ignore'`` leaves out unknown elements, ``'negative'`` treats them as negatives with their
            own parameters, ``'ignore_normalized'`` leaves them out and weights the known elements of an image
            by their number.
        eps: Smallest probability inside a logarithm. The default is 1e-8, as published, if a gamma or
            ``clip`` is not 0, and otherwise 0, which gives exact binary cross-entropy at any logit.
        **kwargs: ``reduction``, ``loss_weight`` and ``validate`` of :class:`ElementwiseLoss`.

    Raises:
        ValueError: If ``unknown`` or the reduction is not one of the allowed values, or a number is out of
            range.

    Example:
        >>> import torch
        >>> loss = PartialAsymmetricLoss(unknown='ignore')
        >>> loss(torch.zeros(2, 3), torch.tensor([[1, 0, -1], [-1, -1, -1]]))
        tensor(0.6931)
    """

    def __init__(
        self,
        gamma_pos: float = 0.0,
        gamma_neg: float = 0.0,
        gamma_unknown: float = 0.0,
        alpha_pos: float = 1.0,
        alpha_neg: float = 1.0,
        alpha_unknown: float = 1.0,
        clip: float = 0.0,
        detach_focus: bool = True,
        unknown: str = "ignore",
        eps: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        name = type(self).__name__
        check_choice(name, UNKNOWN_MODES, unknown=unknown)
        if eps is None:
            eps = 1e-8 if gamma_pos or gamma_neg or gamma_unknown or clip else 0.0
        check_number(name, 0, gamma_pos=gamma_pos, gamma_neg=gamma_neg, gamma_unknown=gamma_unknown)
        check_number(name, 0, alpha_pos=alpha_pos, alpha_neg=alpha_neg, alpha_unknown=alpha_unknown)
        check_number(name, 0, 1, clip=clip, eps=eps)
        self.gamma_pos = gamma_pos
        self.gamma_neg = gamma_neg
        self.gamma_unknown = gamma_unknown
        self.alpha_pos = alpha_pos
        self.alpha_neg = alpha_neg
        self.alpha_unknown = alpha_unknown
        self.clip = clip
        self.detach_focus = detach_focus
        self.unknown = unknown
        self.eps = eps

    @property
    def traits(self) -> Traits:
        """Unknown elements are left out or are negatives; one mode counts the known labels of an image."""
        return Traits(
            unknown="negative" if self.unknown == "negative" else "ignored",
            elementwise=self.unknown != "ignore_normalized",
            bounded=self.eps > 0,
        )

    def elementwise_loss(self, logits: Tensor, labels: Tensor, context: LossContext) -> Tensor | Elements:
        loss = self._formula(logits, labels)
        if self.unknown == "negative":
            return loss
        if self.unknown == "ignore_normalized":
            weights = unknown_weights(labels, self.unknown, loss.dtype)
            loss = loss if weights is None else loss * weights
        return Elements(loss, known_labels(labels))

    def _formula(self, logits: Tensor, labels: Tensor) -> Tensor:
        return partial_asymmetric_loss.unvalidated(
            logits,
            labels,
            self.gamma_pos,
            self.gamma_neg,
            self.gamma_unknown,
            self.alpha_pos,
            self.alpha_neg,
            self.alpha_unknown,
            self.clip,
            self.detach_focus,
            self.eps,
        )
