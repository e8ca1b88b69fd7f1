"""Class-balanced loss: class weights that sum to the number of classes."""

from __future__ import annotations

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
    """Weighs the held loss by class, with weights from the known positives that sum to C.

    The weights are those of :func:`~mmpretrain_imbalance.functional.class_balanced_weights`. Unlike
    :class:`StatisticsBalancedLoss`, positives and negatives of a class have the same weight. Unknown elements
    are left to the held loss and get the weight of their class.

    Source: Cui et al., CVPR 2019 (arXiv 1901.05555), whose data has one label an image: ``scope='image'``. In
    multi-label data both scopes are published (Wu et al., ECCV 2020, arXiv 2007.09654).

    Args:
        loss: The held loss.
        scheme: ``'effective_number'``, ``'inverse'`` or ``'inverse_square_root'``.
        beta: Of the effective number.
        scope: ``'class'`` gives an element the weight of its class; ``'image'`` gives all elements of an
            image the mean weight of its positive classes, 1 if it has none.
        **kwargs: ``reduction``, ``loss_weight`` and ``validate`` of :class:`WrapperLoss`.

    Raises:
        ValueError: If a name is unknown, or beta is not in [0, 1).

    Example:
        >>> loss = ClassBalancedLoss(dict(type='PartialAsymmetricLoss'), scheme='inverse')
        >>> loss.set_label_counts(torch.tensor([75, 25]), torch.tensor([25, 75]))
        >>> loss.class_weight()
        tensor([0.5000, 1.5000])
    """

    def __init__(
        self,
        loss: dict | nn.Module,
        scheme: str = "effective_number",
        beta: float = 0.9999,
        scope: str = "class",
        **kwargs,
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
        """The weight of an image depends on all of its labels."""
        by_class = self.scope == "class"
        held = self.loss.traits
        return held.also(
            needs=["label_counts"],
            elementwise=held.elementwise and by_class,
            soft_labels_mix=held.soft_labels_mix and by_class,
        )

    def elementwise_loss(self, logits: Tensor, labels: Tensor, context: LossContext) -> Elements:
        held = self.loss.elements(logits, labels, context)
        if not self.training:
            return held
        weight = self.class_weight(logits.dtype)
        if self.scope == "image":
            weight = positive_class_mean(labels, weight)
        return held._replace(loss=held.loss * weight)

    def class_weight(self, dtype: torch.dtype = torch.float32) -> Tensor:
        """Weight of each class, of shape (C,)."""
        return class_balanced_weights(self.positives, self.scheme, self.beta, dtype)

    def class_state(self) -> dict[str, Tensor]:
        return {"class_weight": self.class_weight()}
