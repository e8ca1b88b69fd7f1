"""Hill loss, which decreases again for negatives with a high probability."""

from __future__ import annotations

import torch
from torch import Tensor

from ..labels import POSITIVE
from .elementwise_loss_function import elementwise_loss_function
from .negative_log_sigmoid import focused_loss


@elementwise_loss_function
def hill_loss(
    logits: Tensor, labels: Tensor, margin: float = 1.0, gamma: float = 2.0, down_weight: float = 1.5
) -> Tensor:
    r"""Hill loss; unknown elements are treated as negatives.

    With :math:`p = \sigma(x)` and :math:`m = \sigma(x - \text{margin})`:

    .. math::
        \ell = -(1 - m)^\gamma \log m \;\text{ at positives}, \qquad
        (\lambda - p)\, p^2 \;\text{ elsewhere}

    The second term decreases again towards :math:`p = 1`, because an element with a high probability is
    probably a missing positive label. The gradient includes that of the weights, as in the authors' code.

    Source: Zhang et al., 2021 (arXiv 2112.07368). The logarithm is computed in a form that stays finite.

    Args:
        logits: Scores before the sigmoid, of shape (N, C).
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).
        margin: Subtracted from the logits of positives.
        gamma: Focusing exponent of positives.
        down_weight: The constant lambda of the weight of negatives.

    Returns:
        Loss of each element, of shape (N, C), not reduced.

    Raises:
        ValueError: If the shapes differ, a logit is NaN, or a label is not 1, 0, -1 or between 0 and 1.

    Example:
        >>> hill_loss(torch.zeros(1, 3), torch.tensor([[1, 0, -1]]))
        tensor([[0.7019, 0.2500, 0.2500]])
    """
    probability = torch.sigmoid(logits)
    negative = (down_weight - probability) * probability.square()
    return torch.where(labels == POSITIVE, focused_loss(margin - logits, gamma), negative)
