"""Label-distribution-aware margin loss (LDAM), with a softmax over the classes or one sigmoid per class."""

from __future__ import annotations

from typing import Any

import torch
from mmpretrain.registry import MODELS
from torch import Tensor

from ..functional import LossContext, known_labels
from ..functional.losses.ldam_loss import label_distribution_margins, ldam_loss, sigmoid_ldam_loss
from ..utils.argument_checks import check_choice, check_interval, check_number
from .base.elementwise_loss import ElementwiseLoss
from .base.traits import Traits


@MODELS.register_module()
class LDAMLoss(ElementwiseLoss):
    """LDAM, see :func:`ldam_loss` and, with ``activation='sigmoid'``, :func:`sigmoid_ldam_loss`.

    With the softmax, the loss is for single-label data: class indices, or labels with one positive per image.
    Unknown classes are left out of the softmax. With one sigmoid per class, an image may have any number of
    positives, and unknown labels are ignored; this form is ours. Put ``ClassBalancedLoss(scope='image')``
    around the loss for the authors' re-weighting. The authors divide by the sum of the weights of the batch,
    which is small if its classes are frequent; here, the loss is divided by the number of images.

    Source: Cao et al., NeurIPS 2019 (arXiv 1906.07413), the mean over images. The authors' logits are cosine
    similarities; with the logits of a linear layer, ``scale=1`` gives the usual softmax.

    Args:
        max_margin: Margin of the rarest class.
        scale: Factor of the logits.
        activation: ``'softmax'`` over the classes, or one ``'sigmoid'`` per class.
        **kwargs: ``reduction``, ``loss_weight`` and ``validate`` of :class:`ElementwiseLoss`.

    Raises:
        ValueError: If the reduction is not one of the allowed values, or an argument is out of range.

    Example:
        >>> loss = LDAMLoss(scale=2)
        >>> loss.set_label_counts(torch.tensor([16, 1]), torch.tensor([1, 16]))
        >>> loss.margins()
        tensor([0.2500, 0.5000])
        >>> loss(torch.zeros(2, 2), torch.tensor([0, 1]))
        tensor(1.1437)
    """

    positives: Tensor

    def __init__(
        self, max_margin: float = 0.5, scale: float = 30.0, activation: str = "softmax", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        check_choice("LDAMLoss", ("softmax", "sigmoid"), activation=activation)
        check_interval("LDAMLoss", "(0, inf)", scale=scale)
        check_number("LDAMLoss", 0, max_margin=max_margin)
        self.max_margin = max_margin
        self.scale = scale
        self.activation = activation
        self.register_class_buffer("positives")

    @property
    def traits(self) -> Traits:
        """With the softmax, the loss of an element depends on all logits of its image."""
        is_elementwise = self.activation == "sigmoid"
        return Traits(elementwise=is_elementwise, bounded=False, needs=("label_counts",))

    def elementwise_loss(self, logits: Tensor, labels: Tensor, context: LossContext) -> tuple[Tensor, Tensor]:
        # There are no margins if the loss is evaluated without a training set.
        margins = self.margins(logits.dtype) if len(self.positives) else logits.new_zeros(logits.shape[1])
        formula = ldam_loss if self.activation == "softmax" else sigmoid_ldam_loss
        return formula.unvalidated(logits, labels, margins, self.scale), known_labels(labels)

    def margins(self, dtype: torch.dtype = torch.float32) -> Tensor:
        """Return the margin of each class, of shape (C,)."""
        return label_distribution_margins(self.positives, self.max_margin, dtype)

    def class_state(self) -> dict[str, Tensor]:
        return {"margins": self.margins()}
