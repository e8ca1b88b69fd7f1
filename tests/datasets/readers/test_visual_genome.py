"""Visual Genome: the index lists of VG-200."""

from __future__ import annotations

import pytest

from mmpretrain_imbalance.datasets.readers.visual_genome import read_visual_genome
from tests.datasets.published_files import (
    names_of,
    saved,
    table_of,
    write_json,
    write_lines,
    write_visual_genome,
)


@pytest.fixture
def root(tmp_path):
    write_visual_genome(tmp_path)
    return tmp_path


def read(root, **options):
    files = root / "vg_category_200_labels_index.json", root / "train_list_500.txt"
    return read_visual_genome(*files, num_classes=3, **options)


def test_labels(root):
    write_lines(root / "names.txt", "man", "tree", "sky")
    store = saved(read(root, class_names=root / "names.txt"), root / "store")
    assert store.class_names == ("man", "tree", "sky")
    assert names_of(store) == ["3.jpg", "1.jpg"]
    assert table_of(store) == [[0, 0, 0], [1, 0, 1]]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ([0, 3], r"'labels' of 1.jpg in .* must be class indices from 0 to 2. Got 3 instead"),
        (
            "man",
            r"'labels' of 1.jpg \(line 2 of train_list_500.txt\) in .* a list of class indices. Got 'man'",
        ),
        (None, r"Got no labels instead"),
    ],
)
def test_malformed_rows(root, row, message):
    write_json(root / "vg_category_200_labels_index.json", {"1.jpg": row, "3.jpg": []})
    with pytest.raises(ValueError, match=message):
        read(root).save(root / "store")
    rows = read(root, skip_malformed=True)
    assert names_of(saved(rows, root / "store")) == ["3.jpg"]
    assert list(rows.notes.values()) == [1]


def test_images_that_are_named_twice(root):
    write_lines(root / "train_list_500.txt", "3.jpg", "1.jpg", "3.jpg")
    message = r"'image' of line 3 in .*train_list_500.txt must be .* not already in line 1. Got '3.jpg'"
    with pytest.raises(ValueError, match=message):
        read(root)
    assert names_of(saved(read(root, skip_malformed=True), root / "store")) == ["3.jpg", "1.jpg"]
    write_lines(root / "vg_category_200_labels_index.json", '{"1.jpg": [0], "3.jpg": [], "1.jpg": [1]}')
    with pytest.raises(ValueError, match=r"labels_index.json must name each key once. Got '1.jpg' twice"):
        read(root, skip_malformed=True)
