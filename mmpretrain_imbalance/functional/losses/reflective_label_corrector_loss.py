"""Reflective label corrector loss (of COMIC): labels with a high probability are corrected to positive."""

from __future__ import annotations

import torch
from torch import Tensor

from ..labels import NEGATIVE, POSITIVE
from .elementwise_loss_function import elementwise_loss_function
from .multi_grained_focal_loss import multi_grained_focal_loss


@torch.no_grad()
def reflected_elements(
    logits: Tensor,
    labels: Tensor,
    threshold: float = 0.7,
    margin: float = 1.0,
    correct_negatives: bool = True,
) -> Tensor:
    r"""Choose the elements whose label is corrected to positive.

    With :math:`z = x - \text{margin}` at positives and :math:`z = x` elsewhere, an element (n, c) that is not
    positive is chosen if

    .. math:: \sigma(z_{nc}) > \tau \quad\text{and}\quad \sigma(z_{nc}) > \frac{1}{N} \sum_m \sigma(z_{mc})

    Soft labels are not corrected.

    Source: Zhang et al., ICCV 2023 (arXiv 2304.10539). ``correct_negatives=False`` (ours) never corrects
    annotated negatives.

    Args:
        logits: Scores before the sigmoid, of shape (N, C).
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).
        threshold: Probability tau above which a label is corrected.
        margin: Subtracted from the logits of positives, which also lowers the mean of their class.
        correct_negatives: Whether negatives are corrected in addition to unknown elements.

    Returns:
        The chosen elements, bool, of shape (N, C).

    Example:
        >>> logits = torch.tensor([[2.0, 2.0, 2.0], [0.0, 4.0, 2.0]])
        >>> reflected_elements(logits, torch.tensor([[0, 0, 1], [0, -1, -1]]))
        tensor([[ True, False, False],
                [False,  True,  True]])
    """
    probability = torch.sigmoid(logits - margin * (labels == POSITIVE))
    correctable = labels <= NEGATIVE if correct_negatives else labels < NEGATIVE
    return correctable & (probability > threshold) & (probability > probability.mean(dim=0))


@elementwise_loss_function
def reflective_label_corrector_loss(
    logits: Tensor,
    labels: Tensor,
    corrected: Tensor,
    class_weight: Tensor,
    margin: float = 1.0,
    gamma_pos: float = 0.0,
    gamma_neg: float = 3.0,
    clip: float = 0.05,
    detach_focus: bool = True,
    eps: float = 1e-8,
) -> Tensor:
    r"""Multi-grained focal loss of corrected labels, with a margin at annotated positives.

    The loss is :func:`multi_grained_focal_loss` of the logits
    :math:`z = x - \text{margin}` at positives and :math:`z = x` elsewhere. Corrected elements are positives
    without a margin.

    Source: Zhang et al., ICCV 2023 (arXiv 2304.10539). The authors multiply the sum by the number of images,
    divided by the number of positives after the correction.

    Args:
        logits: Scores before the sigmoid, of shape (N, C).
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).
        corrected: Elements that become positive, see :func:`reflected_elements`, bool, of shape (N, C).
        class_weight: w of each class, of shape (C,).
        margin: Subtracted from the logits of annotated positives.
        gamma_pos: Focusing exponent of positives.
        gamma_neg: Focusing exponent of negatives, to which the class weight is added.
        clip: Probability margin of negatives.
        detach_focus: Whether the focusing weight is excluded from the gradient.
        eps: Smallest probability inside a logarithm; 0 for none.

    Returns:
        Loss of each element in nats, of shape (N, C), not reduced.

    Raises:
        ValueError: If the shapes differ, a logit is NaN, or a label is not 1, 0, -1 or between 0 and 1.

    Example:
        >>> logits, labels = torch.tensor([[1.0, 0.0, 2.0]]), torch.tensor([[1, 0, -1]])
        >>> corrected = torch.tensor([[False, False, True]])
        >>> reflective_label_corrector_loss(logits, labels, corrected, torch.ones(3))
        tensor([[0.6931, 0.0245, 0.1269]])
    """
    return multi_grained_focal_loss.unvalidated(
        logits - margin * (labels == POSITIVE),
        labels.masked_fill(corrected, POSITIVE),
        class_weight,
        gamma_pos,
        gamma_neg,
        clip,
        detach_focus,
        eps,
    )
