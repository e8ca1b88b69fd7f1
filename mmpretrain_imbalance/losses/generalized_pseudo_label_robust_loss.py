"""Generalized pseudo-label robust loss (GPR): GR with given pseudo-labels."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import torch
from mmpretrain.registry import MODELS
from numpy.typing import ArrayLike
from torch import Tensor

from ..functional import UNKNOWN, LossContext
from ..functional.losses.expected_positives_loss import expected_positives_regularizer
from ..functional.losses.generalized_pseudo_label_robust_loss import generalized_pseudo_label_robust_loss
from ..utils.argument_checks import check_interval, check_number
from .base.elementwise_loss import Elements
from .base.given_pseudo_labels import GivenPseudoLabels
from .base.traits import Traits
from .generalized_robust_loss import GeneralizedRobustLoss


@MODELS.register_module()
class GeneralizedPseudoLabelRobustLoss(GeneralizedRobustLoss):
    r"""GPR, see :func:`generalized_pseudo_label_robust_loss`.

    The loss adds ``regularization`` times
    :func:`expected_positives_regularizer`, the regularizer of the number of
    predicted positives, to every element.

    Pseudo-labels are 1 (positive), 0 (negative) or -1 (no pseudo-label), unlike in published files; see
    ``mmpretrain_imbalance.losses.base.given_pseudo_labels.GivenPseudoLabels`` for the format and the memory.
    They are used in training only, and are the same in every epoch; the authors generate them in each step.

    Source: Tran et al., ICCV 2025 (arXiv 2508.20381, AEVLP), who take the mean over N C:
    ``reduction='mean'``. The defaults are those of their code for COCO; for VOC: ``slope=(0, 2)``,
    ``offset=(-2, -2)``, ``positive_weights=(0.4, 0.7)``, ``regularization=0.05``.

    Args:
        pseudo_labels: A ``.npy`` file of shape (num_images, C), the folder of a label store, or an array.
        num_images: Length of the training set; ``None`` takes it from ``LabelStatisticsHook``.
        expected_positives: Mean number of positives per image: 1.5 in VOC, 2.9 in COCO, 1.9 in NUS-WIDE, 31.4
            in CUB.
        slope: First and last slope of the probability that an unknown label is positive.
        offset: First and last offset of this probability.
        positive_weights: Smallest and largest weight of a positive pseudo-label.
        smoothing: Fraction of the negative label in a positive pseudo-label.
        regularization: Weight of the regularizer; 0 disables it.
        **kwargs: The other arguments of :class:`GeneralizedRobustLoss`.

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> loss = GeneralizedPseudoLabelRobustLoss([[0, 1, 0, -1]], num_images=1, expected_positives=2)
        >>> loss.set_label_counts(torch.ones(4), torch.zeros(4))
        >>> loss.set_progress(epoch=0, max_epochs=8, iteration=0)
        >>> context = LossContext(sample_ids=torch.tensor([0]))
        >>> labels = torch.tensor([[1, -1, -1, -1]])
        >>> loss(torch.zeros(1, 4), labels, context=context, reduction_override='none')
        tensor([[0.6931, 0.3466, 0.6930, 0.5226]])
    """

    def __init__(
        self,
        pseudo_labels: str | os.PathLike[str] | ArrayLike,
        num_images: int | None = None,
        *,
        expected_positives: float,
        slope: tuple[float, float] = (0.0, 10.0),
        offset: tuple[float, float] = (-2.0, -8.0),
        positive_weights: tuple[float, float] = (0.5, 0.7),
        smoothing: float = 0.1,
        regularization: float = 0.001,
        **kwargs: Any,
    ) -> None:
        super().__init__(slope, offset, **kwargs)
        name = type(self).__name__
        check_interval(name, "(0, inf)", expected_positives=expected_positives)
        check_number(name, 0, 1, smoothing=smoothing)
        check_number(name, 0, regularization=regularization)
        if len(positive_weights) != 2 or not 0 <= positive_weights[0] <= positive_weights[1] <= 1:
            raise ValueError(
                f"The 'positive_weights' argument of {name} must be the smallest and the largest weight, in "
                f"this order and both in [0, 1]. Got {positive_weights} instead."
            )
        self.given = GivenPseudoLabels(pseudo_labels, num_images, name)
        self.pseudo_labels = pseudo_labels
        self.num_images = self.sample_id_limit = num_images
        self.expected_positives = expected_positives
        self.positive_weights = tuple(positive_weights)
        self.smoothing = smoothing
        self.regularization = regularization

    @property
    def traits(self) -> Traits:
        """The regularizer depends on all logits of the batch."""
        return super().traits.also(needs=["label_counts", "sample_ids"], elementwise=self.regularization == 0)

    def set_num_images(self, num_images: int) -> None:
        super().set_num_images(num_images)
        self.num_images = self.sample_id_limit = self.given.set_num_images(num_images)

    def set_label_counts(
        self, positives: Tensor, negatives: Tensor, class_names: Sequence[str] | None = None
    ) -> None:
        super().set_label_counts(positives, negatives, class_names)
        self.given.read(len(positives), class_names)

    def elementwise_loss(self, logits: Tensor, labels: Tensor, context: LossContext) -> Elements:
        pseudo = torch.full_like(labels, UNKNOWN)
        if self.training:
            pseudo = self.given(context.sample_ids, logits.shape[1])
        loss = generalized_pseudo_label_robust_loss.unvalidated(
            logits, labels, pseudo, *self.constants(), self.positive_weights, self.smoothing
        )
        if self.regularization:
            regularizer = expected_positives_regularizer(logits, self.expected_positives)
            loss = loss + self.regularization * regularizer
        return Elements(loss, labels=torch.where(labels == UNKNOWN, pseudo.to(labels.dtype), labels))
