"""Generalized robust loss (GR)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ..labels import POSITIVE, UNKNOWN
from .elementwise_loss_function import elementwise_loss_function
from .negative_log_sigmoid import softplus


@torch.no_grad()
def element_trust(logits: Tensor, mean: float | Tensor, deviation: float | Tensor) -> Tensor:
    r"""Weight of unknown elements that is largest at a given probability; it has no gradient.

    .. math:: V = e^{-(\sigma(x) - \mu)^2 / (2 s^2)}

    Args:
        logits: Scores before the sigmoid, of shape (N, C).
        mean: The probability :math:`\mu` at which the weight is 1.
        deviation: The standard deviation s.

    Returns:
        V in (0, 1], of shape (N, C).

    Example:
        >>> element_trust(torch.tensor([[0.0, 80.0]]), mean=0.5, deviation=0.5)
        tensor([[1.0000, 0.6065]])
    """
    return torch.exp(-(torch.sigmoid(logits) - mean).square() / (2 * deviation**2))


@elementwise_loss_function
def generalized_robust_loss(
    logits: Tensor,
    labels: Tensor,
    slope: float = 0.0,
    offset: float = -2.0,
    mean: float = 0.5,
    deviation: float = 2.0,
    positive_exponent: float = 0.01,
    negative_exponent: float = 1.0,
) -> Tensor:
    r"""Cross-entropy at known elements, and a mixture of two robust losses at unknown elements.

    With :math:`p = \sigma(x)`, at unknown elements:

    .. math::
        \ell = V \left[ K\, \frac{1 - p^{q_2}}{q_2} + (1 - K)\, \frac{1 - (1 - p)^{q_3}}{q_3} \right], \qquad
        K = \sigma(w p + b), \quad V = e^{-(p - \mu)^2 / (2 s^2)}

    K is the estimated probability that the label is positive, and V is the weight of :func:`element_trust`.
    Both have no gradient. The loss is :math:`-\log p` at positives and :math:`-\log(1 - p)` at negatives.

    Source: Chen et al., IJCAI 2024 (arXiv 2405.03501). The data of the paper has no annotated negatives.

    Args:
        logits: Scores before the sigmoid, of shape (N, C).
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).
        slope: w of K.
        offset: b of K.
        mean: The center :math:`\mu` of V.
        deviation: The width s of V.
        positive_exponent: q2, above 0.
        negative_exponent: q3, above 0.

    Returns:
        Loss of each element, of shape (N, C), not reduced.

    Raises:
        ValueError: If the shapes differ, a logit is NaN, or a label is not 1, 0, -1 or between 0 and 1.

    Example:
        >>> generalized_robust_loss(torch.zeros(1, 3), torch.tensor([[1, 0, -1]]))
        tensor([[0.6931, 0.6931, 0.5227]])
    """
    trust = element_trust(logits, mean, deviation)
    positive_probability = torch.sigmoid(slope * torch.sigmoid(logits.detach()) + offset)
    # (1 - v^q) / q is computed with expm1 and log: exact near v = 1, and with a finite gradient near v = 0.
    as_positive = -torch.expm1(positive_exponent * F.logsigmoid(logits)) / positive_exponent
    as_negative = -torch.expm1(negative_exponent * F.logsigmoid(-logits)) / negative_exponent
    unknown = trust * (positive_probability * as_positive + (1 - positive_probability) * as_negative)
    return torch.where(labels == UNKNOWN, unknown, softplus(torch.where(labels == POSITIVE, -logits, logits)))
