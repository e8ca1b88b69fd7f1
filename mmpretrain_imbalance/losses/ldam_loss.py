"""Label-distribution-aware margins (LDAM) for single-label data."""

from __future__ import annotations

import torch
from mmpretrain.registry import MODELS
from torch import Tensor

from ..functional import LossContext, known_labels
from ..functional.losses.ldam_loss import label_distribution_margins, ldam_loss
from ..utils.argument_checks import check_interval, check_number
from .base.elementwise_loss import ElementwiseLoss
from .base.traits import Traits


@MODELS.register_module()
class LDAMLoss(ElementwiseLoss):
    """LDAM, see :func:`~mmpretrain_imbalance.functional.ldam_loss`.

    For single-label data: class indices, or tables with one positive an image. Unknown classes are left out
    of the softmax. Put ``ClassBalancedLoss(scope='image')`` around it for the authors' re-weighting; they
    divide by the sum of the weights of a batch, which are small where its classes are frequent, and here it
    is the number of images.

    Source: Cao et al., NeurIPS 2019 (arXiv 1906.07413), the mean over images. The authors' logits are
    cosines; for those of a plain linear layer, ``scale=1`` is the usual softmax.

    Args:
        max_margin: The margin of the rarest class.
        scale: Factor of the logits.
        **kwargs: ``reduction``, ``loss_weight`` and ``validate`` of :class:`ElementwiseLoss`.

    Raises:
        ValueError: If the reduction is no known name, or the scale is not positive.

    Example:
        >>> loss = LDAMLoss(scale=2)
        >>> loss.set_label_counts(torch.tensor([16, 1]), torch.tensor([1, 16]))
        >>> loss.margins()
        tensor([0.2500, 0.5000])
        >>> loss(torch.zeros(2, 2), torch.tensor([0, 1]))
        tensor(1.1437)
    """

    traits = Traits(elementwise=False, bounded=False, needs=("label_counts",))

    def __init__(self, max_margin: float = 0.5, scale: float = 30.0, **kwargs) -> None:
        super().__init__(**kwargs)
        check_interval("LDAMLoss", "(0, inf)", scale=scale)
        check_number("LDAMLoss", 0, max_margin=max_margin)
        self.max_margin = max_margin
        self.scale = scale
        self.register_class_buffer("positives")

    def elementwise_loss(self, logits: Tensor, labels: Tensor, context: LossContext) -> tuple[Tensor, Tensor]:
        # A loss that is evaluated without a training set has no margins.
        margins = self.margins(logits.dtype) if len(self.positives) else logits.new_zeros(logits.shape[1])
        loss = ldam_loss.unvalidated(logits, labels, margins, self.scale)
        return loss, known_labels(labels)

    def margins(self, dtype: torch.dtype = torch.float32) -> Tensor:
        """Margin of each class, of shape (C,)."""
        return label_distribution_margins(self.positives, self.max_margin, dtype)

    def class_state(self) -> dict[str, Tensor]:
        return {"margins": self.margins()}
