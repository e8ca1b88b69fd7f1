"""Binary cross-entropy over known labels."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from ..labels import UNKNOWN, unknown_as_negative
from .elementwise_loss_function import elementwise_loss_function


@elementwise_loss_function(mix_soft_labels=False)
def partial_binary_cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    r"""Binary cross-entropy that is zero, with zero gradient, at unknown elements.

    .. math:: \ell_{nc} = -k_{nc} [ y_{nc} \log \sigma(x_{nc}) + (1 - y_{nc}) \log (1 - \sigma(x_{nc})) ]

    with :math:`k_{nc} = 1` at known elements and 0 at unknown ones.

    Args:
        logits: Scores before the sigmoid, of shape (N, C).
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).

    Returns:
        Loss of each element in nats, of shape (N, C), not reduced.

    Raises:
        ValueError: If the shapes differ, a logit is NaN, or a label is not 1, 0, -1 or between 0 and 1.

    Example:
        >>> import torch
        >>> partial_binary_cross_entropy(torch.zeros(1, 3), torch.tensor([[1, 0, -1]]))
        tensor([[0.6931, 0.6931, 0.0000]])
    """
    target = unknown_as_negative(labels).to(logits.dtype)
    loss = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    # masked_fill instead of a product: the loss at an infinite logit is infinite, and 0 * inf is NaN.
    return loss.masked_fill(labels == UNKNOWN, 0)
