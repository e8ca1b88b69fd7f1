"""Two-way multi-label loss: classes are compared within an image, and images within a class."""

from __future__ import annotations

from mmpretrain.registry import MODELS
from torch import Tensor

from ..functional import LossContext, known_labels
from ..functional.losses.two_way_loss import two_way_loss
from ..utils.argument_checks import check_interval
from .base.elementwise_loss import ElementwiseLoss
from .base.traits import Traits


@MODELS.register_module()
class TwoWayLoss(ElementwiseLoss):
    """The two-way loss, see :func:`~mmpretrain_imbalance.functional.two_way_loss`.

    Unknown elements are left out of its sums. The loss is spread over the elements so that
    ``reduction='mean_images'`` gives the published number. What a wrapper masks keeps its place in the sums,
    but passes on no gradient. The comparison of images is within the batch of a rank.

    Source: Kobayashi, CVPR 2023.

    Args:
        positive_temperature: Temperature of the positives.
        negative_temperature: Temperature of the negatives.
        **kwargs: ``reduction``, ``loss_weight`` and ``validate`` of :class:`ElementwiseLoss`.

    Raises:
        ValueError: If the reduction is no known name, or a temperature is not positive.

    Example:
        >>> import torch
        >>> TwoWayLoss()(torch.zeros(2, 3), torch.tensor([[1, 0, -1], [0, 1, -1]]))
        tensor(1.3863)
    """

    traits = Traits(elementwise=False, bounded=False, soft_labels_mix=False)

    def __init__(
        self, positive_temperature: float = 4.0, negative_temperature: float = 1.0, **kwargs
    ) -> None:
        super().__init__(**kwargs)
        check_interval("TwoWayLoss", "(0, inf)", positive_temperature=positive_temperature)
        check_interval("TwoWayLoss", "(0, inf)", negative_temperature=negative_temperature)
        self.positive_temperature = positive_temperature
        self.negative_temperature = negative_temperature

    def elementwise_loss(self, logits: Tensor, labels: Tensor, context: LossContext) -> tuple[Tensor, Tensor]:
        loss = two_way_loss.unvalidated(logits, labels, self.positive_temperature, self.negative_temperature)
        return loss, known_labels(labels)
