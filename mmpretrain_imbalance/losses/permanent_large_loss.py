"""Large Loss with permanent correction: an unknown element that became positive stays positive."""

from __future__ import annotations

import math
from typing import Any

import torch
from mmpretrain.registry import MODELS
from torch import Tensor

from ..functional import POSITIVE, UNKNOWN, LossContext
from ..functional.losses.large_loss import large_loss, large_unknown_elements
from ..utils.argument_checks import check_number
from .base.elementwise_loss import Elements, ElementwiseLoss
from .base.per_sample_memory import PerSampleMemory
from .base.traits import Traits


@MODELS.register_module()
class PermanentLargeLoss(ElementwiseLoss):
    r"""Treats unknown labels as negatives; in each epoch, those of largest loss become positive permanently.

    From the second epoch on, the :math:`\lceil N C \delta / 100 \rceil` unknown elements of the batch with
    the largest loss as negatives are flipped: they count as positives in this batch, and as annotated
    positives of their image from the next epoch on.
    ``mmpretrain_imbalance.losses.base.per_sample_memory.PerSampleMemory`` stores the flips. Known elements do
    not change. :class:`LargeLoss` has the two schemes that store nothing.

    Each batch of B images adds :math:`k = \lceil B C \delta / 100 \rceil` elements (more if losses are equal)
    of 8 bytes each. In 10 epochs these are 0.7 MB for COCO (82,000 images in batches of 16, 80 classes,
    :math:`\delta = 0.1`), but 6 GB for 9M images and 9,605 classes with the same :math:`\delta`. Choose
    :math:`\delta` so that the fraction of flipped elements is that of the missing positives.

    Source: Kim et al., CVPR 2022 (arXiv 2206.03740), LL-Cp; they take the mean over N C:
    ``reduction='mean'``. In the authors' code, too, a flip is permanent from the next epoch on, because each
    image occurs once per epoch.

    Args:
        delta: Fraction of the elements of a batch that are flipped in each epoch, in percent.
        **kwargs: ``reduction``, ``loss_weight`` and ``validate`` of :class:`ElementwiseLoss`.

    Raises:
        ValueError: If the reduction is not one of the allowed values, or ``delta`` is not in [0, 100].

    Example:
        >>> loss = PermanentLargeLoss(delta=30)
        >>> loss.set_progress(epoch=1, max_epochs=10, iteration=1)
        >>> context = LossContext(sample_ids=torch.tensor([5]))
        >>> logits, labels = torch.tensor([[0.0, 2.0, 0.0]], requires_grad=True), torch.tensor([[1, -1, -1]])
        >>> loss(logits, labels, context=context, reduction_override='none').detach()  # k = 1: flips class 1
        tensor([[0.6931, 0.1269, 0.6931]])
        >>> loss.update_statistics()
        >>> loss.image_state.lookup(context.sample_ids, 3)
        tensor([[False,  True, False]])
    """

    traits = Traits(unknown="learned", elementwise=False, bounded=False, needs=("progress", "sample_ids"))

    def __init__(self, delta: float = 0.1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_number("PermanentLargeLoss", 0, 100, delta=delta)
        self.delta = delta
        self.image_state = PerSampleMemory()

    def elementwise_loss(self, logits: Tensor, labels: Tensor, context: LossContext) -> Tensor | Elements:
        if not self.training:
            return large_loss.unvalidated(logits, labels, torch.zeros_like(labels, dtype=torch.bool))
        flipped = self.image_state.lookup(context.sample_ids, logits.shape[1]) & (labels == UNKNOWN)
        learned = labels.masked_fill(flipped, POSITIVE)
        rate = self.delta / 100 * (self.epoch > 0).double()
        large = large_unknown_elements(logits.detach(), learned, rate)
        if self.is_training_step:
            most = math.ceil(round(self.delta / 100 * labels.numel(), 9))
            self.image_state.add(context.sample_ids, large, most)
        loss = large_loss.unvalidated(logits, learned, large, "temporary")
        return Elements(loss, labels=learned.masked_fill(large, POSITIVE))

    def update_statistics(self) -> None:
        self.image_state.merge()

    def class_state(self) -> dict[str, Tensor]:
        if not self.image_state.num_classes:
            return {}
        classes = self.image_state.keys % self.image_state.num_classes
        return {"flips": torch.bincount(classes, minlength=self.image_state.num_classes).float()}
