"""Numerically exact logarithms of sigmoid probabilities, with an optional constant inside the logarithm."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from .local_elements import local_elements


def softplus(logits: Tensor) -> Tensor:
    r"""Binary cross-entropy of a negative.

    .. math:: \log(1 + e^x)

    PyTorch's default returns x above 20, which in double precision is wrong in the tenth digit.

    Args:
        logits: Scores before the sigmoid, of any shape.

    Returns:
        Values in nats, of the same shape.

    Example:
        >>> softplus(torch.tensor([-80.0, 0.0, 80.0]))
        tensor([1.8049e-35, 6.9315e-01, 8.0000e+01])
    """
    return F.softplus(logits, threshold=40)


def negative_log_sigmoid(logits: Tensor, eps: float = 0.0) -> Tensor:
    r"""Negative logarithm of a probability, bounded by :math:`-\log \epsilon`.

    .. math:: -\log(\sigma(x) + \epsilon)

    Args:
        logits: Scores before the sigmoid, of any shape; :math:`-x` for the logarithm of :math:`1 -
            \sigma(x)`.
        eps: The constant :math:`\epsilon`; 0 gives the exact logarithm at any logit.

    Returns:
        Values in nats, of the same shape.

    Example:
        >>> negative_log_sigmoid(torch.tensor([0.0, -80.0]), eps=1e-5)
        tensor([ 0.6931, 11.5129])
    """
    if not eps:
        return softplus(-logits)
    with torch.no_grad():
        # sigmoid(-x) instead of 1 - sigmoid(x), which is a difference of nearly equal numbers.
        probability, complement = torch.sigmoid(logits), torch.sigmoid(-logits)
        values = torch.where(logits > 0, -torch.log1p(eps - complement), -torch.log(probability + eps))
        slopes = -probability * complement / (probability + eps)
    return local_elements(logits, values, slopes)


def focused_loss(negated_logits: Tensor, gamma: float) -> Tensor:
    r"""Binary cross-entropy with a focusing weight that has a gradient; finite at any finite logit.

    .. math:: \sigma(u)^\gamma \, \log(1 + e^u)

    Args:
        negated_logits: u = :math:`-x` for positives and :math:`x` for negatives, of any shape.
        gamma: Focusing exponent; 0 for none.

    Returns:
        Losses in nats, of the same shape.

    Example:
        >>> focused_loss(torch.tensor([0.0, 80.0]), gamma=2)
        tensor([ 0.1733, 80.0000])
    """
    loss = softplus(negated_logits)
    return torch.exp(-gamma * softplus(-negated_logits)) * loss if gamma else loss
