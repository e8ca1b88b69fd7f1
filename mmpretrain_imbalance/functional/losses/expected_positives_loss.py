"""Expected positive regularization (EPR): loss of positives and of the number of predicted positives."""

from __future__ import annotations

import torch
from torch import Tensor

from ..labels import NEGATIVE, POSITIVE
from .elementwise_loss_function import elementwise_loss_function
from .local_elements import local_elements
from .negative_log_sigmoid import negative_log_sigmoid


def expected_positives_regularizer(logits: Tensor, expected_positives: float) -> Tensor:
    r"""Squared deviation of the mean number of predicted positives per image from the expected number.

    .. math:: R = \frac{1}{C^2} \left( \frac{1}{N} \sum_{nc} \sigma(x_{nc}) - k \right)^2

    Every element has the value R, and its gradient is N C times the derivative of R with respect to its own
    logit. The mean over the elements therefore has the value and the gradient of R.

    Args:
        logits: Scores before the sigmoid, of shape (N, C).
        expected_positives: The expected number k of positives per image.

    Returns:
        R at each element, of shape (N, C).

    Example:
        >>> expected_positives_regularizer(torch.zeros(1, 4), expected_positives=1)
        tensor([[0.0625, 0.0625, 0.0625, 0.0625]])
    """
    num_images, num_classes = logits.shape
    scores = logits.detach()
    probability = torch.sigmoid(scores)
    excess = probability.sum() / max(num_images, 1) - expected_positives
    slope = 2 * excess / num_classes * probability * torch.sigmoid(-scores)
    return local_elements(logits, (excess / num_classes).square().expand_as(logits), slope)


@elementwise_loss_function
def expected_positives_loss(
    logits: Tensor, labels: Tensor, expected_positives: float, use_negatives: bool = False, eps: float = 1e-5
) -> Tensor:
    r"""Cross-entropy of positives, plus a regularizer of the number of predicted positives.

    .. math::
        L = \frac{1}{NC} \sum_{y_{nc} = 1} -\log(p_{nc} + \epsilon) + R, \qquad
        R = \frac{1}{C^2} \left( \frac{1}{N} \sum_{nc} p_{nc} - k \right)^2

    R is one number per batch. Every element includes the whole of R, so the MEAN over the N C elements is L,
    and any other reduction gives a multiple of L. The derivative of R with respect to a logit is part of the
    gradient of the element of this logit (see :func:`local_elements`).

    Source: Cole et al., CVPR 2021 (arXiv 2106.09708). Unknown elements have only the loss R, and so have
    negatives in the paper.

    Args:
        logits: Scores before the sigmoid, of shape (N, C).
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).
        expected_positives: The expected number k of positives per image: 1.5 in VOC, 2.9 in COCO, 1.9 in
            NUS-WIDE, 31.4 in CUB.
        use_negatives: Whether annotated negatives have the additional loss :math:`-\log(1 - p + \epsilon)`
            (ours; the data of the paper has no annotated negatives).
        eps: Added inside the logarithm, as in the authors' code; 0 for none.

    Returns:
        Loss of each element in nats, of shape (N, C), not reduced.

    Raises:
        ValueError: If the shapes differ, a logit is NaN, or a label is not 1, 0, -1 or between 0 and 1.

    Example:
        >>> expected_positives_loss(torch.zeros(1, 4), torch.tensor([[1, 0, -1, -1]]), expected_positives=1)
        tensor([[0.7556, 0.0625, 0.0625, 0.0625]])
    """
    elements = expected_positives_regularizer(logits, expected_positives)
    elements = elements + negative_log_sigmoid(logits, eps).masked_fill(labels != POSITIVE, 0)
    if use_negatives:
        elements = elements + negative_log_sigmoid(-logits, eps).masked_fill(labels != NEGATIVE, 0)
    return elements
