"""Entropy maximization with given pseudo-labels (EM + PL), for instance of a vision-language model."""

from __future__ import annotations

import torch
from torch import Tensor

from ..labels import NEGATIVE, POSITIVE, UNKNOWN
from .elementwise_loss_function import elementwise_loss_function
from .entropy_maximization_loss import entropy_maximization_loss
from .negative_log_sigmoid import negative_log_sigmoid


@elementwise_loss_function
def entropy_maximization_pseudo_label_loss(
    logits: Tensor,
    labels: Tensor,
    answers: Tensor,
    alpha: float = 0.1,
    beta: float = 0.7,
    smoothing: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    r"""Entropy maximization, with a smoothed cross-entropy at unknown elements with a positive answer.

    An answer is a pseudo-label that another model gives for an unknown label. With :math:`p = \sigma(x)`,
    :math:`L(v) = -\log(v + \epsilon)` and the smoothing s, at unknown elements that have an answer:

    .. math::
        \ell = \beta\, [(1 - s)\, L(p) + s\, L(1 - p)] \text{ where the answer is positive}, \quad
        0 \text{ where it is negative}

    The loss of all other elements is :func:`entropy_maximization_loss`.

    Source: Xing et al., 2023 (arXiv 2310.15985, VLPL). In the authors' code, the loss of negative answers is
    disabled. The answers follow the convention of this package: 1 positive, 0 negative, -1 no answer. In the
    authors' code, -1 is a negative answer and 0 is no answer.

    Args:
        logits: Scores before the sigmoid, of shape (N, C).
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).
        answers: 1 positive, 0 negative, -1 no answer, of shape (N, C). Only the values at unknown elements
            are used.
        alpha: Weight of the entropy: 0.2 for VOC, 0.1 for COCO and NUS-WIDE, 0.01 for CUB.
        beta: Weight of the loss of positive answers.
        smoothing: Label smoothing s of positive answers.
        eps: Added inside every logarithm, as in the authors' code; 0 for none.

    Returns:
        Loss of each element in nats, of shape (N, C), not reduced.

    Raises:
        ValueError: If the shapes differ, a logit is NaN, or a label is not 1, 0, -1 or between 0 and 1.

    Example:
        >>> labels, answers = torch.tensor([[1, -1, -1, -1]]), torch.tensor([[0, 1, 0, -1]])
        >>> entropy_maximization_pseudo_label_loss(torch.zeros(1, 4), labels, answers)
        tensor([[ 0.6931,  0.4852,  0.0000, -0.0693]])
    """
    elements = entropy_maximization_loss.unvalidated(logits, labels, alpha, eps)
    as_positive, as_negative = negative_log_sigmoid(logits, eps), negative_log_sigmoid(-logits, eps)
    answered = beta * ((1 - smoothing) * as_positive + smoothing * as_negative)
    unknown = labels == UNKNOWN
    elements = torch.where(unknown & (answers == POSITIVE), answered, elements)
    return elements.masked_fill(unknown & (answers == NEGATIVE), 0)
