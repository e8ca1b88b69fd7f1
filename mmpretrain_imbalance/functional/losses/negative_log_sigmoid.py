"""Logarithms of probabilities that stay exact, and the small constant that some published code adds."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from .local_elements import local_elements


def softplus(logits: Tensor) -> Tensor:
    r"""Binary cross-entropy of a negative.

    .. math:: \log(1 + e^x)

    PyTorch's own becomes x above 20, which in double precision is wrong in the tenth digit.

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
        eps: The constant; 0 gives the exact logarithm at any logit.

    Returns:
        Values in nats, of the same shape.

    Example:
        >>> negative_log_sigmoid(torch.tensor([0.0, -80.0]), eps=1e-5)
        tensor([ 0.6931, 11.5129])
    """
    if not eps:
        return softplus(-logits)
    with torch.no_grad():
        # Without a difference of nearly equal numbers.
        probability, rest = torch.sigmoid(logits), torch.sigmoid(-logits)
        values = torch.where(logits > 0, -torch.log1p(eps - rest), -torch.log(probability + eps))
        slopes = -probability * rest / (probability + eps)
    return local_elements(logits, values, slopes)


def focused_loss(misfit: Tensor, gamma: float) -> Tensor:
    r"""Binary cross-entropy with a focusing weight that carries gradient, finite at any logit.

    .. math:: \sigma(u)^\gamma \, \log(1 + e^u)

    Args:
        misfit: The logit u of what the label is not: :math:`-x` at positives, :math:`x` at negatives, of any
            shape.
        gamma: Focusing exponent; 0 for none.

    Returns:
        Losses in nats, of the same shape.

    Example:
        >>> focused_loss(torch.tensor([0.0, 80.0]), gamma=2)
        tensor([ 0.1733, 80.0000])
    """
    loss = softplus(misfit)
    return torch.exp(-gamma * softplus(-misfit)) * loss if gamma else loss
