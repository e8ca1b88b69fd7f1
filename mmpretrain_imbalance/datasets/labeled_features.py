"""Batches of features with their labels, which can be read several times."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from .label_store.store import LabelStore


class LabeledFeatures:
    """Features of images and their labels, in batches of a fixed order.

    The labels stay in their sparse store; only those of one batch are dense at a time.

    Args:
        features: Features of M images, in memory or memory-mapped, of shape (M, D).
        labels: Labels of N images.
        rows: Row of each of the M images in ``labels``, of shape (M,); None if they are all N images.
        batch_size: Images per batch.
        device: Device of the batches.

    Example:
        >>> from mmpretrain_imbalance.datasets import label_store_from_array
        >>> store = label_store_from_array([[1, 0], [-1, 1], [0, 0]], ['a', 'b', 'c'], ['cat', 'dog'])
        >>> batches = LabeledFeatures(np.array([[0.5], [2.0]]), store, rows=np.array([0, 1]))
        >>> [labels.tolist() for features, labels in batches]
        [[[1, 0], [-1, 1]]]
    """

    def __init__(
        self,
        features: np.ndarray | Tensor,
        labels: LabelStore,
        rows: np.ndarray | None = None,
        batch_size: int = 1024,
        device: torch.device | str = "cpu",
    ) -> None:
        self.features = features
        self.labels = labels
        self.rows = np.arange(len(labels)) if rows is None else rows
        self.batch_size = batch_size
        self.device = device
        if len(self.features) != len(self.rows):
            raise ValueError(
                f"The 'features' argument of LabeledFeatures must have {len(self.rows)} rows, one per image. "
                f"Got {len(self.features)} instead."
            )

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        for start in range(0, len(self.rows), self.batch_size):
            rows = self.rows[start : start + self.batch_size]
            features = self.features[start : start + self.batch_size]
            if isinstance(features, np.ndarray):
                # A copy, because torch has no read-only tensors.
                features = torch.from_numpy(features.copy())
            yield features.to(self.device), torch.from_numpy(self.labels.dense_rows(rows)).to(self.device)
