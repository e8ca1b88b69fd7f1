"""Reflective label corrector of COMIC: negatives of high probability become positives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from mmpretrain.registry import MODELS
from torch import Tensor

from ..functional import POSITIVE, known_labels, unknown_as_negative
from ..functional.losses.multi_grained_focal_loss import multi_grained_weights
from ..functional.losses.reflective_label_corrector_loss import (
    reflected_elements,
    reflective_label_corrector_loss,
)
from ..utils.argument_checks import check_integer, check_number
from .base.elementwise_loss import Elements
from .base.traits import Traits
from .multi_grained_focal_loss import MultiGrainedFocalLoss


@MODELS.register_module()
class ReflectiveLabelCorrectorLoss(MultiGrainedFocalLoss):
    r"""Label corrector, see :func:`reflective_label_corrector_loss`.

    The class weights depend on the numbers of known positives in the training set plus the corrections of the
    previous epoch; in the authors' code, plus those of the current epoch so far. Labels are corrected in
    training only.

    The authors multiply the sum over elements by the number of images divided by the number of positives
    after the correction. With ``per_positive=True``, the elements are multiplied by this factor, so that
    ``reduction='sum'`` gives the published value, and ``'mean_images'`` gives the sum over elements divided
    by the number of positives.

    Source: Zhang et al., ICCV 2023 (arXiv 2304.10539); margin, threshold and exponents are those of their
    code. There, the loss is 0 before the first epoch of the correction; here, it is the loss of the
    uncorrected labels. The authors add 0.2 times this loss to :class:`MultiGrainedFocalLoss`.

    Args:
        threshold: Probability above which a label is corrected.
        correction_epoch: First epoch, counted from 0, in which labels are corrected.
        margin: Margin subtracted from the logit of positives.
        gamma_neg: Focusing exponent of negatives; the weight of the class is added to it.
        correct_negatives: Whether annotated negatives are corrected too, as published; otherwise only unknown
            labels are.
        per_positive: Whether the elements are multiplied by N divided by the number of positives of the
            batch.
        **kwargs: The other arguments of :class:`MultiGrainedFocalLoss`. With ``unknown='negative'``, as
            published, unknown labels are negatives that may be corrected; ``'ignore'`` leaves them out.

    Raises:
        ValueError: If ``unknown`` or the reduction is not one of the allowed values, or a number is out of
            range.

    Example:
        >>> loss = ReflectiveLabelCorrectorLoss()
        >>> loss.set_label_counts(torch.tensor([10, 10]), torch.tensor([90, 90]))
        >>> logits = torch.tensor([[2.0, 0.0], [0.0, 0.0]], requires_grad=True)
        >>> loss(logits, torch.tensor([[0, 1], [0, 0]]))  # 2 of 4 elements are positive after the correction
        tensor(0.7446, grad_fn=<DivBackward0>)
        >>> loss.update_statistics()
        >>> loss.class_counts
        tensor([11., 10.])
    """

    class_counts: Tensor
    corrections: Tensor

    def __init__(
        self,
        threshold: float = 0.7,
        correction_epoch: int = 0,
        margin: float = 1.0,
        gamma_neg: float = 3.0,
        correct_negatives: bool = True,
        per_positive: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(gamma_neg=gamma_neg, **kwargs)
        name = type(self).__name__
        check_number(name, 0, 1, threshold=threshold)
        check_number(name, margin=margin)
        check_integer(name, 0, correction_epoch=correction_epoch)
        self.threshold = threshold
        self.correction_epoch = correction_epoch
        self.margin = margin
        self.correct_negatives = correct_negatives
        self.per_positive = per_positive
        self.register_class_buffer("class_counts")
        self.register_class_buffer("corrections", dtype=torch.int64, gathered=True)

    @property
    def traits(self) -> Traits:
        """The correction depends on the mean of the class in the batch; soft labels are not corrected."""
        needs = ["progress"] if self.correction_epoch > 0 else []
        return super().traits.also(needs=needs, elementwise=False, soft_labels_mix=False)

    def set_label_counts(
        self, positives: Tensor, negatives: Tensor, class_names: Sequence[str] | None = None
    ) -> None:
        super().set_label_counts(positives, negatives, class_names)
        self.class_counts = self.positives.clone()

    def formula(self, logits: Tensor, labels: Tensor) -> Elements:
        corrected = self.corrected(logits.detach(), labels)
        if self.is_training_step:
            self.corrections += corrected.sum(dim=0)
        loss = reflective_label_corrector_loss.unvalidated(
            logits,
            labels,
            corrected,
            self.class_weight_for(logits),
            self.margin,
            self.gamma_pos,
            self.gamma_neg,
            self.clip,
            self.detach_focus,
            self.eps,
        )
        learned = labels.masked_fill(corrected, POSITIVE)
        if self.per_positive:
            loss = loss * (len(labels) / unknown_as_negative(learned).sum().clamp(min=1).to(loss.dtype))
        return Elements(loss, labels=learned)

    def corrected(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Return the elements whose label is corrected in this step, bool, of shape (N, C)."""
        if not self.training:
            return torch.zeros_like(labels, dtype=torch.bool)
        chosen = reflected_elements(logits, labels, self.threshold, self.margin, self.correct_negatives)
        if self.unknown == "ignore":
            chosen = chosen & known_labels(labels)
        return chosen & (self.epoch >= self.correction_epoch)

    def update_statistics(self) -> None:
        self.class_counts.copy_(self.positives + self.corrections)

    def class_weight(self, dtype: torch.dtype = torch.float32) -> Tensor:
        """Return the weight of each class, of shape (C,)."""
        return multi_grained_weights(self.class_counts, dtype)

    def class_state(self) -> dict[str, Tensor]:
        return {"class_weight": self.class_weight(), "class_counts": self.class_counts}
