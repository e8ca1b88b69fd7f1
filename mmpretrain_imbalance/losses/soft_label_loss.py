"""Soft labels at unknown elements, from a table of probabilities per image."""

from __future__ import annotations

import os
from typing import Any

import torch
from mmpretrain.registry import MODELS
from numpy.typing import ArrayLike
from torch import Tensor, nn

from ..functional import UNKNOWN, LossContext, ramp_up
from ..utils.argument_checks import check_integer, check_number
from .base.elementwise_loss import Elements
from .base.given_soft_labels import GivenSoftLabels
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
    Probabilities from another source, such as a vision-language model, can be given instead.

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
        >>> context = LossContext(sample_ids=torch.tensor([0]))
        >>> logits, labels = torch.tensor([[2.0, 0.0]]), torch.tensor([[-1, 1]])
        >>> loss(logits, labels, context=context, reduction_override='none')
        tensor([[0.6269, 0.6931]])
    """

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
        self.num_images: int | None = None
        self._warms_up = warmup_epochs > 0
        self.given = GivenSoftLabels(name)
        if num_images is not None:
            self.set_num_images(num_images)

    @property
    def traits(self) -> Traits:
        """The soft labels are stored by sample id."""
        wrapped = self.loss.traits
        needs = {
            "sample_ids": True,
            "progress": self.warmup_epochs > 0 or self.ramp_epochs > 1,
            "known_negatives": wrapped.unknown == "ignored" and self.soft_labels is None,
        }
        return wrapped.also(needs=[need for need, is_needed in needs.items() if is_needed], unknown="learned")

    def set_num_images(self, num_images: int) -> None:
        """Set the length of the training set unless the config gives it, and read given soft labels."""
        super().set_num_images(num_images)
        if self.num_images is None:
            self.num_images = num_images
            if self.soft_labels is not None:
                self.given.read(self.soft_labels, num_images)
        self.sample_id_limit = self.num_images

    def set_progress(self, epoch: int, max_epochs: int, iteration: int) -> None:
        super().set_progress(epoch, max_epochs, iteration)
        self._warms_up = epoch < self.warmup_epochs

    def set_soft_labels(self, table: ArrayLike | Tensor) -> None:
        """Set the table of probabilities, of shape (num_images, C); ``SoftLabelsHook`` calls this."""
        num_images = len(table) if self.num_images is None else self.num_images  # type: ignore[arg-type]
        self.given.set(table, num_images)

    def elementwise_loss(self, logits: Tensor, labels: Tensor, context: LossContext) -> Elements:
        if not self.training or self._warms_up:
            return self.loss.elements(logits, labels, context)
        weight = self.weight * ramp_up(self.epoch.to(logits.dtype), self.warmup_epochs, self.ramp_epochs)
        soft = self.given.lookup(context.sample_ids, logits.shape[1]).to(logits.dtype)
        changed = (labels == UNKNOWN) & ~soft.isnan() & (weight > 0)
        learned = torch.where(changed, soft, labels.to(logits.dtype))
        wrapped = self.loss.elements(logits, learned, context)
        loss = torch.where(changed, weight * wrapped.loss, wrapped.loss)
        # The wrapped loss may have changed more labels.
        return wrapped._replace(loss=loss, labels=learned if wrapped.labels is None else wrapped.labels)
