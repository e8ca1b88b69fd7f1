"""Subsets that a config defines: same samples, same labels, and a check of the number of samples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from mmengine.registry import DefaultScope
from mmpretrain.registry import DATASETS

from mmpretrain_imbalance.datasets import MultiDigits, dataset_label_store, label_counts

CHOSEN = [7, 2, 9]


@pytest.fixture
def cfg(tmp_path: Path) -> dict:
    np.save(tmp_path / "chosen.npy", np.array(CHOSEN))
    digits = dict(type="MultiDigits", num_images=10, pipeline=[dict(type="PackInputs")])
    return dict(type="DatasetSubset", dataset=digits, indices=str(tmp_path / "chosen.npy"), num_samples=10)


def build(cfg: dict):
    with DefaultScope.overwrite_default_scope("mmpretrain"):
        return DATASETS.build(cfg)


def test_samples_and_labels_are_those_of_the_dataset(cfg: dict) -> None:
    subset = build(cfg)
    digits = MultiDigits(num_images=10)
    assert [subset[index]["data_samples"].sample_idx for index in range(3)] == CHOSEN
    assert subset.metainfo["classes"] == digits.metainfo["classes"]
    assert [subset.get_cat_ids(index) for index in range(3)] == [digits.get_cat_ids(row) for row in CHOSEN]
    labels = digits.get_gt_labels()[CHOSEN]
    np.testing.assert_array_equal(label_counts(subset).positives, (labels == 1).sum(axis=0))
    store = dataset_label_store(subset)
    np.testing.assert_array_equal([store.dense(row) for row in range(3)], labels)
    assert [store.image_name(row) for row in range(3)] == ["train_000007", "train_000002", "train_000009"]


def test_classes_can_be_balanced_on_a_subset(cfg: dict) -> None:
    balanced = build(dict(type="ClassBalancedDataset", dataset=cfg, oversample_thr=0.9))
    assert {balanced[index]["data_samples"].sample_idx for index in range(len(balanced))} == set(CHOSEN)


def test_another_number_of_samples_is_an_error(cfg: dict) -> None:
    with pytest.raises(ValueError, match=r"must be the number of samples of 'dataset', 10\. Got 12"):
        build(dict(cfg, num_samples=12))
