"""Small feature stores whose features and labels are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mmpretrain_imbalance.datasets import FeatureStoreWriter, label_store_from_array

CLASSES = ["cat", "dog", "elk"]
NUM_FEATURES = 5


def draw(num_images: int, dtype: str = "float32", seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return features of shape (N, 5) and labels of shape (N, 3)."""
    generator = np.random.default_rng(seed)
    features = generator.normal(size=(num_images, NUM_FEATURES)).astype(dtype)
    return features, generator.integers(-1, 2, (num_images, len(CLASSES)))


def write_store(folder: Path, features: np.ndarray, labels: np.ndarray, default_label: int = -1) -> Path:
    """Write a feature store with the images '0.jpg', '1.jpg' and so on."""
    names = [f"{number}.jpg" for number in range(len(labels))]
    store = label_store_from_array(labels, names, CLASSES, default_label)
    writer = FeatureStoreWriter(folder, store, dict(dtype=str(features.dtype), batch_size=4))
    for start in range(0, len(features), 4):
        writer.append(features[start : start + 4])
    writer.finish()
    return folder
