"""LabelStoreDataset with user-defined labels, as in docs/data.md."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from mmengine.dataset import ConcatDataset

from mmpretrain_imbalance.datasets import (
    LabelStore,
    LabelStoreDataset,
    MergedPartialLabels,
    MultiDigits,
    PartialLabelDataset,
    SimulatePartialLabels,
    build_label_store,
    label_counts,
)
from mmpretrain_imbalance.datasets.readers.subset import rows_of_store


class TwoImages(LabelStoreDataset):
    def load_label_store(self):
        images, classes, values = np.array([0, 0, 1]), np.array([0, 2, 1]), np.array([1, 0, 1])
        return build_label_store(images, classes, values, ["a.jpg", "b.jpg"], ["cat", "dog", "elk"])


def test_a_subclass_needs_only_load_label_store():
    dataset = TwoImages(data_prefix="images")
    assert dataset.get_data_info(0)["img_path"] == "images/a.jpg"
    np.testing.assert_array_equal(dataset.get_gt_labels(), [[1, -1, 0], [-1, 1, -1]])
    np.testing.assert_array_equal(label_counts(dataset).negatives, [0, 0, 1])
    np.testing.assert_array_equal(label_counts(dataset.get_subset([1, 1])).positives, [0, 2, 0])


def test_absolute_image_names_need_no_prefix():
    for dataset in (TwoImages(data_prefix="images", outside_images=True), TwoImages(data_prefix="/data")):
        dataset._store = build_label_store([], [], [], ["/data/a.jpg"], ["cat"])
        assert dataset.image_info(0) == {"img_path": "/data/a.jpg"}


def test_an_index_beyond_the_end_is_an_index_error():
    dataset = TwoImages()
    assert dataset.get_data_info(-1)["sample_idx"] == 1
    with pytest.raises(IndexError):
        dataset.get_data_info(2)


def test_a_subclass_without_load_label_store_raises():
    with pytest.raises(NotImplementedError, match="LabelStoreDataset must implement load_label_store"):
        LabelStoreDataset()


def simulate(dataset):
    return SimulatePartialLabels(dataset, "rps", probability=0.4)


def test_a_store_counts_its_simulations(tmp_path):
    digits = MultiDigits(num_images=50)
    once = simulate(digits)
    expected = simulate(once).get_gt_labels()
    once.label_store.save(tmp_path / "once")
    opened = PartialLabelDataset(str(tmp_path / "once"))
    classes = [str(digit) for digit in range(5)]
    copies = [opened, MergedPartialLabels([once]), pickle.loads(pickle.dumps(once))]
    for copy in copies:
        assert copy.label_store.num_simulations == 1
        np.testing.assert_array_equal(simulate(copy).get_gt_labels(), expected)
    few = PartialLabelDataset(str(tmp_path / "once"), classes=classes)
    np.testing.assert_array_equal(simulate(few).get_gt_labels(), expected[:, :5])
    rows_of_store(once.label_store, np.arange(50)).save(tmp_path / "written")
    assert LabelStore.open(tmp_path / "written").num_simulations == 1
    digits.label_store.save(tmp_path / "digits")
    assert "num_simulations" not in (tmp_path / "digits" / "manifest.json").read_text()


def test_images_with_several_prefixes_cannot_be_saved(tmp_path):
    (tmp_path / "a.csv").write_text("image,cat\na.jpg,1\n")
    parts = [PartialLabelDataset(str(tmp_path / "a.csv"), data_prefix=name) for name in ("one", "two")]
    nest = simulate(ConcatDataset(parts))
    message = "of SimulatePartialLabels must have the same 'data_prefix' .* Got 'one', 'two' instead"
    for dataset in (nest, simulate(nest)):
        with pytest.raises(ValueError, match=message):
            dataset.save_annotations(tmp_path / "both.json")
    assert not (tmp_path / "both.json").exists()
