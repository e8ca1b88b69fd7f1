"""Change of the default label: the same labels in shorter lists."""

from __future__ import annotations

import numpy as np
import pytest

from mmpretrain_imbalance.datasets import label_store_from_array
from mmpretrain_imbalance.datasets.label_store import default_label
from mmpretrain_imbalance.datasets.label_store.default_label import with_shorter_lists

NAMES, CLASSES = [f"{number}.jpg" for number in range(7)], ["cat", "dog", "elk", "fox"]


@pytest.mark.parametrize("rare", [0, -1])
def test_labels_and_names_do_not_change(rare: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(default_label, "_CHUNK", 8)  # two images per step
    frequent = -1 - rare
    labels = np.random.default_rng(0).choice([rare, 1, frequent], (7, 4), p=[0.1, 0.3, 0.6])
    store = label_store_from_array(labels, NAMES, CLASSES, default_label=rare)
    shorter = with_shorter_lists(store)
    assert (shorter.default_label, shorter.num_listed) == (frequent, (labels != frequent).sum())
    shorter.verify()
    np.testing.assert_array_equal([shorter.dense(row) for row in range(7)], labels)
    assert [shorter.image_name(row) for row in range(7)] == NAMES
    assert with_shorter_lists(shorter) is shorter
