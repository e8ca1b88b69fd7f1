"""Inputs of a loss in addition to logits and labels."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class LossContext:
    """Data of a batch that the head passes to losses in addition to logits and labels.

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
