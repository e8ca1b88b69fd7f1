"""Hill: a loss that forgives negatives that look positive."""

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
    r"""Hill loss; unknown elements cost what negatives cost.

    With :math:`p = \sigma(x)` and :math:`m = \sigma(x - \text{margin})`:

    .. math::
        \ell = -(1 - m)^\gamma \log m \;\text{ at positives}, \qquad
        (\lambda - p)\, p^2 \;\text{ elsewhere}

    The second falls again towards :math:`p = 1`: what the model is sure of is taken for a missing label. The
    gradient goes through the weights, as in the authors' code.

    Source: Zhang et al., 2021 (arXiv 2112.07368). The logarithm is taken in a form that stays finite.

    Args:
        logits: Scores before the sigmoid, of shape (N, C).
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).
        margin: Taken off the logit of positives.
        gamma: Focusing exponent of positives.
        down_weight: The constant lambda of the weight of negatives.

    Returns:
        Loss of each element, of shape (N, C), not reduced.

    Raises:
        ValueError: If the shapes differ, a logit is NaN, or a label is none of 1, 0 and -1.

    Example:
        >>> hill_loss(torch.zeros(1, 3), torch.tensor([[1, 0, -1]]))
        tensor([[0.7019, 0.2500, 0.2500]])
    """
    probability = torch.sigmoid(logits)
    negative = (down_weight - probability) * probability.square()
    return torch.where(labels == POSITIVE, focused_loss(margin - logits, gamma), negative)
