"""Two-way multi-label loss: comparison of classes within each image, and of images within each class."""

from __future__ import annotations

import torch
from torch import Tensor

from ..labels import known_labels
from .elementwise_loss_function import elementwise_loss_function
from .label_fractions import label_fractions
from .local_elements import local_elements
from .negative_log_sigmoid import softplus


@elementwise_loss_function(mix_soft_labels=False)
def two_way_loss(
    logits: Tensor, labels: Tensor, positive_temperature: float = 4.0, negative_temperature: float = 1.0
) -> Tensor:
    r"""Soft margin between negatives and positives, within each image and within each class.

    For the positives P and the negatives G of an image, or of a class in the batch:

    .. math::
        L(P, G) = \log\big(1 + e^{h}\big), \quad
        h = \tau_- \log \sum_{j \in G} e^{x_j / \tau_-} + \tau_+ \log \sum_{j \in P} e^{-x_j / \tau_+}

    The loss is the mean of L over the images that have a known positive, plus the mean of L over the classes
    that have a known positive in the batch. Unknown elements are in neither P nor G; their loss and gradient
    are 0. A soft label y is in both, with the weights y and 1 - y. The weight of an image or class in the
    mean is the probability that it has a positive, where its labels are taken as independent probabilities.

    Each L is distributed evenly over the known elements of its row or column, and scaled so that the sum of
    all elements, divided by the number of images N, is the loss. The derivative with respect to a logit is
    the gradient of the element of this logit (see :func:`local_elements`).

    Source: Kobayashi, CVPR 2023.

    Args:
        logits: Scores, of shape (N, C).
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).
        positive_temperature: Temperature of the positives.
        negative_temperature: Temperature of the negatives.

    Returns:
        Part of the loss of each element in nats, of shape (N, C), not reduced.

    Raises:
        ValueError: If the shapes differ, a logit is NaN, or a label is not 1, 0, -1 or between 0 and 1.

    Example:
        >>> elements = two_way_loss(torch.zeros(2, 3), torch.tensor([[1, 0, -1], [0, 1, -1]]))
        >>> elements.sum() / 2  # log 2 of the images, log 2 of the classes
        tensor(1.3863)
    """
    scores, known = logits.detach(), known_labels(labels)
    values, slopes = torch.zeros_like(scores), torch.zeros_like(scores)
    positive, negative = label_fractions(labels, scores.dtype)
    for dim in (1, 0):
        margin = torch.zeros_like(scores.sum(dim=dim, keepdim=True))
        margin_slopes = torch.zeros_like(scores)
        for fraction, sign, temperature in (
            (positive, -1, positive_temperature),
            (negative, 1, negative_temperature),
        ):
            exponents = sign * scores / temperature + fraction.log()
            total = exponents.logsumexp(dim=dim, keepdim=True)
            margin += temperature * total.clamp(min=-1e30)  # total is -inf if P or G is empty
            margin_slopes += sign * torch.where(fraction > 0, torch.exp(exponents - total), 0)
        any_positive = 1 - (1 - positive).prod(dim=dim, keepdim=True)
        weight = len(scores) * any_positive / any_positive.sum().clamp(min=1)
        values += weight * known * softplus(margin) / known.sum(dim=dim, keepdim=True).clamp(min=1)
        slopes += weight * torch.sigmoid(margin) * margin_slopes
    return local_elements(logits, values, slopes)
