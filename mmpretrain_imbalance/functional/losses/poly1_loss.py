"""Poly-1 loss: binary cross-entropy with a changed first coefficient of its polynomial expansion."""

from __future__ import annotations

import torch
from torch import Tensor

from ..labels import POSITIVE, known_labels
from .elementwise_loss_function import elementwise_loss_function
from .negative_log_sigmoid import softplus


@elementwise_loss_function
def poly1_loss(logits: Tensor, labels: Tensor, epsilon: float = 2.0) -> Tensor:
    r"""Binary cross-entropy plus a multiple of one minus the label's probability; 0 at unknown elements.

    With :math:`p_t = \sigma(x)` at positives and :math:`1 - \sigma(x)` at negatives:

    .. math:: \ell = -\log p_t + \epsilon (1 - p_t)

    This changes the first coefficient of the expansion :math:`-\log p_t = \sum_{k \ge 1} (1 - p_t)^k / k`
    from 1 to :math:`1 + \epsilon`.

    Source: Leng et al., ICLR 2022 (arXiv 2204.12511).

    Args:
        logits: Scores before the sigmoid, of shape (N, C).
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).
        epsilon: The change of the first coefficient; 0 for binary cross-entropy.

    Returns:
        Loss of each element in nats, of shape (N, C), not reduced.

    Raises:
        ValueError: If the shapes differ, a logit is NaN, or a label is not 1, 0, -1 or between 0 and 1.

    Example:
        >>> poly1_loss(torch.zeros(1, 3), torch.tensor([[1, 0, -1]]))
        tensor([[1.6931, 1.6931, 0.0000]])
    """
    negated_logits = torch.where(labels == POSITIVE, -logits, logits)
    return known_labels(labels) * (softplus(negated_logits) + epsilon * torch.sigmoid(negated_logits))
