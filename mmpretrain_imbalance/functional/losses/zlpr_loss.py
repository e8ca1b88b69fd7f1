"""Zero-bounded log-sum-exp and pairwise rank-based loss (ZLPR)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from .elementwise_loss_function import elementwise_loss_function
from .label_fractions import label_fractions
from .local_elements import local_elements


@elementwise_loss_function(mix_soft_labels=False)
def zlpr_loss(logits: Tensor, labels: Tensor) -> Tensor:
    r"""Log-sum-exp loss with the threshold 0 between negatives and positives.

    .. math::
        L_n = \log \Big( 1 + \sum_{c:\, y_{nc} = 0} e^{x_{nc}} \Big)
            + \log \Big( 1 + \sum_{c:\, y_{nc} = 1} e^{-x_{nc}} \Big)

    The first term is distributed evenly over the negatives of the image, the second over its positives, so
    that the sum over a row is :math:`L_n`. The derivative with respect to a logit is the gradient of the
    element of this logit (see :func:`local_elements`). Unknown elements are
    left out; their loss and gradient are 0. A soft label y is in both sums: in that of positives with the
    weight y, in that of negatives with the weight 1 - y.

    Source: Su et al., 2022 (arXiv 2208.02955).

    Args:
        logits: Scores, positive for classes that are present, of shape (N, C).
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).

    Returns:
        Part of the loss of each element in nats, of shape (N, C), not reduced.

    Raises:
        ValueError: If the shapes differ, a logit is NaN, or a label is not 1, 0, -1 or between 0 and 1.

    Example:
        >>> zlpr_loss(torch.zeros(1, 4), torch.tensor([[1, 0, 0, -1]]))
        tensor([[0.6931, 0.5493, 0.5493, 0.0000]])
    """
    scores = logits.detach()
    values, slopes = torch.zeros_like(scores), torch.zeros_like(scores)
    for fraction, sign in zip(label_fractions(labels, scores.dtype), (-1, 1)):
        exponents = sign * scores + fraction.log()
        total = F.pad(exponents, (0, 1)).logsumexp(dim=1, keepdim=True)
        members = fraction.sum(dim=1, keepdim=True)
        values += fraction * total / members.where(members > 0, 1.0)
        slopes += sign * torch.exp(exponents - total)
    return local_elements(logits, values, slopes)
