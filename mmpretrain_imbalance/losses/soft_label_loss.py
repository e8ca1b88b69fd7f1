"""Soft labels at unknown elements, from a table of probabilities per image."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, cast

import torch
from mmpretrain.registry import MODELS
from numpy.typing import ArrayLike
from torch import Tensor, nn

from ..functional import UNKNOWN, LossContext, ramp_up
from ..utils.argument_checks import check_integer, check_number
from .base.elementwise_loss import Elements
from .base.given_soft_labels import read_soft_labels
from .base.loss_checks import required_num_images
from .base.traits import Traits
from .base.wrapper_loss import WrapperLoss


@MODELS.register_module()
class SoftLabelLoss(WrapperLoss):
    r"""Gives each unknown element a fixed probability as its label, before the wrapped loss is computed.

    .. math:: \ell_{nc} = w_e\, \big( q_{nc}\, \ell(1, x_{nc}) + (1 - q_{nc})\, \ell(0, x_{nc}) \big)
        \quad \text{where } y_{nc} = -1

    :math:`\ell` is the wrapped loss, and :math:`q_{nc}` the probability of the table. Known elements do not
    change, and elements without a probability stay unknown. The weight :math:`w_e` grows to ``weight`` over
    ``ramp_epochs``, after ``warmup_epochs`` without soft labels. Soft labels are used in training only.

    ``SoftLabelsHook`` computes the table, with :func:`soft_labels`, before the first epoch that uses it.
    Probabilities from another source, such as a vision-language model, can be given instead. The table takes
    2 bytes per element on the device of the loss (COCO, 82,783 x 80: 13 MB), and is not in checkpoints.

    Source: this project, as its form of the pseudo-labels of Zhang et al., 2023 (arXiv 2308.00166); only the
    abstract of that paper was available.

    Args:
        loss: The wrapped loss; it should leave out unknown elements or treat them deliberately.
        weight: Weight of an element with a soft label; choose it by validation.
        warmup_epochs: Number of epochs without soft labels: 0 with a pretrained network. A network that is
            trained from scratch has features for soft labels only after some epochs.
        ramp_epochs: Number of epochs over which the weight grows to ``weight``.
        soft_labels: A ``.npy`` file or an array, of shape (num_images, C), with NaN for elements without a
            probability. Row i belongs to sample id i. ``None`` for ``SoftLabelsHook``.
        num_images: Length of the training set; ``None`` takes it from ``LabelStatisticsHook``.
        **kwargs: ``reduction``, ``loss_weight`` and ``validate`` of :class:`WrapperLoss`.

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> loss = SoftLabelLoss(dict(type='PartialAsymmetricLoss'), soft_labels=[[0.75, 0.5]], num_images=1)
        >>> loss.set_label_counts(torch.tensor([5, 5]), torch.tensor([5, 5]))
        >>> context = LossContext(sample_ids=torch.tensor([0]))
        >>> logits, labels = torch.tensor([[2.0, 0.0]]), torch.tensor([[-1, 1]])
        >>> loss(logits, labels, context=context, reduction_override='none')
        tensor([[0.6269, 0.6931]])
    """

    table: Tensor
    changes_labels = True

    def __init__(
        self,
        loss: dict[str, Any] | nn.Module,
        weight: float = 1.0,
        warmup_epochs: int = 0,
        ramp_epochs: int = 0,
        soft_labels: str | os.PathLike[str] | ArrayLike | None = None,
        num_images: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(loss, **kwargs)
        name = type(self).__name__
        check_number(name, 0, weight=weight)
        check_integer(name, 0, warmup_epochs=warmup_epochs, ramp_epochs=ramp_epochs)
        if num_images is not None:
            check_integer(name, 1, num_images=num_images)
        self.weight = weight
        self.warmup_epochs = warmup_epochs
        self.ramp_epochs = ramp_epochs
        self.soft_labels = soft_labels
        self.num_images = self.sample_id_limit = num_images
        #: Whether the table is set.
        self.has_soft_labels = False
        self.register_buffer("table", torch.zeros(0, 0, dtype=torch.float16), persistent=False)

    @property
    def traits(self) -> Traits:
        """The soft labels are stored by sample id."""
        wrapped = self.loss.traits
        needs = {
            "sample_ids": True,
            "label_counts": True,
            "progress": self.warmup_epochs > 0 or self.ramp_epochs > 1,
            "known_negatives": wrapped.unknown == "ignored" and self.soft_labels is None,
        }
        return wrapped.also(needs=[need for need, is_needed in needs.items() if is_needed], unknown="learned")

    def set_num_images(self, num_images: int) -> None:
        super().set_num_images(num_images)
        if self.num_images is None:
            self.num_images = num_images
        self.sample_id_limit = self.num_images

    def set_label_counts(
        self, positives: Tensor, negatives: Tensor, class_names: Sequence[str] | None = None
    ) -> None:
        super().set_label_counts(positives, negatives, class_names)
        if self.num_images is None:
            return
        if self.soft_labels is not None:
            self.set_soft_labels(self.soft_labels)
        elif not self.has_soft_labels:
            # An averaged model copies all buffers in each step, so their shapes must not change later.
            self.table = self.table.new_full((self.num_images, len(positives)), torch.nan)

    def set_progress(self, epoch: int, max_epochs: int, iteration: int) -> None:
        super().set_progress(epoch, max_epochs, iteration)
        if self.warmup_epochs > 0:  # without a warm-up, the first step checks it
            self._check_table(epoch)

    def set_soft_labels(self, source: str | os.PathLike[str] | ArrayLike | Tensor) -> None:
        """Set the table of probabilities; ``SoftLabelsHook`` calls this.

        Args:
            source: The table, as the argument ``soft_labels`` of the class.
        """
        self.num_images = required_num_images(self.num_images, type(self).__name__)
        self.table = read_soft_labels(source, self.num_images, type(self).__name__).to(self.table.device)
        self.has_soft_labels = True

    def elementwise_loss(self, logits: Tensor, labels: Tensor, context: LossContext) -> Elements:
        if not self.training:
            return self.loss.elements(logits, labels, context)
        weight = self.weight * ramp_up(self.epoch.to(logits.dtype), self.warmup_epochs, self.ramp_epochs)
        soft = self._lookup(context, logits.shape[1]).to(logits.dtype)
        changed = (labels == UNKNOWN) & ~soft.isnan() & (weight > 0)
        learned = torch.where(changed, soft, labels.to(logits.dtype))
        wrapped = self.loss.elements(logits, learned, context)
        loss = torch.where(changed, weight * wrapped.loss, wrapped.loss)
        # The wrapped loss may have changed more labels.
        return wrapped._replace(loss=loss, labels=learned if wrapped.labels is None else wrapped.labels)

    def _lookup(self, context: LossContext, num_classes: int) -> Tensor:
        """Return the probabilities of the images of a batch, of shape (N, C)."""
        if self.warmup_epochs == 0:
            self._check_table(epoch=0)
        if self.table.shape[1] != num_classes:
            raise ValueError(
                f"The logits of the head have {num_classes} classes, but the soft labels of SoftLabelLoss "
                f"have {self.table.shape[1]} classes. Set num_classes of the head to the number of classes "
                "of the dataset."
            )
        sample_ids = cast(Tensor, context.sample_ids)  # a need, which the base class checks
        return self.table[sample_ids.clamp(0, len(self.table) - 1)]

    def _check_table(self, epoch: int) -> None:
        if epoch >= self.warmup_epochs and not self.has_soft_labels:
            raise RuntimeError(
                "SoftLabelLoss has no soft labels. Add dict(type='SoftLabelsHook') to custom_hooks, or set "
                "its argument 'soft_labels'."
            )
