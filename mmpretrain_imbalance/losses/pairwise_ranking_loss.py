"""Pairwise ranking loss: the positives of an image are compared with its other classes."""

from __future__ import annotations

from mmpretrain.registry import MODELS
from torch import Tensor

from ..functional import LossContext
from ..functional.losses.pairwise_ranking_loss import pairwise_ranking_loss
from .base.elementwise_loss import ElementwiseLoss
from .base.traits import Traits


@MODELS.register_module()
class PairwiseRankingLoss(ElementwiseLoss):
    """Pairwise ranking loss, see :func:`pairwise_ranking_loss`.

    Each positive is compared with every negative and every unknown class of its image. The loss of an image
    without positives is 0. Elements that a wrapper masks stay in the sums, but have no gradient.

    Source: ``pr`` in the code of Cole et al., CVPR 2021 (arXiv 2106.09708), who take the mean over N C:
    ``reduction='mean'``.

    Args:
        **kwargs: ``reduction``, ``loss_weight`` and ``validate`` of :class:`ElementwiseLoss`.

    Raises:
        ValueError: If the reduction is not one of the allowed values.

    Example:
        >>> import torch
        >>> PairwiseRankingLoss()(torch.zeros(1, 4), torch.tensor([[1, 0, -1, 1]]))
        tensor(4.)
    """

    traits = Traits(unknown="negative", elementwise=False, soft_labels_mix=False)

    def elementwise_loss(self, logits: Tensor, labels: Tensor, context: LossContext) -> Tensor:
        return pairwise_ranking_loss.unvalidated(logits, labels)
