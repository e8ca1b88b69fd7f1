"""Entropy maximization with given pseudo-labels (EM + PL), such as those of a vision-language model."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from mmpretrain.registry import MODELS
from numpy.typing import ArrayLike
from torch import Tensor

from ..functional import NEGATIVE, POSITIVE, UNKNOWN, LossContext
from ..functional.losses.entropy_maximization_loss import entropy_maximization_loss
from ..functional.losses.entropy_maximization_pseudo_label_loss import entropy_maximization_pseudo_label_loss
from ..utils.argument_checks import check_number
from .base.elementwise_loss import Elements, ElementwiseLoss
from .base.given_pseudo_labels import GivenPseudoLabels
from .base.traits import Traits


@MODELS.register_module()
class EntropyMaximizationPseudoLabelLoss(ElementwiseLoss):
    """EM + PL, see :func:`entropy_maximization_pseudo_label_loss`.

    An unknown element with a negative pseudo-label takes no part. Pseudo-labels are 1 (positive), 0
    (negative) or -1 (no pseudo-label), unlike in published files; see
    ``mmpretrain_imbalance.losses.base.given_pseudo_labels.GivenPseudoLabels`` for the format and the memory.
    They are used in training only.

    Source: Xing et al., 2023 (arXiv 2310.15985, VLPL), who take the mean over N C: ``reduction='mean'``.

    Args:
        pseudo_labels: A ``.npy`` file of shape (num_images, C), the folder of a label store, or an array.
        num_images: Length of the training set; ``None`` takes it from ``LabelStatisticsHook``.
        alpha: Weight of the entropy: 0.2 for VOC, 0.1 for COCO and NUS-WIDE, 0.01 for CUB.
        beta: Weight of positive pseudo-labels.
        smoothing: Fraction of the negative label in a positive pseudo-label.
        eps: Value added inside every logarithm.
        **kwargs: ``reduction``, ``loss_weight`` and ``validate`` of :class:`ElementwiseLoss`.

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> import torch
        >>> loss = EntropyMaximizationPseudoLabelLoss([[0, 1, 0, -1]], num_images=1)
        >>> loss.set_label_counts(torch.ones(4), torch.zeros(4))
        >>> context = LossContext(sample_ids=torch.tensor([0]))
        >>> labels = torch.tensor([[1, -1, -1, -1]])
        >>> loss(torch.zeros(1, 4), labels, context=context, reduction_override='none')
        tensor([[ 0.6931,  0.4852,  0.0000, -0.0693]])
    """

    traits = Traits(unknown="learned", non_negative=False, needs=("label_counts", "sample_ids"))

    def __init__(
        self,
        pseudo_labels: str | os.PathLike[str] | ArrayLike,
        num_images: int | None = None,
        alpha: float = 0.1,
        beta: float = 0.7,
        smoothing: float = 0.1,
        eps: float = 1e-5,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        name = type(self).__name__
        check_number(name, 0, alpha=alpha, beta=beta)
        check_number(name, 0, 1, smoothing=smoothing, eps=eps)
        self.given = GivenPseudoLabels(pseudo_labels, num_images, name)
        self.pseudo_labels = pseudo_labels
        self.num_images = self.sample_id_limit = num_images
        self.alpha = alpha
        self.beta = beta
        self.smoothing = smoothing
        self.eps = eps

    def set_num_images(self, num_images: int) -> None:
        super().set_num_images(num_images)
        self.num_images = self.sample_id_limit = self.given.set_num_images(num_images)

    def set_label_counts(
        self, positives: Tensor, negatives: Tensor, class_names: Sequence[str] | None = None
    ) -> None:
        super().set_label_counts(positives, negatives, class_names)
        self.given.read(len(positives), class_names)

    def elementwise_loss(self, logits: Tensor, labels: Tensor, context: LossContext) -> Tensor | Elements:
        if not self.training:
            return entropy_maximization_loss.unvalidated(logits, labels, self.alpha, self.eps)
        pseudo = self.given(context.sample_ids, logits.shape[1])
        loss = entropy_maximization_pseudo_label_loss.unvalidated(
            logits, labels, pseudo, self.alpha, self.beta, self.smoothing, self.eps
        )
        unknown = labels == UNKNOWN
        learned = labels.masked_fill(unknown & (pseudo == POSITIVE), POSITIVE)
        return Elements(loss, ~(unknown & (pseudo == NEGATIVE)), learned)
