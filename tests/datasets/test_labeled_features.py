"""Batches have the features and the dense labels of their images."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mmpretrain_imbalance.datasets import label_store_from_array
from mmpretrain_imbalance.datasets.labeled_features import LabeledFeatures

GENERATOR = np.random.default_rng(0)
LABELS = GENERATOR.integers(-1, 2, (11, 4))
STORE = label_store_from_array(LABELS, [str(image) for image in range(11)], list("abcd"))
FEATURES = GENERATOR.normal(size=(11, 3)).astype(np.float32)


@pytest.mark.parametrize("as_tensor", [False, True])
def test_batches_of_some_images(as_tensor: bool) -> None:
    rows = np.arange(1, 11, 2)
    features = torch.from_numpy(FEATURES[rows]) if as_tensor else FEATURES[rows]
    batches = LabeledFeatures(features, STORE, rows, batch_size=2)
    for _ in range(2):  # they can be read again
        parts = list(batches)
        assert [len(part) for part, _ in parts] == [2, 2, 1]
        np.testing.assert_array_equal(torch.cat([part for part, _ in parts]), FEATURES[rows])
        np.testing.assert_array_equal(torch.cat([part for _, part in parts]), LABELS[rows])


def test_a_batch_is_a_copy_of_a_memory_map(tmp_path) -> None:
    np.save(tmp_path / "features.npy", FEATURES)
    mapped = np.load(tmp_path / "features.npy", mmap_mode="r")
    for features, _ in LabeledFeatures(mapped, STORE):
        features.zero_()
    np.testing.assert_array_equal(mapped, FEATURES)


def test_another_number_of_images_raises() -> None:
    with pytest.raises(ValueError, match=r"must have 11 rows, one per image. Got 5 instead"):
        LabeledFeatures(FEATURES[:5], STORE)
