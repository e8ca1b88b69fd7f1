"""Wrapper that estimates the class prior during training."""

from __future__ import annotations

from typing import Any

import torch
from mmpretrain.registry import MODELS
from torch import Tensor, nn

from ..functional import LossContext
from ..utils.argument_checks import check_choice, check_number
from .base.elementwise_loss import Elements
from .base.traits import Traits
from .base.wrapper_loss import WrapperLoss

WINDOWS = ("run", "epoch", "ema")


@MODELS.register_module()
class ClassPriorTrackingLoss(WrapperLoss):
    r"""Returns the wrapped loss unchanged, and tracks the mean probability of each class over the images.

    .. math:: \hat P_c = \frac{1}{N} \sum_n \sigma(x_{nc})

    Around a loss in ``ignore`` mode, this is the class prior that CSL uses. ``LabelStatisticsHook`` writes it
    by class name to ``work_dir/class_prior.json`` after each epoch.

    Source: Ben-Baruch et al., CVPR 2022 (arXiv 2110.10955), who estimate the prior with a temporary model
    trained in ``ignore`` mode. Their code uses a running mean from the first iteration on (``window='run'``).

    Args:
        loss: The wrapped loss.
        window: ``'run'`` for the mean over all epochs so far, ``'epoch'`` for the last one, ``'ema'`` for an
            exponential average over epochs.
        momentum: Weight of the previous average in ``'ema'``.
        **kwargs: ``reduction``, ``loss_weight`` and ``validate`` of :class:`WrapperLoss`.

    Raises:
        ValueError: If ``window`` is not one of the allowed values, or ``momentum`` is out of range.

    Example:
        >>> loss = ClassPriorTrackingLoss(dict(type='PartialAsymmetricLoss', unknown='ignore'))
        >>> loss.set_label_counts(torch.tensor([1, 0]), torch.tensor([0, 1]))
        >>> _ = loss(torch.zeros(1, 2, requires_grad=True), torch.tensor([[1, 0]]))
        >>> loss.update_statistics()
        >>> loss.class_prior
        tensor([0.5000, 0.5000])
    """

    class_prior: Tensor
    window_sum: Tensor
    window_images: Tensor
    probability_sum: Tensor
    image_count: Tensor

    def __init__(
        self, loss: dict[str, Any] | nn.Module, window: str = "run", momentum: float = 0.9, **kwargs: Any
    ) -> None:
        super().__init__(loss, **kwargs)
        check_choice("ClassPriorTrackingLoss", WINDOWS, window=window)
        check_number("ClassPriorTrackingLoss", 0, 1, momentum=momentum)
        self.window = window
        self.momentum = momentum
        self.register_class_buffer("class_prior")
        self.register_class_buffer("window_sum", dtype=torch.float64)
        self.register_buffer("window_images", torch.zeros((), dtype=torch.float64))
        self.register_class_buffer("probability_sum", dtype=torch.float64, gathered=True)
        self.register_gathered("image_count", torch.zeros((), dtype=torch.float64))

    @property
    def traits(self) -> Traits:
        """The buffers have one value per class."""
        return self.loss.traits.also(needs=["label_counts"])

    def elementwise_loss(self, logits: Tensor, labels: Tensor, context: LossContext) -> Elements:
        return self.loss.elements(logits, labels, context)

    def gather(self, logits: Tensor, labels: Tensor, context: LossContext) -> None:
        self.probability_sum += torch.sigmoid(logits).sum(dim=0, dtype=torch.float64)
        self.image_count += len(logits)

    def update_statistics(self) -> None:
        if not self.image_count:
            return
        decay = {"run": 1.0, "epoch": 0.0, "ema": self.momentum}[self.window]
        gathered, images = self.probability_sum, self.image_count
        if self.window == "ema":
            # In the first epoch there is no previous average.
            update = 1 - self.momentum * bool(self.window_images)
            gathered, images = update * gathered / images, gathered.new_tensor(update)
        self.window_sum.mul_(decay).add_(gathered)
        self.window_images.mul_(decay).add_(images)
        self.class_prior.copy_(self.window_sum / self.window_images)

    def class_state(self) -> dict[str, Tensor]:
        return {"class_prior": self.class_prior}
