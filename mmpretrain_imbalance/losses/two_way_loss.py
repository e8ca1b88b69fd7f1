"""Two-way multi-label loss: comparison of classes within an image, and of images within a class."""

from __future__ import annotations

from typing import Any

from mmpretrain.registry import MODELS
from torch import Tensor

from ..functional import LossContext, known_labels
from ..functional.losses.two_way_loss import two_way_loss
from ..utils.argument_checks import check_interval
from .base.elementwise_loss import ElementwiseLoss
from .base.traits import Traits


@MODELS.register_module()
class TwoWayLoss(ElementwiseLoss):
    """Two-way loss, see :func:`two_way_loss`.

    Unknown elements are left out of the sums. The loss is distributed over the elements such that
    ``reduction='mean_images'`` gives the published value. Elements that a wrapper masks stay in the sums, but
    have no gradient. Images are compared within the batch of one rank.

    Source: Kobayashi, CVPR 2023.

    Args:
        positive_temperature: Temperature of the positives.
        negative_temperature: Temperature of the negatives.
        **kwargs: ``reduction``, ``loss_weight`` and ``validate`` of :class:`ElementwiseLoss`.

    Raises:
        ValueError: If the reduction is not one of the allowed values, or a temperature is not above 0.

    Example:
        >>> import torch
        >>> TwoWayLoss()(torch.zeros(2, 3), torch.tensor([[1, 0, -1], [0, 1, -1]]))
        tensor(1.3863)
    """

    traits = Traits(elementwise=False, bounded=False, soft_labels_mix=False)

    def __init__(
        self, positive_temperature: float = 4.0, negative_temperature: float = 1.0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        check_interval("TwoWayLoss", "(0, inf)", positive_temperature=positive_temperature)
        check_interval("TwoWayLoss", "(0, inf)", negative_temperature=negative_temperature)
        self.positive_temperature = positive_temperature
        self.negative_temperature = negative_temperature

    def elementwise_loss(self, logits: Tensor, labels: Tensor, context: LossContext) -> tuple[Tensor, Tensor]:
        loss = two_way_loss.unvalidated(logits, labels, self.positive_temperature, self.negative_temperature)
        return loss, known_labels(labels)
