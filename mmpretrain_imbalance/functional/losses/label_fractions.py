"""Positive and negative fraction of each label."""

from __future__ import annotations

import torch
from torch import Tensor


def label_fractions(labels: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Split each label into a positive and a negative fraction.

    A soft label y has the fractions y and 1 - y. Both fractions of an unknown label are 0.

    Args:
        labels: 1 positive, 0 negative, -1 unknown, or strictly between 0 and 1, of shape (N, C).
        dtype: Floating dtype of the fractions.

    Returns:
        The positive fractions and the negative fractions, each of shape (N, C).

    Example:
        >>> label_fractions(torch.tensor([[1.0, 0.0, -1.0, 0.25]]), torch.float32)
        (tensor([[1.0000, 0.0000, 0.0000, 0.2500]]), tensor([[0.0000, 1.0000, 0.0000, 0.7500]]))
    """
    labels = labels.to(dtype)
    positive = labels.clamp(min=0)
    return positive, (1 - positive).mul_(labels >= 0)
