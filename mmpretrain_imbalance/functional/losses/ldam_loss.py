"""Label-distribution-aware margin loss (LDAM), with a softmax over the classes or one sigmoid per class."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..labels import POSITIVE, UNKNOWN
from .elementwise_loss_function import elementwise_loss_function
from .negative_log_sigmoid import softplus

# The score of a class that is left out. It is finite, so that its gradient is 0 and not NaN.
_LEFT_OUT = -1e30


def label_distribution_margins(
    positives: Tensor, max_margin: float = 0.5, dtype: torch.dtype = torch.float32
) -> Tensor:
    r"""Margin of each class, larger for rarer ones.

    .. math:: m_c = m_{\max} \frac{n_c^{-1/4}}{\max_j n_j^{-1/4}}

    Args:
        positives: Number of images :math:`n_c` of each class in the training set, of shape (C,).
        max_margin: The margin of the rarest class, and of classes without images.
        dtype: Floating dtype of the margins.

    Returns:
        Margins of shape (C,).

    Example:
        >>> label_distribution_margins(torch.tensor([16, 1, 0]))
        tensor([0.2500, 0.5000, 0.5000])
    """
    counts = positives.to(dtype)
    seen = counts > 0
    fewest = counts.masked_fill(~seen, torch.inf).amin()
    return torch.where(seen, max_margin * (counts / fewest).pow(-0.25), max_margin)


@elementwise_loss_function
def ldam_loss(logits: Tensor, labels: Tensor, margins: Tensor, scale: float = 30.0) -> Tensor:
    r"""Softmax cross-entropy with a margin on the logit of the class of the image.

    .. math:: \ell_n = -\log \frac{e^{s (x_{ny} - m_y)}}{e^{s (x_{ny} - m_y)} + \sum_{j \neq y} e^{s x_{nj}}}

    The element of the class y holds the loss of the image; all other elements are 0. The loss is meant for
    one positive per image. If an image has several positives, each of them has such a loss, in which the
    other positives count as wrong classes. Unknown classes are left out of the sum and have no gradient. The
    loss of an image without a positive is 0.

    Source: Cao et al., NeurIPS 2019 (arXiv 1906.07413). The logits of the authors are cosines, which is why
    they are scaled.

    Args:
        logits: Scores before the softmax, of shape (N, C).
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).
        margins: Margin of each class, of shape (C,).
        scale: The factor s of the logits.

    Returns:
        Loss of each element in nats, of shape (N, C), not reduced.

    Raises:
        ValueError: If the shapes differ, a logit is NaN, or a label is not 1, 0, -1 or between 0 and 1.

    Example:
        >>> margins = torch.full((3,), 0.5)
        >>> ldam_loss(torch.zeros(1, 3), torch.tensor([[0, 1, 0]]), margins, scale=2)
        tensor([[0.0000, 1.8620, 0.0000]])
    """
    scores = (scale * logits).masked_fill(labels == UNKNOWN, _LEFT_OUT)
    loss = softplus(_log_sum_of_others(scores) - scores + scale * margins.to(logits))
    return loss.masked_fill(labels != POSITIVE, 0)


@elementwise_loss_function
def sigmoid_ldam_loss(logits: Tensor, labels: Tensor, margins: Tensor, scale: float = 30.0) -> Tensor:
    r"""Binary cross-entropy with a margin on the logits of positives.

    .. math:: \ell_{nc} = \begin{cases} -\log \sigma(s (x_{nc} - m_c)) & \text{positive} \\
        -\log(1 - \sigma(s x_{nc})) & \text{negative} \\ 0 & \text{unknown} \end{cases}

    This form of LDAM for one sigmoid per class is ours: an image may have any number of positives. Cao et al.
    (NeurIPS 2019, arXiv 1906.07413) define the margins and use them in a softmax, see :func:`ldam_loss`.

    Args:
        logits: Scores before the sigmoid, of shape (N, C).
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).
        margins: Margin of each class, of shape (C,).
        scale: The factor s of the logits; 1 for logits of a linear layer.

    Returns:
        Loss of each element in nats, of shape (N, C), not reduced.

    Raises:
        ValueError: As :func:`ldam_loss`.

    Example:
        >>> margins = torch.full((3,), 0.5)
        >>> sigmoid_ldam_loss(torch.zeros(1, 3), torch.tensor([[1, 0, -1]]), margins, scale=1)
        tensor([[0.9741, 0.6931, 0.0000]])
    """
    scores = scale * logits
    positive = softplus(scale * margins.to(logits) - scores)
    return torch.where(labels == POSITIVE, positive, softplus(scores)).masked_fill(labels == UNKNOWN, 0)


def _log_sum_of_others(scores: Tensor) -> Tensor:
    r"""Compute :math:`\log \sum_{j \neq c} e^{z_j}` over the other classes of the image, for each class c.

    For the class with the largest score, the sum is computed without this class. For all other classes, it is
    the total minus the class. So nearly equal numbers are never subtracted.
    """
    if not scores.numel():
        return scores
    largest = torch.zeros_like(scores, dtype=torch.bool).scatter(1, scores.argmax(dim=1, keepdim=True), True)
    without_largest = scores.masked_fill(largest, _LEFT_OUT).logsumexp(dim=1, keepdim=True)
    total = scores.logsumexp(dim=1, keepdim=True)
    fraction = torch.exp((scores - total).clamp(max=-math.log(2)))
    return torch.where(largest, without_largest, total + torch.log1p(-fraction))
