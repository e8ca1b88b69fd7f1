"""Shift of the logits of unknown elements to the expected fraction of positives."""

from __future__ import annotations

import torch
from torch import Tensor

_LIMIT = 40.0  # largest shift, beyond which a probability in float32 is 0 or 1 anyway
_STEPS = 60


@torch.no_grad()
def match_prior(logits: Tensor, labels: Tensor) -> Tensor:
    r"""Shift the logits of each class so that all labels together have the fraction of the known ones.

    .. math:: n_c^+ + \sum_{n:\, y_{nc} = -1} \sigma(z_{nc} + t_c) = N\, \frac{n_c^+}{n_c^+ + n_c^-}

    The shift :math:`t_c` is found by bisection. The fraction among the known labels is an estimate of the
    prior if labels are missing at random within a class. It is none if a fixed number of labels of each class
    was annotated, or if only positives were.

    Source: this project, after the idea of Zhang et al., 2023 (arXiv 2308.00166).

    Args:
        logits: Logits z, of shape (N, C).
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C). Each class needs both known labels.

    Returns:
        The shifts t, of shape (C,); 0 for a class without unknown labels.

    Example:
        >>> labels = torch.tensor([[1], [0], [0], [-1], [-1], [-1]])
        >>> shift = match_prior(torch.tensor([[0.0], [0.0], [0.0], [2.0], [0.0], [-1.0]]), labels)
        >>> torch.sigmoid(torch.tensor([2.0, 0.0, -1.0]) + shift).sum()
        tensor(1.0000)
    """
    unknown = labels < 0
    num_unknown = unknown.sum(dim=0)
    num_positives = (labels == 1).sum(dim=0)
    wanted = num_positives / (len(labels) - num_unknown).clamp(min=1)
    low = torch.full_like(wanted, -_LIMIT)
    high = -low
    for _ in range(_STEPS):
        middle = (low + high) / 2
        found = torch.where(unknown, torch.sigmoid(logits + middle), 0).sum(dim=0) / num_unknown.clamp(min=1)
        low, high = torch.where(found < wanted, middle, low), torch.where(found < wanted, high, middle)
    return torch.where(num_unknown > 0, (low + high) / 2, 0)
