"""Selection of the images of a list from a label store."""

from __future__ import annotations

import pickle

import pytest

from mmpretrain_imbalance.datasets import label_store_from_array
from mmpretrain_imbalance.datasets.readers.subset import read_image_list
from tests.datasets.published_files import names_of, saved, table_of, write_lines

NAMES = ["train2017/000000000009.jpg", "COCO_val2014_000000000025.jpg", "2008_000008.jpg", "2009_000008.jpg"]
LABELS = [[1, 0], [0, 1], [1, -1], [0, 0]]


@pytest.fixture
def store():
    return label_store_from_array(LABELS, NAMES, ["cat", "dog"], default_label=0)


def test_names_stems_and_numbers(store, tmp_path):
    path = write_lines(tmp_path / "list.txt", "2009_000008", "25", "", NAMES[0])
    subset = saved(read_image_list(store, path), tmp_path / "store")
    assert names_of(subset) == [NAMES[3], NAMES[1], NAMES[0]]
    assert table_of(subset) == [LABELS[3], LABELS[1], LABELS[0]]


def test_pickled_list_of_numbers(store, tmp_path):
    (tmp_path / "img_id.pkl").write_bytes(pickle.dumps([25, 9]))
    rows = read_image_list(store, tmp_path / "img_id.pkl")
    assert names_of(saved(rows, tmp_path / "store")) == [NAMES[1], NAMES[0]]
    (tmp_path / "img_id.pkl").write_bytes(pickle.dumps(["2008_000008"], protocol=0))
    rows = read_image_list(store, tmp_path / "img_id.pkl")
    assert names_of(saved(rows, tmp_path / "other")) == [NAMES[2]]


def test_published_list_of_coco_mlt_is_a_text_file_named_pkl(store, tmp_path):
    path = write_lines(tmp_path / "img_id.pkl", "25", "9")
    assert names_of(saved(read_image_list(store, path), tmp_path / "store")) == [NAMES[1], NAMES[0]]


def test_text_lists_may_begin_with_a_byte_order_mark_and_must_be_in_utf_8(store, tmp_path):
    (tmp_path / "list.txt").write_text(f"\ufeff{NAMES[0]}\n", encoding="utf-8")
    assert names_of(saved(read_image_list(store, tmp_path / "list.txt"), tmp_path / "store")) == [NAMES[0]]
    (tmp_path / "list.txt").write_bytes(b"\xe9.jpg\n")
    with pytest.raises(ValueError, match=r"list.txt must be text in UTF-8"):
        read_image_list(store, tmp_path / "list.txt")


def test_only_line_ends_separate_items(tmp_path):
    names = ["a\x0cb.jpg", "c\x85d.jpg", "e\u2028f.jpg"]
    store = label_store_from_array([[1], [0], [1]], names, ["cat"])
    path = write_lines(tmp_path / "list.txt", *names)
    assert names_of(saved(read_image_list(store, path), tmp_path / "store")) == names


@pytest.mark.parametrize("item", ["8", "missing.jpg", "2008_000008.jpg"])
def test_items_that_name_no_image(store, tmp_path, item):
    path = write_lines(tmp_path / "list.txt", "2008_000008", item)
    with pytest.raises(ValueError, match=rf"'image' of line 2 in .* one image of the store.* Got '{item}'"):
        read_image_list(store, path)
    rows = read_image_list(store, path, skip_malformed=True)
    assert names_of(saved(rows, tmp_path / "store")) == [NAMES[2]]
    assert list(rows.notes.values()) == [1]
