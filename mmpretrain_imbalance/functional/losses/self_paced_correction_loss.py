"""Self-paced loss correction (SPLC): labels with a high probability are corrected to positive."""

from __future__ import annotations

import torch
from torch import Tensor

from ..labels import NEGATIVE, POSITIVE
from .elementwise_loss_function import elementwise_loss_function
from .negative_log_sigmoid import focused_loss


@elementwise_loss_function
def self_paced_correction_loss(
    logits: Tensor,
    labels: Tensor,
    threshold: float = 0.6,
    margin: float = 1.0,
    gamma: float = 2.0,
    correct: bool | Tensor = True,
    correct_negatives: bool = True,
) -> Tensor:
    r"""Focal margin loss with corrected labels; unknown elements count as negatives before the correction.

    With :math:`z = x - \text{margin}` at positives and :math:`z = x` elsewhere, and the corrected label
    :math:`\tilde y = 1` at positives and wherever :math:`\sigma(z) > \tau`, else 0:

    .. math::
        \ell = -\tilde y\, (1 - \sigma(z))^\gamma \log \sigma(z)
               - (1 - \tilde y)\, \sigma(z)^\gamma \log(1 - \sigma(z))

    Corrected elements have no margin. The gradient includes that of the focusing weight, but not that of the
    correction.

    Source: Zhang et al., 2021 (arXiv 2112.07368), where every label that is not positive may be a missing
    positive. ``correct_negatives=False`` (ours) never corrects annotated negatives.

    Args:
        logits: Scores before the sigmoid, of shape (N, C).
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).
        threshold: Probability tau above which a label is corrected.
        margin: Subtracted from the logits of annotated positives.
        gamma: Focusing exponent.
        correct: Whether labels are corrected at all.
        correct_negatives: Whether negatives are corrected in addition to unknown elements.

    Returns:
        Loss of each element in nats, of shape (N, C), not reduced.

    Raises:
        ValueError: If the shapes differ, a logit is NaN, or a label is not 1, 0, -1 or between 0 and 1.

    Example:
        >>> self_paced_correction_loss(torch.tensor([[1.0, 0.0, 1.0, 1.0]]), torch.tensor([[1, 0, 0, -1]]))
        tensor([[0.1733, 0.1733, 0.0227, 0.0227]])
    """
    positive = labels == POSITIVE
    corrected = (torch.sigmoid(logits) > threshold) & ~positive & correct
    if not correct_negatives:
        corrected &= labels != NEGATIVE
    negated_logits = torch.where(positive, margin - logits, torch.where(corrected, -logits, logits))
    return focused_loss(negated_logits, gamma)
