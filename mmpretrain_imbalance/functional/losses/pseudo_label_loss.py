"""Pseudo-labels of unknown elements with a high or a low probability."""

from __future__ import annotations

import torch
from torch import Tensor

from ..labels import NEGATIVE, POSITIVE, UNKNOWN


@torch.no_grad()
def pseudo_labels(
    probabilities: Tensor,
    labels: Tensor,
    positive_threshold: float | Tensor,
    negative_threshold: float | Tensor,
    hard: bool = True,
) -> Tensor:
    r"""Replace unknown labels whose probability passes a threshold; known labels are never changed.

    .. math:: y_{nc} \leftarrow 1 \text{ where } p_{nc} > t^+_c, \quad 0 \text{ where } p_{nc} < t^-_c

    Source: the idea is that of Zhang et al., 2023 (arXiv 2308.00166); the design is this project's.

    Args:
        probabilities: p, of shape (N, C).
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).
        positive_threshold: t+, a number or one per class, of shape (C,).
        negative_threshold: t-, a number or one per class, of shape (C,).
        hard: Whether the new labels are 1 and 0; if false, they are the probabilities.

    Returns:
        Labels of the same shape and dtype (of a floating dtype if ``hard`` is false).

    Example:
        >>> pseudo_labels(torch.tensor([[0.95, 0.5, 0.01, 0.99]]), torch.tensor([[-1, -1, -1, 0]]), 0.9, 0.1)
        tensor([[ 1, -1,  0,  0]])
    """
    unknown = labels == UNKNOWN
    positive = unknown & (probabilities > positive_threshold)
    negative = unknown & (probabilities < negative_threshold)
    if hard:
        return labels.masked_fill(positive, POSITIVE).masked_fill(negative, NEGATIVE)
    return torch.where(positive | negative, probabilities, labels)


def ramp_up(epoch: Tensor, warmup_epochs: int, ramp_epochs: int) -> Tensor:
    r"""Fraction of the full weight of pseudo-labels at an epoch.

    .. math:: \text{ramp}(e) = \min\left(\max\left(\frac{e - w + 1}{\max(r, 1)}, 0\right), 1\right)

    with w = ``warmup_epochs`` and r = ``ramp_epochs``: 0 during the warm-up, 1 from epoch w + r - 1 on.

    Args:
        epoch: The epoch, counted from 0, a scalar.
        warmup_epochs: Number of epochs without pseudo-labels.
        ramp_epochs: Number of epochs over which the weight grows; 0 or 1 for a step.

    Returns:
        A scalar in [0, 1].

    Example:
        >>> [ramp_up(torch.tensor(epoch), 2, 2).item() for epoch in range(5)]
        [0.0, 0.0, 0.5, 1.0, 1.0]
    """
    return ((epoch - warmup_epochs + 1) / max(ramp_epochs, 1)).clamp(0, 1)
