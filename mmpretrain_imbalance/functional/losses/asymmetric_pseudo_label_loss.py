"""Asymmetric pseudo-label loss (APL): the unknown elements with the lowest probabilities get soft labels."""

from __future__ import annotations

import torch
from torch import Tensor

from ..labels import UNKNOWN
from .elementwise_loss_function import elementwise_loss_function
from .entropy_maximization_loss import entropy_maximization_loss
from .negative_log_sigmoid import negative_log_sigmoid


@torch.no_grad()
def lowest_elements(probabilities: Tensor, candidates: Tensor, num_chosen: list[int]) -> Tensor:
    """Choose the candidates of each class that have the lowest probabilities.

    Among equal probabilities, the candidate with the lower index is chosen.

    Args:
        probabilities: p, one row per class, of shape (C, N).
        candidates: Elements to choose from, bool, of shape (C, N).
        num_chosen: Number of elements to choose per class. A class with fewer candidates yields all of them.

    Returns:
        The chosen elements, bool, of shape (C, N).

    Example:
        >>> probabilities = torch.tensor([[0.3, 0.1, 0.3, 0.0]])
        >>> candidates = torch.tensor([[True, True, True, False]])
        >>> lowest_elements(probabilities, candidates, [2])
        tensor([[ True,  True, False, False]])
    """
    chosen = torch.zeros_like(candidates)
    for row, (values, allowed, number) in enumerate(zip(probabilities, candidates, num_chosen)):
        indices = allowed.nonzero().flatten()
        chosen[row, indices[values[indices].argsort(stable=True)[:number]]] = True
    return chosen


@elementwise_loss_function
def asymmetric_pseudo_label_loss(
    logits: Tensor,
    labels: Tensor,
    soft_labels: Tensor,
    alpha: float = 0.1,
    beta: float = 0.9,
    eps: float = 1e-5,
) -> Tensor:
    r"""Entropy maximization, with a cross-entropy at the unknown elements that have a soft label.

    With :math:`p = \sigma(x)`, :math:`L(v) = -\log(v + \epsilon)` and the soft label t of an unknown element:

    .. math:: \ell = \beta\, [t\, L(p) + (1 - t)\, L(1 - p)]

    The loss of all other elements is :func:`entropy_maximization_loss`.

    Source: Zhou et al., ECCV 2022 (arXiv 2203.16219).

    Args:
        logits: Scores before the sigmoid, of shape (N, C).
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).
        soft_labels: t in [0, 1], or -1 for no soft label, of shape (N, C). Only the values at unknown
            elements are used.
        alpha: Weight of the entropy.
        beta: Weight of the soft labels: 0.02 for VOC, 0.9 for COCO, 0.2 for NUS-WIDE, 0.4 for CUB.
        eps: Added inside every logarithm, as in the authors' code; 0 for none.

    Returns:
        Loss of each element in nats, of shape (N, C), not reduced.

    Raises:
        ValueError: If the shapes differ, a logit is NaN, or a label is not 1, 0, -1 or between 0 and 1.

    Example:
        >>> soft = torch.tensor([[-1.0, -1.0, 0.25]])
        >>> asymmetric_pseudo_label_loss(torch.zeros(1, 3), torch.tensor([[1, -1, -1]]), soft, beta=0.5)
        tensor([[ 0.6931, -0.0693,  0.3466]])
    """
    elements = entropy_maximization_loss.unvalidated(logits, labels, alpha, eps)
    target = soft_labels.clamp(min=0)
    cross = target * negative_log_sigmoid(logits, eps) + (1 - target) * negative_log_sigmoid(-logits, eps)
    return torch.where((labels == UNKNOWN) & (soft_labels >= 0), beta * cross, elements)
