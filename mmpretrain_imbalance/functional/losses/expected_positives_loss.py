"""Expected positive regularization (EPR): positives, and how many of them an image should have."""

from __future__ import annotations

import torch
from torch import Tensor

from ..labels import NEGATIVE, POSITIVE
from .elementwise_loss_function import elementwise_loss_function
from .local_elements import local_elements
from .negative_log_sigmoid import negative_log_sigmoid


def expected_positives_regularizer(logits: Tensor, expected_positives: float) -> Tensor:
    r"""How far the number of predicted positives of an image is from what is expected.

    .. math:: R = \frac{1}{C^2} \left( \frac{1}{N} \sum_{nc} \sigma(x_{nc}) - k \right)^2

    Every element of the table carries the whole of R, and N C times the gradient of R by its own logit, so
    that the mean of the table has the value and the gradient of R.

    Args:
        logits: Scores before the sigmoid, of shape (N, C).
        expected_positives: The mean number k of positives of an image.

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
    r"""Loss of positives only, with a regularizer of the number of positives that the model predicts.

    .. math::
        L = \frac{1}{NC} \sum_{y_{nc} = 1} -\log(p_{nc} + \epsilon) + R, \qquad
        R = \frac{1}{C^2} \left( \frac{1}{N} \sum_{nc} p_{nc} - k \right)^2

    R is one number of the batch. Every element of the table carries the whole of it, so that the MEAN over
    the N C elements is L, and any other reduction gives a multiple of L. The gradient of R by a logit is
    carried by the element of that logit
    (:func:`~mmpretrain_imbalance.functional.local_elements.local_elements`).

    Source: Cole et al., CVPR 2021 (arXiv 2106.09708). Unknown elements, and negative ones as published, cost
    nothing but R.

    Args:
        logits: Scores before the sigmoid, of shape (N, C).
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).
        expected_positives: The mean number k of positives of an image: 1.5 in VOC, 2.9 in COCO, 1.9 in
            NUS-WIDE, 31.4 in CUB.
        use_negatives: Whether an annotated negative also costs :math:`-\log(1 - p + \epsilon)` (ours: the
            data of the paper has none).
        eps: Added inside the logarithm, as in the authors' code; 0 for none.

    Returns:
        Loss of each element in nats, of shape (N, C), not reduced.

    Raises:
        ValueError: If the shapes differ, a logit is NaN, or a label is none of 1, 0 and -1.

    Example:
        >>> expected_positives_loss(torch.zeros(1, 4), torch.tensor([[1, 0, -1, -1]]), expected_positives=1)
        tensor([[0.7556, 0.0625, 0.0625, 0.0625]])
    """
    elements = expected_positives_regularizer(logits, expected_positives)
    elements = elements + negative_log_sigmoid(logits, eps).masked_fill(labels != POSITIVE, 0)
    if use_negatives:
        elements = elements + negative_log_sigmoid(-logits, eps).masked_fill(labels != NEGATIVE, 0)
    return elements
