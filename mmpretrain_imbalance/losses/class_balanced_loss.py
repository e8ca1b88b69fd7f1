"""Class-balanced loss: class weights that sum to the number of classes."""

from __future__ import annotations

from typing import Any

import torch
from mmpretrain.registry import MODELS
from torch import Tensor, nn

from ..functional import LossContext
from ..functional.class_weights import CLASS_BALANCED_SCHEMES, class_balanced_weights, positive_class_mean
from ..utils.argument_checks import check_choice, check_interval
from .base.elementwise_loss import Elements
from .base.traits import Traits
from .base.wrapper_loss import WrapperLoss

SCOPES = ("class", "image")


@MODELS.register_module()
class ClassBalancedLoss(WrapperLoss):
    """Multiplies the wrapped loss by class weights that sum to C.

    The weights depend on the numbers of known positives, see
    :func:`class_balanced_weights`. Unlike in
    :class:`StatisticsBalancedLoss`, positives and negatives of a class have the same weight. The wrapped loss
    decides how unknown elements are treated; they get the weight of their class.

    Source: Cui et al., CVPR 2019 (arXiv 1901.05555), for single-label data: ``scope='image'``. Both scopes
    have been published for multi-label data (Wu et al., ECCV 2020, arXiv 2007.09654).

    Args:
        loss: The wrapped loss.
        scheme: ``'effective_number'``, ``'inverse'`` or ``'inverse_square_root'``.
        beta: Parameter of the effective number.
        scope: With ``'class'``, an element has the weight of its class. With ``'image'``, all elements of an
            image have the mean weight of its positive classes, or 1 if it has no positive.
        **kwargs: ``reduction``, ``loss_weight`` and ``validate`` of :class:`WrapperLoss`.

    Raises:
        ValueError: If an argument is not one of the allowed values, or ``beta`` is not in [0, 1).

    Example:
        >>> loss = ClassBalancedLoss(dict(type='PartialAsymmetricLoss'), scheme='inverse')
        >>> loss.set_label_counts(torch.tensor([75, 25]), torch.tensor([25, 75]))
        >>> loss.class_weight()
        tensor([0.5000, 1.5000])
    """

    positives: Tensor

    def __init__(
        self,
        loss: dict[str, Any] | nn.Module,
        scheme: str = "effective_number",
        beta: float = 0.9999,
        scope: str = "class",
        **kwargs: Any,
    ) -> None:
        super().__init__(loss, **kwargs)
        check_choice("ClassBalancedLoss", CLASS_BALANCED_SCHEMES, scheme=scheme)
        check_choice("ClassBalancedLoss", SCOPES, scope=scope)
        check_interval("ClassBalancedLoss", "[0, 1)", beta=beta)
        self.scheme = scheme
        self.beta = beta
        self.scope = scope
        self.register_class_buffer("positives")

    @property
    def traits(self) -> Traits:
        """With the scope ``'image'``, the weight of an image depends on all of its labels."""
        by_class = self.scope == "class"
        wrapped = self.loss.traits
        return wrapped.also(
            needs=["label_counts"],
            elementwise=wrapped.elementwise and by_class,
            soft_labels_mix=wrapped.soft_labels_mix and by_class,
        )

    def elementwise_loss(self, logits: Tensor, labels: Tensor, context: LossContext) -> Elements:
        wrapped = self.loss.elements(logits, labels, context)
        if not self.training:
            return wrapped
        weight = self.class_weight(logits.dtype)
        if self.scope == "image":
            weight = positive_class_mean(labels, weight)
        return wrapped._replace(loss=wrapped.loss * weight)

    def class_weight(self, dtype: torch.dtype = torch.float32) -> Tensor:
        """Return the weight of each class, of shape (C,)."""
        return class_balanced_weights(self.positives, self.scheme, self.beta, dtype)

    def class_state(self) -> dict[str, Tensor]:
        return {"class_weight": self.class_weight()}
