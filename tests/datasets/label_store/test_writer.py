"""LabelStoreWriter: same bytes as a store in memory, image order, and no files after a failure."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from mmpretrain_imbalance.datasets import LabelStore, LabelStoreWriter, label_store_from_array

TABLES = npst.arrays(
    np.int8,
    npst.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=8),
    elements=st.sampled_from([1, 0, -1]),
)


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@given(labels=TABLES, default_label=st.sampled_from([0, -1]), part=st.integers(1, 8))
def test_bytes_are_those_of_a_store_built_at_once(labels, default_label, part, tmp_path_factory):
    folder = tmp_path_factory.mktemp("stores")
    names = [f"bild {number} é.jpg" for number in range(len(labels))]
    classes = [f"class {number}" for number in range(labels.shape[1])]
    label_store_from_array(labels, names, classes, default_label).save(folder / "once")
    with LabelStoreWriter(folder / "parts", classes, default_label) as writer:
        for start in range(0, len(labels), part):
            chunk = labels[start : start + part]
            images, columns = (indices[::-1] for indices in np.nonzero(chunk >= -1))  # order must not matter
            writer.add_images(names[start : start + part], images, columns, chunk[images, columns])
        assert writer.num_images == len(labels)
        assert writer.num_labels == (labels != default_label).sum()
    assert content(folder / "parts") == content(folder / "once")
    assert sorted(path.name for path in folder.iterdir()) == ["once", "parts"]


def test_a_store_of_images_without_labels(tmp_path):
    with LabelStoreWriter(tmp_path / "store", ["cat"]) as writer:
        writer.add("b.jpg", [], [])
        writer.add("a.jpg", [], [])
    store = LabelStore.open(tmp_path / "store")
    store.verify()
    assert [store.image_name(0), store.image_name(1)] == ["b.jpg", "a.jpg"]
    assert store.dense(1).tolist() == [-1]


def write(folder, classes, values):
    with LabelStoreWriter(folder, ["cat", "dog"]) as writer:
        writer.add("a.jpg", [0], [1])
        writer.add("b.jpg", classes, values)


@pytest.mark.parametrize(
    ("classes", "values", "message"),
    [
        (
            [2],
            [1],
            r"The 'classes' argument of LabelStoreWriter must be indices from 0 to 1. Got indices from 2",
        ),
        ([0], [2], r"The 'values' argument of LabelStoreWriter must be 1 \(positive\), 0 .* Got \[2\]"),
        ([1, 1], [1, 0], r"must name each class once per image.*these images is 'b.jpg', image number 1"),
    ],
)
def test_wrong_labels_raise_with_the_image(tmp_path, classes, values, message):
    with pytest.raises(ValueError, match=message):
        write(tmp_path / "store", classes, values)
    assert list(tmp_path.iterdir()) == []  # all files are removed


def test_wrong_arguments_raise(tmp_path):
    with pytest.raises(FileExistsError, match=r"must be a folder that does not exist"):
        LabelStoreWriter(tmp_path, ["cat"])
    with pytest.raises(ValueError, match=r"must be a list of different class names. Got 'cat' twice"):
        LabelStoreWriter(tmp_path / "store", ["cat", "dog", "cat"])


def test_nothing_remains_to_be_removed_after_the_store_appears(tmp_path, monkeypatch):
    """A process that is killed then leaves no part, which a later call would not remove: the store exists."""
    found = []

    def renamed(beside, target, rename=Path.rename):
        rename(beside, target)
        found.extend(path.name for path in tmp_path.iterdir())

    monkeypatch.setattr(Path, "rename", renamed)
    write(tmp_path / "store", [1], [0])
    assert found == ["store"]
