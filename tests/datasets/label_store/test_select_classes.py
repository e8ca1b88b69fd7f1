"""Selection of classes of a label store."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmpretrain_imbalance.datasets.label_store.build import select_classes
from tests.datasets.label_store.test_store import TABLES, store_of, table_of


@given(labels=TABLES, default_label=st.sampled_from([0, -1]), data=st.data())
def test_classes_are_selected_and_reordered_by_name(labels, default_label, data):
    chosen = data.draw(st.permutations(range(labels.shape[1])))[: data.draw(st.integers(1, labels.shape[1]))]
    store = select_classes(store_of(labels, default_label), [f"class {c}" for c in chosen])
    np.testing.assert_array_equal(table_of(store), labels[:, chosen])


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["class 0", "yak"], "Got 'yak', which is not in the annotations"),
        (["class 0"] * 2, "which is listed twice"),
    ],
)
def test_selecting_unknown_classes_raises(names, message):
    with pytest.raises(ValueError, match=message):
        select_classes(store_of([[1, 0]]), names)


def test_selecting_classes_in_small_parts_changes_nothing(monkeypatch):
    store = store_of(np.random.default_rng(0).integers(-1, 2, (30, 6)))
    names = ["class 4", "class 0", "class 5"]
    expected = select_classes(store, names)
    # Not by attribute, because the package exports a function with that name.
    module = import_module("mmpretrain_imbalance.datasets.label_store.build")
    monkeypatch.setattr(module, "_CHUNK", 4)
    found = select_classes(store, names)
    found.verify()
    np.testing.assert_array_equal(table_of(found), table_of(expected))
    assert [found.image_name(row) for row in range(30)] == [store.image_name(row) for row in range(30)]
