"""Entropy maximization loss (EM)."""

from __future__ import annotations

import torch
from torch import Tensor

from ..labels import POSITIVE, UNKNOWN
from .elementwise_loss_function import elementwise_loss_function
from .negative_log_sigmoid import negative_log_sigmoid


@elementwise_loss_function
def entropy_maximization_loss(
    logits: Tensor, labels: Tensor, alpha: float = 0.1, eps: float = 1e-5
) -> Tensor:
    r"""Cross-entropy at known elements, minus the entropy at unknown ones.

    With :math:`p = \sigma(x)` and :math:`L(v) = -\log(v + \epsilon)`:

    .. math::
        \ell = L(p) \text{ at positives}, \quad L(1 - p) \text{ at negatives}, \quad
        -\alpha\, [p\, L(p) + (1 - p)\, L(1 - p)] \text{ at unknown elements}

    The loss of an unknown element is a negative number.

    Source: Zhou et al., ECCV 2022 (arXiv 2203.16219). The data of the paper has no annotated negatives. Here
    they have the cross-entropy of a negative.

    Args:
        logits: Scores before the sigmoid, of shape (N, C).
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).
        alpha: Weight of the entropy: 0.2 for VOC, 0.1 for COCO and NUS-WIDE, 0.01 for CUB.
        eps: Added inside every logarithm, as in the authors' code; 0 for none.

    Returns:
        Loss of each element in nats, of shape (N, C), not reduced.

    Raises:
        ValueError: If the shapes differ, a logit is NaN, or a label is not 1, 0, -1 or between 0 and 1.

    Example:
        >>> entropy_maximization_loss(torch.zeros(1, 3), torch.tensor([[1, 0, -1]]), alpha=0.1)
        tensor([[ 0.6931,  0.6931, -0.0693]])
    """
    as_positive, as_negative = negative_log_sigmoid(logits, eps), negative_log_sigmoid(-logits, eps)
    entropy = torch.sigmoid(logits) * as_positive + torch.sigmoid(-logits) * as_negative
    known = torch.where(labels == POSITIVE, as_positive, as_negative)
    return torch.where(labels == UNKNOWN, -alpha * entropy, known)
