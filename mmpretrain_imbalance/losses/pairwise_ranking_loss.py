"""Pairwise ranking loss of probabilities: positives of an image against all its other classes."""

from __future__ import annotations

from mmpretrain.registry import MODELS
from torch import Tensor

from ..functional import LossContext
from ..functional.losses.pairwise_ranking_loss import pairwise_ranking_loss
from .base.elementwise_loss import ElementwiseLoss
from .base.traits import Traits


@MODELS.register_module()
class PairwiseRankingLoss(ElementwiseLoss):
    """Pairwise ranking, see :func:`~mmpretrain_imbalance.functional.pairwise_ranking_loss`.

    A positive is compared with every class of its image that is not positive, unknown or negative. An image
    without a positive costs nothing. What a wrapper masks keeps its part in the sums, but passes on no
    gradient.

    Source: ``pr`` in the code of Cole et al., CVPR 2021 (arXiv 2106.09708), who take the mean over N C:
    ``reduction='mean'``.

    Args:
        **kwargs: ``reduction``, ``loss_weight`` and ``validate`` of :class:`ElementwiseLoss`.

    Raises:
        ValueError: If the reduction is no known name.

    Example:
        >>> import torch
        >>> PairwiseRankingLoss()(torch.zeros(1, 4), torch.tensor([[1, 0, -1, 1]]))
        tensor(4.)
    """

    traits = Traits(unknown="negative", elementwise=False, soft_labels_mix=False)

    def elementwise_loss(self, logits: Tensor, labels: Tensor, context: LossContext) -> Tensor:
        return pairwise_ranking_loss.unvalidated(logits, labels)
