"""Distribution-balanced loss: re-balanced weights, and negative-tolerant regularization."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from mmpretrain.registry import MODELS
from torch import Tensor

from ..functional import LossContext, known_labels
from ..functional.losses.distribution_balanced_loss import WEIGHT_NORMS, distribution_balanced_loss
from ..utils.argument_checks import check_choice, check_integer, check_interval, check_number
from .base.elementwise_loss import ElementwiseLoss
from .base.traits import Traits


@MODELS.register_module()
class DistributionBalancedLoss(ElementwiseLoss):
    """DB loss, see :func:`distribution_balanced_loss`.

    Unknown elements are left out.

    Source: Wu et al., ECCV 2020 (arXiv 2007.09654), who take the mean over N C: ``reduction='mean'``.
    The defaults are theirs for COCO-MLT; for VOC-MLT: ``gamma=0.3, negative_scale=5``.

    Args:
        alpha: Smallest weight of an element.
        beta: Steepness of the weight.
        gamma: Midpoint of the increase of the weight.
        initial_bias: Factor of the class bias; 0 disables the bias.
        negative_scale: Scale of the logits of negatives; 1 disables the scaling.
        focusing: Focusing exponent; 0 disables focusing.
        focal_weight: Factor of the focal loss.
        rebalance: Whether elements are weighted.
        weight_norm: ``'by_instance'`` divides the weights of an image by their maximum, ``'by_batch'``
            divides all weights by the maximum of the batch, ``None`` does not normalize.
        num_images: Number of images T in the class bias; ``None`` uses the number of known labels of each
            class, which is the same in fully labeled data.
        **kwargs: ``reduction``, ``loss_weight`` and ``validate`` of :class:`ElementwiseLoss`.

    Raises:
        ValueError: If an argument is not one of the allowed values or is out of range.

    Example:
        >>> loss = DistributionBalancedLoss()
        >>> loss.set_label_counts(torch.tensor([50, 50]), torch.tensor([50, 50]))
        >>> loss(torch.zeros(1, 2), torch.tensor([[1, -1]]))
        tensor(0.3811)
    """

    traits = Traits(elementwise=False, bounded=False, soft_labels_mix=False, needs=("label_counts",))
    positives: Tensor
    negatives: Tensor

    def __init__(
        self,
        alpha: float = 0.1,
        beta: float = 10.0,
        gamma: float = 0.2,
        initial_bias: float = 0.05,
        negative_scale: float = 2.0,
        focusing: float = 2.0,
        focal_weight: float = 2.0,
        rebalance: bool = True,
        weight_norm: str | None = None,
        num_images: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        name = type(self).__name__
        check_interval(name, "(0, inf)", negative_scale=negative_scale, beta=beta)
        check_number(name, alpha=alpha, gamma=gamma, initial_bias=initial_bias)
        check_number(name, 0, focusing=focusing, focal_weight=focal_weight)
        check_choice(name, WEIGHT_NORMS, weight_norm=weight_norm)
        if num_images is not None:
            check_integer(name, 1, num_images=num_images)
        self.alpha = alpha
        self.beta = beta
        self.gamma = gamma
        self.initial_bias = initial_bias
        self.negative_scale = negative_scale
        self.focusing = focusing
        self.focal_weight = focal_weight
        self.rebalance = rebalance
        self.weight_norm = weight_norm
        self.num_images = num_images
        self.register_class_buffer("positives")
        self.register_class_buffer("negatives")

    def set_label_counts(
        self, positives: Tensor, negatives: Tensor, class_names: Sequence[str] | None = None
    ) -> None:
        if self.num_images is not None:
            negatives = self.num_images - torch.as_tensor(positives)
        super().set_label_counts(positives, negatives, class_names)

    def elementwise_loss(self, logits: Tensor, labels: Tensor, context: LossContext) -> tuple[Tensor, Tensor]:
        positives, negatives = self.positives, self.negatives
        if not len(positives):  # there are no counts if the loss is evaluated without a training set
            positives = negatives = logits.new_zeros(logits.shape[1])
        loss = distribution_balanced_loss.unvalidated(
            logits,
            labels,
            positives,
            negatives,
            self.alpha,
            self.beta,
            self.gamma,
            self.initial_bias,
            self.negative_scale,
            self.focusing,
            self.focal_weight,
            self.rebalance,
            self.weight_norm,
        )
        return loss, known_labels(labels)
