"""How much of a positive and of a negative each label is."""

from __future__ import annotations

import torch
from torch import Tensor


def label_fractions(labels: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Take labels apart into a positive and a negative share; of an unknown label both are 0.

    Args:
        labels: 1 positive, 0 negative, -1 unknown, or strictly between 0 and 1, of shape (N, C).
        dtype: Floating dtype of the shares.

    Returns:
        Two tables of shape (N, C): positive shares, negative shares.

    Example:
        >>> label_fractions(torch.tensor([[1.0, 0.0, -1.0, 0.25]]), torch.float32)
        (tensor([[1.0000, 0.0000, 0.0000, 0.2500]]), tensor([[0.0000, 1.0000, 0.0000, 0.7500]]))
    """
    table = labels.to(dtype)
    positive = table.clamp(min=0)
    return positive, (1 - positive).mul_(table >= 0)
