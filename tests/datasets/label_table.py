"""Dataset with given labels and constant images, for tests of samplers and wrappers."""

from __future__ import annotations

import numpy as np

from mmpretrain_imbalance.datasets import LabelStore, LabelStoreDataset, label_store_from_array


class LabelTable(LabelStoreDataset):
    """Dataset of the images 0.jpg, 1.jpg and so on, with the labels of the rows of an array."""

    def __init__(
        self, table: np.ndarray, classes: tuple[str, ...] | None = None, default_label: int = -1, **kwargs
    ) -> None:
        self.table = np.asarray(table)
        self.names = classes or tuple(f"class {c}" for c in range(self.table.shape[1]))
        self.default_label = default_label
        super().__init__(**kwargs)

    def load_label_store(self) -> LabelStore:
        names = [f"{number}.jpg" for number in range(len(self.table))]
        return label_store_from_array(self.table, names, self.names, self.default_label)

    def image_info(self, row: int) -> dict:
        return {"img": np.full((8, 8, 1), row % 255, dtype=np.uint8), "img_shape": (8, 8)}


def long_tailed_table(num_images: int = 300, num_classes: int = 6, seed: int = 0) -> np.ndarray:
    """Return random labels 1, 0 and -1, with decreasing class frequencies and images without positives."""
    rng = np.random.default_rng(seed)
    fractions = 0.4 * 0.5 ** np.arange(num_classes)
    table = np.where(rng.random((num_images, num_classes)) < fractions, 1, 0)
    table[rng.random(table.shape) < 0.3] = -1
    table[:num_classes, :] = np.where(np.eye(num_classes), 1, -1)  # every class has a positive
    return table
