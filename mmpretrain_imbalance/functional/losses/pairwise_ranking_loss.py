"""Pairwise ranking loss of probabilities: each positive of an image against its other classes."""

from __future__ import annotations

import torch
from torch import Tensor

from .elementwise_loss_function import elementwise_loss_function
from .label_fractions import label_fractions
from .local_elements import local_elements


@elementwise_loss_function(mix_soft_labels=False)
def pairwise_ranking_loss(logits: Tensor, labels: Tensor) -> Tensor:
    r"""Hinge loss of each positive against every class of its image that is not positive.

    With :math:`p = \sigma(x)`, the loss of the positive i of image n is

    .. math:: \ell_{ni} = \sum_{j:\, y_{nj} \ne 1} \max(0, 1 - p_{ni} + p_{nj})

    and the loss of all other elements is 0. The sum includes unknown and negative classes alike. Since
    probabilities lie in [0, 1], the argument of the hinge is never negative. With J classes in the sum, the
    loss is therefore

    .. math:: \ell_{ni} = J (1 - p_{ni}) + \sum_j p_{nj}

    which needs no matrix of pairs: time and memory are proportional to N C. The derivative with respect to a
    logit is the gradient of the element of this logit, also for the classes in the sum, whose loss is 0 (see
    :func:`local_elements`).

    A soft label y counts as a positive with the weight y and as a class of the sum with the weight 1 - y. The
    loss of a pair is multiplied by both weights, and no class is compared with itself.

    Source: ``loss_pr`` in the code of Cole et al., CVPR 2021 (arXiv 2106.09708), which has no annotated
    negatives.

    Args:
        logits: Scores before the sigmoid, of shape (N, C).
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).

    Returns:
        Loss of each element, of shape (N, C), not reduced.

    Raises:
        ValueError: If the shapes differ, a logit is NaN, or a label is not 1, 0, -1 or between 0 and 1.

    Example:
        >>> pairwise_ranking_loss(torch.zeros(1, 4), torch.tensor([[1, 0, -1, 1]]))
        tensor([[2., 0., 0., 2.]])
    """
    probability = torch.sigmoid(logits.detach())
    positive, _ = label_fractions(labels, probability.dtype)
    other = 1 - positive
    num_others = other.sum(dim=1, keepdim=True) - other  # other classes, without the class itself
    sum_others = (other * probability).sum(dim=1, keepdim=True) - other * probability
    values = positive * (num_others * (1 - probability) + sum_others)
    num_positives = positive.sum(dim=1, keepdim=True) - positive
    slopes = other * num_positives - positive * num_others
    return local_elements(logits, values, slopes * probability * torch.sigmoid(-logits.detach()))
