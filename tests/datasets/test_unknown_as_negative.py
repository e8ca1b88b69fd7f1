"""Unknown labels become negatives; everything else stays."""

import numpy as np
from mmengine.dataset import ConcatDataset
from torch.utils.data import Subset

from mmpretrain_imbalance.datasets import MultiDigits, SimulatePartialLabels, UnknownAsNegative


def digits():
    hidden = SimulatePartialLabels(MultiDigits(num_images=60, pipeline=[]), "rps", probability=0.5)
    return Subset(hidden, [7, 3, 50, 3])


def test_labels_and_images():
    source, changed = digits(), UnknownAsNegative(digits())
    assert len(changed) == 4
    for index in range(4):
        expected, found = source.dataset.get_data_info([7, 3, 50, 3][index]), changed.get_data_info(index)
        assert (expected["gt_score"] == -1).any()
        np.testing.assert_array_equal(found["gt_score"], np.where(expected["gt_score"] == 1, 1, 0))
        np.testing.assert_array_equal(found["img"], expected["img"])
        assert changed.metainfo["classes"] == source.dataset.metainfo["classes"]


def test_several_datasets_keep_their_order():
    parts = [MultiDigits(num_images=20, seed=seed, pipeline=[]) for seed in (0, 1)]
    changed = UnknownAsNegative(ConcatDataset(parts))
    expected = np.stack([part.get_data_info(index)["gt_score"] for part in parts for index in range(20)])
    found = np.stack([changed.get_data_info(index)["gt_score"] for index in range(40)])
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(changed.get_data_info(23)["img"], parts[1].get_data_info(3)["img"])
