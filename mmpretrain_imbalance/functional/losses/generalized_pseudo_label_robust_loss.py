"""Generalized pseudo-label robust loss (GPR): generalized robust loss with given pseudo-labels."""

from __future__ import annotations

import torch
from torch import Tensor

from ..labels import NEGATIVE, POSITIVE, UNKNOWN
from .elementwise_loss_function import elementwise_loss_function
from .generalized_robust_loss import element_trust, generalized_robust_loss
from .negative_log_sigmoid import softplus


@elementwise_loss_function
def generalized_pseudo_label_robust_loss(
    logits: Tensor,
    labels: Tensor,
    answers: Tensor,
    slope: float | Tensor = 0.0,
    offset: float | Tensor = -2.0,
    mean: float | Tensor = 0.5,
    deviation: float | Tensor = 2.0,
    positive_exponent: float = 0.01,
    negative_exponent: float = 1.0,
    positive_weights: tuple[float, float] = (0.5, 0.7),
    smoothing: float = 0.1,
) -> Tensor:
    r"""Generalized robust loss, with weighted cross-entropies at unknown elements that have an answer.

    An answer is a pseudo-label that another model gives for an unknown label. With :math:`p = \sigma(x)`, the
    trust :math:`V = e^{-(p - \mu)^2 / (2 s^2)}` of an element, and the bounds
    :math:`\lambda_2 \le \lambda_1` of the weight of positive answers, at unknown elements that have an
    answer:

    .. math::
        \ell = \min(\max(1 - V, \lambda_2), \lambda_1)\, [-\rho \log p - (1 - \rho) \log(1 - p)]
        \text{ where the answer is positive}, \quad -V \log(1 - p) \text{ where it is negative}

    The loss of all other elements is :func:`generalized_robust_loss`. V has
    no gradient.

    Source: Tran et al., ICCV 2025 (arXiv 2508.20381, AEVLP). The formula of the paper bounds V by
    :math:`1 - \lambda_1` and :math:`1 - \lambda_2`, which is equivalent. The authors' code adds 1e-7 inside
    every logarithm. The answers follow the convention of this package: 1 positive, 0 negative, -1 no answer.
    In the authors' code, -1 is a negative answer and 0 is no answer.

    Args:
        logits: Scores before the sigmoid, of shape (N, C).
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).
        answers: 1 positive, 0 negative, -1 no answer, of shape (N, C). Only the values at unknown elements
            are used.
        slope: w of the generalized robust loss.
        offset: b of the generalized robust loss.
        mean: The center :math:`\mu` of V.
        deviation: The width s of V.
        positive_exponent: q2 of the generalized robust loss, above 0.
        negative_exponent: q3 of the generalized robust loss, above 0.
        positive_weights: :math:`\lambda_2` and :math:`\lambda_1`, bounds of the weight of positive answers.
        smoothing: Label smoothing :math:`1 - \rho` of positive answers.

    Returns:
        Loss of each element, of shape (N, C), not reduced.

    Raises:
        ValueError: If the shapes differ, a logit is NaN, or a label is not 1, 0, -1 or between 0 and 1.

    Example:
        >>> labels, answers = torch.tensor([[1, -1, -1, -1]]), torch.tensor([[0, 1, 0, -1]])
        >>> generalized_pseudo_label_robust_loss(torch.zeros(1, 4), labels, answers)
        tensor([[0.6931, 0.3466, 0.6931, 0.5227]])
    """
    elements = generalized_robust_loss.unvalidated(
        logits, labels, slope, offset, mean, deviation, positive_exponent, negative_exponent
    )
    trust = element_trust(logits, mean, deviation)
    answered = (1 - smoothing) * softplus(-logits) + smoothing * softplus(logits)
    unknown = labels == UNKNOWN
    elements = torch.where(
        unknown & (answers == POSITIVE), (1 - trust).clamp(*positive_weights) * answered, elements
    )
    return torch.where(unknown & (answers == NEGATIVE), trust * softplus(logits), elements)
