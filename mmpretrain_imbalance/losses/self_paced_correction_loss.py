"""Self-paced loss correction (SPLC): negatives of high probability become positives."""

from __future__ import annotations

from typing import Any

import torch
from mmpretrain.registry import MODELS
from torch import Tensor

from ..functional import NEGATIVE, POSITIVE, UNKNOWN
from ..functional.losses.self_paced_correction_loss import self_paced_correction_loss
from ..utils.argument_checks import check_integer, check_number
from .base.elementwise_loss import Elements
from .base.traits import Traits
from .base.unknown_as_negative_loss import UnknownAsNegativeLoss


@MODELS.register_module()
class SelfPacedCorrectionLoss(UnknownAsNegativeLoss):
    """SPLC with focal margin loss, see :func:`self_paced_correction_loss`.

    Labels are corrected in training only.

    Source: Zhang et al., 2021 (arXiv 2112.07368), who sum over all elements, and correct labels from the
    second epoch on.

    Args:
        threshold: Probability above which a label is corrected.
        correction_epoch: First epoch, counted from 0, in which labels are corrected.
        margin: Margin subtracted from the logit of positives.
        gamma: Focusing exponent.
        correct_negatives: Whether annotated negatives are corrected too, as published; otherwise only unknown
            labels are.
        unknown: With ``'negative'``, as published, unknown labels are negatives that may be corrected;
            ``'ignore'`` leaves them out.
        **kwargs: ``reduction``, ``loss_weight`` and ``validate`` of :class:`ElementwiseLoss`.

    Raises:
        ValueError: If ``unknown`` or the reduction is not one of the allowed values, or a number is out of
            range.

    Example:
        >>> import torch
        >>> loss = SelfPacedCorrectionLoss()
        >>> logits, labels = torch.tensor([[1.0, 0.0, 1.0]]), torch.tensor([[1, 0, -1]])
        >>> for epoch in (0, 1):
        ...     loss.set_progress(epoch, max_epochs=10, iteration=epoch)
        ...     print(loss(logits, labels))
        tensor(1.0484)
        tensor(0.3692)
    """

    def __init__(
        self,
        threshold: float = 0.6,
        correction_epoch: int = 1,
        margin: float = 1.0,
        gamma: float = 2.0,
        correct_negatives: bool = True,
        unknown: str = "negative",
        **kwargs: Any,
    ) -> None:
        super().__init__(unknown, **kwargs)
        check_number("SelfPacedCorrectionLoss", 0, 1, threshold=threshold)
        check_number("SelfPacedCorrectionLoss", margin=margin)
        check_number("SelfPacedCorrectionLoss", 0, gamma=gamma)
        check_integer("SelfPacedCorrectionLoss", 0, correction_epoch=correction_epoch)
        self.threshold = threshold
        self.correction_epoch = correction_epoch
        self.margin = margin
        self.gamma = gamma
        self.correct_negatives = correct_negatives

    @property
    def traits(self) -> Traits:
        """The correction starts in a given epoch."""
        needs = ("progress",) if self.correction_epoch > 0 else ()
        return super().traits.also(bounded=False, needs=needs)

    def formula(self, logits: Tensor, labels: Tensor) -> Tensor | Elements:
        if not self.training:
            return self._loss(logits, labels, correct=False)
        correct = self.epoch >= self.correction_epoch
        correctable = torch.zeros_like(labels, dtype=torch.bool)
        if self.unknown == "negative":
            correctable = correctable | (labels == UNKNOWN)
        if self.correct_negatives:
            correctable = correctable | (labels == NEGATIVE)
        corrected = correctable & (torch.sigmoid(logits) > self.threshold) & correct
        return Elements(self._loss(logits, labels, correct), labels=labels.masked_fill(corrected, POSITIVE))

    def _loss(self, logits: Tensor, labels: Tensor, correct: Tensor | bool) -> Tensor:
        return self_paced_correction_loss.unvalidated(
            logits, labels, self.threshold, self.margin, self.gamma, correct, self.correct_negatives
        )
