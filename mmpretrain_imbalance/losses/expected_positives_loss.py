"""Expected positive regularization (EPR): positives, and the expected number of positives per image."""

from __future__ import annotations

from typing import Any

from mmpretrain.registry import MODELS
from torch import Tensor

from ..functional import LossContext
from ..functional.losses.expected_positives_loss import expected_positives_loss
from ..utils.argument_checks import check_interval, check_number
from .base.elementwise_loss import ElementwiseLoss
from .base.traits import Traits


@MODELS.register_module()
class ExpectedPositivesLoss(ElementwiseLoss):
    """EPR, see :func:`expected_positives_loss`.

    Unknown elements enter the loss only through the regularizer, which sums the probabilities of all elements
    of the batch.

    Source: Cole et al., CVPR 2021 (arXiv 2106.09708), who take the mean over N C: ``reduction='mean'``.

    Args:
        expected_positives: Mean number of positives per image: 1.5 in VOC, 2.9 in COCO, 1.9 in NUS-WIDE, 31.4
            in CUB.
        use_negatives: Whether annotated negatives enter the loss; not in the paper.
        eps: Value added inside the logarithm.
        **kwargs: ``reduction``, ``loss_weight`` and ``validate`` of :class:`ElementwiseLoss`.

    Raises:
        ValueError: If the reduction is not one of the allowed values, or an argument is out of range.

    Example:
        >>> import torch
        >>> ExpectedPositivesLoss(1)(torch.zeros(1, 4), torch.tensor([[1, 0, -1, -1]]))
        tensor(0.9431)
    """

    traits = Traits(unknown="learned", elementwise=False)

    def __init__(
        self, expected_positives: float, use_negatives: bool = False, eps: float = 1e-5, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        check_interval("ExpectedPositivesLoss", "(0, inf)", expected_positives=expected_positives)
        check_number("ExpectedPositivesLoss", 0, 1, eps=eps)
        self.expected_positives = expected_positives
        self.use_negatives = use_negatives
        self.eps = eps

    def elementwise_loss(self, logits: Tensor, labels: Tensor, context: LossContext) -> Tensor:
        return expected_positives_loss.unvalidated(
            logits, labels, self.expected_positives, self.use_negatives, self.eps
        )
