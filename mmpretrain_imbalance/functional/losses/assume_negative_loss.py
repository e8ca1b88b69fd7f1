"""The assume-negative family: AN, AN-LS and WAN."""

from __future__ import annotations

import torch
from torch import Tensor

from ...utils.argument_checks import check_choice
from ..labels import POSITIVE
from .elementwise_loss_function import elementwise_loss_function
from .negative_log_sigmoid import negative_log_sigmoid

#: Values of ``variant`` of :func:`assume_negative_loss`.
ASSUME_NEGATIVE_VARIANTS = ("plain", "smoothed", "weak")


@elementwise_loss_function
def assume_negative_loss(
    logits: Tensor, labels: Tensor, variant: str = "plain", smoothing: float = 0.1, eps: float = 1e-5
) -> Tensor:
    r"""Cross-entropy in which every label that is not positive counts as negative, also unknown labels.

    With :math:`p = \sigma(x)` and :math:`L(v) = -\log(v + \epsilon)`:

    ============ ========================================== ==================================
    ``plain``     AN: :math:`L(p)` at positives              :math:`L(1 - p)` elsewhere
    ``smoothed``  AN-LS: :math:`(1 - s) L(p) + s L(1 - p)`   :math:`(1 - s) L(1 - p) + s L(p)`
    ``weak``      WAN: :math:`L(p)`                          :math:`L(1 - p) / (C - 1)`
    ============ ========================================== ==================================

    Source: Cole et al., CVPR 2021 (arXiv 2106.09708).

    Args:
        logits: Scores before the sigmoid, of shape (N, C).
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).
        variant: ``'plain'``, ``'smoothed'`` or ``'weak'``.
        smoothing: The fraction s of ``'smoothed'``.
        eps: Added inside every logarithm, as in the authors' code; 0 for none.

    Returns:
        Loss of each element in nats, of shape (N, C), not reduced.

    Raises:
        ValueError: If the shapes differ, a logit is NaN, a label is not 1, 0, -1 or between 0 and 1, or the
            variant is unknown.

    Example:
        >>> assume_negative_loss(torch.zeros(1, 3), torch.tensor([[1, 0, -1]]), variant='weak')
        tensor([[0.6931, 0.3466, 0.3466]])
    """
    check_choice("assume_negative_loss", ASSUME_NEGATIVE_VARIANTS, variant=variant)
    positive = labels == POSITIVE
    negated_logits = torch.where(positive, -logits, logits)
    loss = negative_log_sigmoid(-negated_logits, eps)
    if variant == "smoothed":
        return (1 - smoothing) * loss + smoothing * negative_log_sigmoid(negated_logits, eps)
    if variant == "weak":
        return torch.where(positive, loss, loss / max(logits.shape[1] - 1, 1))
    return loss
