"""ZLPR: zero-bounded log-sum-exp and pairwise rank-based loss."""

from __future__ import annotations

from mmpretrain.registry import MODELS
from torch import Tensor

from ..functional import LossContext, known_labels
from ..functional.losses.zlpr_loss import zlpr_loss
from .base.elementwise_loss import ElementwiseLoss
from .base.traits import Traits


@MODELS.register_module()
class ZLPRLoss(ElementwiseLoss):
    """ZLPR, see :func:`zlpr_loss`; unknown elements are left out.

    The loss of an image is distributed over its elements. Elements that a wrapper masks stay in the sums, but
    have no gradient.

    Source: Su et al., 2022 (arXiv 2208.02955), the mean over images.

    Args:
        **kwargs: ``reduction``, ``loss_weight`` and ``validate`` of :class:`ElementwiseLoss`.

    Raises:
        ValueError: If the reduction is not one of the allowed values.

    Example:
        >>> import torch
        >>> ZLPRLoss()(torch.zeros(1, 4), torch.tensor([[1, 0, 0, -1]]))
        tensor(1.7918)
    """

    traits = Traits(elementwise=False, bounded=False, soft_labels_mix=False)

    def elementwise_loss(self, logits: Tensor, labels: Tensor, context: LossContext) -> tuple[Tensor, Tensor]:
        return zlpr_loss.unvalidated(logits, labels), known_labels(labels)
