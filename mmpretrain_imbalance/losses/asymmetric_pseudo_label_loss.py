"""Entropy maximization with asymmetric pseudo-labels (EM + APL)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from mmpretrain.registry import MODELS
from torch import Tensor

from ..functional import UNKNOWN, LossContext
from ..functional.losses.asymmetric_pseudo_label_loss import asymmetric_pseudo_label_loss, lowest_elements
from ..utils.argument_checks import check_integer, check_number
from .base.elementwise_loss import ElementwiseLoss
from .base.loss_checks import required_num_images, required_sample_ids
from .base.traits import Traits

# Marks known elements in the matrix of probabilities.
_KNOWN = 2.0


@MODELS.register_module()
class AsymmetricPseudoLabelLoss(ElementwiseLoss):
    r"""EM, with soft negative labels, after a warm-up, for the unknown elements of lowest probability.

    At the end of epoch :math:`e \ge W` (counted from 1) of E, with W = ``warmup_epochs``,

    .. math:: \lfloor \text{proportion} \cdot u_c / (E - W) \rfloor

    of the :math:`u_c` unknown elements of class c get a permanent soft label: those of lowest p that have no
    soft label yet. The label is p; see :func:`asymmetric_pseudo_label_loss`.
    Annotated negatives stay negatives.

    p is the probability predicted for the image in the training step of that epoch. The authors predict all
    images once more after the epoch; this implementation saves that pass. It cannot be combined with
    augmentations that mix images, because a mixed image has no sample id.

    Memory on every rank: 8 bytes per image and class, 4 of them in the checkpoint. COCO takes 52 MB. 9M
    images with 9,605 classes would take 690 GB, so the method is not suited to such data.

    Source: Zhou et al., ECCV 2022 (arXiv 2203.16219), who take the mean over N C: ``reduction='mean'``.

    Args:
        num_images: Length of the training set; ``None`` takes it from ``LabelStatisticsHook``.
        alpha: Weight of the entropy: 0.2 for VOC, 0.1 for COCO and NUS-WIDE, 0.01 for CUB.
        beta: Weight of the soft labels: 0.02 for VOC, 0.9 for COCO, 0.2 for NUS-WIDE, 0.4 for CUB.
        proportion: Fraction of the unknown elements that have a soft label at the end.
        warmup_epochs: Number of epochs before the first soft labels, at least 1. Of 10 epochs: 5 for VOC and
            COCO, 4 for NUS-WIDE, 3 for CUB.
        eps: Value added inside every logarithm.
        **kwargs: ``reduction``, ``loss_weight`` and ``validate`` of :class:`ElementwiseLoss`.

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> loss = AsymmetricPseudoLabelLoss(num_images=4, warmup_epochs=1)
        >>> loss.set_label_counts(torch.tensor([0]), torch.tensor([0]))
        >>> loss.set_progress(epoch=0, max_epochs=3, iteration=0)
        >>> context = LossContext(sample_ids=torch.arange(4))
        >>> logits = torch.tensor([[0.0], [-2.0], [3.0], [1.0]], requires_grad=True)
        >>> _ = loss(logits, torch.full((4, 1), -1), context=context)
        >>> loss.update_statistics()  # int(0.9 * 4 / 2) = 1
        >>> loss.soft_labels
        tensor([[0.0000, 0.1192, 0.0000, 0.0000]])
    """

    traits = Traits(
        unknown="learned",
        non_negative=False,
        needs=("label_counts", "progress", "whole_epochs", "sample_ids"),
    )
    soft_labels: Tensor
    probability_sum: Tensor
    visits: Tensor

    def __init__(
        self,
        num_images: int | None = None,
        alpha: float = 0.1,
        beta: float = 0.9,
        proportion: float = 0.9,
        warmup_epochs: int = 5,
        eps: float = 1e-5,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        name = type(self).__name__
        check_integer(name, 1, warmup_epochs=warmup_epochs)
        check_number(name, 0, 1, proportion=proportion, eps=eps)
        check_number(name, 0, alpha=alpha, beta=beta)
        self.num_images: int | None = None
        self.alpha = alpha
        self.beta = beta
        self.proportion = proportion
        self.warmup_epochs = warmup_epochs
        self.eps = eps
        # 0 means no soft label, because every probability is larger.
        self.register_class_buffer("soft_labels", 0)
        self.register_class_buffer("probability_sum", 0, gathered=True)
        self.register_gathered("visits", torch.zeros(0))
        if num_images is not None:
            check_integer(name, 1, num_images=num_images)
            self.set_num_images(num_images)

    def set_num_images(self, num_images: int) -> None:
        super().set_num_images(num_images)
        if self.num_images is None:
            self.num_images = self.sample_id_limit = num_images
            self.resize_class_buffer("soft_labels", num_images)
            self.resize_class_buffer("probability_sum", num_images)
            self.visits = self.visits.new_zeros(num_images)

    def set_label_counts(
        self, positives: Tensor, negatives: Tensor, class_names: Sequence[str] | None = None
    ) -> None:
        required_num_images(self.num_images, type(self).__name__)
        super().set_label_counts(positives, negatives, class_names)

    def elementwise_loss(self, logits: Tensor, labels: Tensor, context: LossContext) -> Tensor:
        soft = torch.full_like(logits, -1)
        if self.training:
            given = self.soft_labels[:, self._rows(context)].T.to(logits.dtype)
            soft = given.where(given > 0, -1.0)
        return asymmetric_pseudo_label_loss.unvalidated(logits, labels, soft, self.alpha, self.beta, self.eps)

    def gather(self, logits: Tensor, labels: Tensor, context: LossContext) -> None:
        rows = self._rows(context)
        counted = (self.epoch + 1 >= self.warmup_epochs).to(self.visits.dtype)
        # Probabilities are kept above 0, because 0 means no soft label.
        seen = torch.sigmoid(logits).float().clamp(min=1e-38).where(labels == UNKNOWN, _KNOWN)
        self.probability_sum.index_add_(1, rows, (counted * seen).T)
        self.visits.index_add_(0, rows, counted.expand(len(rows)))

    def _rows(self, context: LossContext) -> Tensor:
        return required_sample_ids(context).clamp(0, len(self.visits) - 1)

    def update_statistics(self) -> None:
        if not self.visits.any():
            return
        # If a sampler returns an image twice in an epoch, its probability is the mean of both predictions.
        probabilities = self.probability_sum / self.visits.clamp(min=1)
        unknown = (self.visits > 0) & (probabilities <= 1)
        epochs = max(int(self.max_epochs) - self.warmup_epochs, 1)
        num_chosen = [int(self.proportion * number / epochs) for number in unknown.sum(dim=1).tolist()]
        chosen = lowest_elements(probabilities, unknown & (self.soft_labels == 0), num_chosen)
        self.soft_labels.copy_(torch.where(chosen, probabilities, self.soft_labels))

    def class_state(self) -> dict[str, Tensor]:
        return {"soft_label_fraction": (self.soft_labels > 0).float().mean(dim=1)}
