from __future__ import annotations

import itertools

import numpy as np
import pytest
from torch.utils.data import ConcatDataset, Subset

from mmpretrain_imbalance.datasets import images_with_labels
from tests.datasets.label_table import LabelTable, long_tailed_table


@pytest.mark.parametrize("default_label", [0, -1])
def test_images_are_those_of_a_loop(default_label) -> None:
    table = long_tailed_table(60)
    dataset = ConcatDataset(
        [Subset(LabelTable(table, default_label=default_label), [9, 2, 9]), LabelTable(table)]
    )
    seen = np.concatenate([table[[9, 2, 9]], table])
    for first, second in itertools.product((1, 0, -1), repeat=2):
        expected = [image for image, row in enumerate(seen) if row[0] == first and row[3] == second]
        assert images_with_labels(dataset, {0: first, 3: second}).tolist() == expected
    assert images_with_labels(dataset, {}).tolist() == list(range(63))
