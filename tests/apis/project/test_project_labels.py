"""Annotation files of a part: CSV, or a label store where CSV would not give the same labels again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmpretrain_imbalance.apis.project.project_labels import read_part, select_images, write_part
from mmpretrain_imbalance.datasets import label_store_from_array

LABELS = np.array([[1, 0, -1], [-1, -1, 1], [0, 0, 0]])
NAMES = ["a.jpg", "sub/b, c.jpg", "d.jpg"]


@pytest.mark.parametrize("default_label", [-1, 0])
@pytest.mark.parametrize(
    ("class_names", "file"),
    [
        (["cat", "dog", "elk"], "train.csv"),
        (["cat, small", 'a "dog"', "élan"], "train.csv"),
        ([" cat", "dog ", "elk"], "train_labels"),
    ],
)
def test_labels_are_read_again(class_names: list[str], file: str, default_label: int, tmp_path: Path) -> None:
    store = label_store_from_array(LABELS, NAMES, class_names, default_label)
    assert write_part(store, np.array([0, 1]), tmp_path, "train") == file
    assert [path.name for path in tmp_path.iterdir()] == [file]
    read = read_part(tmp_path / file)
    assert list(read.class_names) == class_names
    assert [read.image_name(row) for row in range(len(read))] == NAMES[:2]
    np.testing.assert_array_equal([read.dense(row) for row in range(2)], LABELS[:2])


def test_classes_of_a_long_table_are_not_misread(tmp_path: Path) -> None:
    store = label_store_from_array(LABELS[:, :2], NAMES, ["class", "value"])
    assert write_part(store, np.arange(3), tmp_path, "val") == "val_labels"


def test_selected_images_get_their_new_names() -> None:
    store = label_store_from_array(LABELS, NAMES, ["cat", "dog", "elk"])
    chosen = select_images(store, np.array([2, 0]), ["x.jpg", "y.jpg"])
    assert [chosen.image_name(row) for row in range(2)] == ["x.jpg", "y.jpg"]
    np.testing.assert_array_equal([chosen.dense(0), chosen.dense(1)], LABELS[[2, 0]])
