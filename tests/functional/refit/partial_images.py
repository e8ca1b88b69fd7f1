"""Small sets of images with partial labels for the tests of the refit of a head."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

Batch = tuple[Tensor, Tensor]


def partial_images(
    num_images: int = 60, num_features: int = 4, num_classes: int = 3, seed: int = 0, unknown: float = 0.3
) -> tuple[np.ndarray, np.ndarray]:
    """Return correlated features with different means and scales, and 1/0/-1 labels that depend on them."""
    generator = np.random.default_rng(seed)
    mixed = generator.normal(size=(num_images, num_features)) @ generator.normal(size=(num_features,) * 2)
    features = mixed * np.geomspace(0.1, 3, num_features) + np.linspace(-2, 5, num_features)
    scores = mixed @ generator.normal(size=(num_features, num_classes)) + generator.logistic(
        size=(num_images, num_classes)
    )
    labels = (scores > 0.5).astype(np.int64)
    labels[generator.random(labels.shape) < unknown] = -1
    return features, labels


def batches(features: np.ndarray, labels: np.ndarray, sizes: Sequence[int] = (7, 1, 20)) -> list[Batch]:
    """Cut images into batches of these sizes, and the rest."""
    ends = np.cumsum(sizes)
    return list(
        zip(map(torch.from_numpy, np.split(features, ends)), map(torch.from_numpy, np.split(labels, ends)))
    )
