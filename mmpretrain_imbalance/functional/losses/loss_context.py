"""What a loss may need beside logits and labels."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class LossContext:
    """What the head knows of a batch, for the losses that need it.

    Args:
        sample_ids: Index of each image in the training set, of shape (N,).
        activation_maps: Class activation maps, of shape (N, C, H, W).

    Example:
        >>> import torch
        >>> LossContext(sample_ids=torch.tensor([7])).sample_ids
        tensor([7])
    """

    sample_ids: Tensor | None = None
    activation_maps: Tensor | None = None
