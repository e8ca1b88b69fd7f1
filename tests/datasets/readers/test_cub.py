"""CUB attributes: certainties with unknown labels, splits, and malformed lines."""

from __future__ import annotations

import pytest

from mmpretrain_imbalance.datasets.readers.cub import read_cub
from tests.datasets.published_files import names_of, saved, table_of, write_cub, write_lines

LABELS = [[0, 1, 0], [1, 0, 0], [1, 0, 1]]


@pytest.fixture
def root(tmp_path):
    write_cub(tmp_path / "CUB_200_2011")
    return tmp_path / "CUB_200_2011"


@pytest.mark.parametrize(
    ("unknown", "hidden"),
    [((), []), (("not_visible",), [(0, 2)]), (("not_visible", "guessing"), [(0, 2), (2, 0)])],
)
def test_certainties(root, tmp_path, unknown, hidden):
    expected = [row.copy() for row in LABELS]
    for image, attribute in hidden:
        expected[image][attribute] = -1
    store = saved(read_cub(root, "all", unknown=unknown), tmp_path / "store")
    assert table_of(store) == expected
    assert store.class_names[0] == "has_bill_shape::curved"


def test_attributes_are_numbered_by_their_ids(root, tmp_path):
    path = root.parent / "attributes.txt"
    lines = path.read_text().splitlines()
    write_lines(path, *lines[::-1])
    store = saved(read_cub(root, "all", unknown=()), tmp_path / "store")
    assert store.class_names == tuple(line.split()[1] for line in lines)
    assert table_of(store) == LABELS
    write_lines(path, *lines[1:])
    with pytest.raises(ValueError, match=r"'id' of attribute 3 in .*attributes.txt .* from 1 to 2. Got '3'"):
        read_cub(root, "all")


def test_splits(root, tmp_path):
    train = saved(read_cub(root, "train"), tmp_path / "train")
    test = saved(read_cub(root, "test"), tmp_path / "test")
    assert names_of(train) == ["001.Black_footed_Albatross/a.jpg", "002.Laysan/c.jpg"]
    assert names_of(test) == ["001.Black_footed_Albatross/b.jpg"]
    assert table_of(test) == [LABELS[1]]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("3 3 1 0 3 12.7", r"'row' of line 10 in .* 5 numbers"),
        ("9 1 1 3 1.0", r"'image' of line 10 in .* an id of images.txt. Got '9'"),
        ("1 4 1 3 1.0", r"'attribute' of line 10 in .* a number from 1 to 3. Got '4'"),
        ("1 1 2 3 1.0", r"'present' of line 10 in .* must be 1 or 0. Got '2'"),
        ("1 1 1 5 1.0", r"'certainty' of line 10 in .* Got '5'"),
    ],
)
def test_malformed_lines(root, tmp_path, line, message):
    with (root / "attributes" / "image_attribute_labels.txt").open("a") as file:
        file.write(line + "\n")
    with pytest.raises(ValueError, match=message):
        read_cub(root, "all")
    rows = read_cub(root, "all", unknown=(), skip_malformed=True)
    assert table_of(saved(rows, tmp_path / "store")) == LABELS
    assert list(rows.notes.values()) == [1]


@pytest.mark.parametrize(
    ("line", "left"),
    [("1 1 0 3 1.0", 0), ("1 1 1 3 1.0", -1), ("1 1 0 1 1.0", -1)],
    ids=["same", "other label", "not visible"],
)
def test_an_attribute_that_is_named_twice(root, tmp_path, line, left):
    with (root / "attributes" / "image_attribute_labels.txt").open("a") as file:
        file.write(line + "\n1 1 0 3 1.0\n")
    message = r"'row' of line 10 in .* attribute that are not already in line 1. Got .* 1 more error"
    with pytest.raises(ValueError, match=message):
        read_cub(root, "all")
    store = saved(read_cub(root, "all", skip_malformed=True), tmp_path / "store")
    assert table_of(store)[0] == [left, 1, -1]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (("1 1", "2 yes", "3 1"), r"'is_training_image' of image 2 in .*split.txt must be 1 or 0. Got 'yes'"),
        (("1 1", "3 1"), r"'row' of image 2 in .* given, because images.txt names it. Got no row"),
        (("1 1", "2 0", "3 1", "4 1"), r"'image' of image 4 in .* an id of images.txt. Got '4'"),
    ],
)
def test_wrong_splits(root, tmp_path, lines, message):
    write_lines(root / "train_test_split.txt", *lines)
    with pytest.raises(ValueError, match=message):
        read_cub(root, "train")
    rows = read_cub(root, "train", skip_malformed=True)
    assert names_of(saved(rows, tmp_path / "store"))[-1] == "002.Laysan/c.jpg"
    assert list(rows.notes.values()) == [1]
    write_lines(root / "train_test_split.txt", "1 1", "2 0", "3 1", "1 0")
    with pytest.raises(ValueError, match=r"'id' of line 4 in .* not already in line 1. Got '1'"):
        read_cub(root, "train")


@pytest.mark.parametrize("split", ["train", "test", "all"])
def test_a_split_without_images_names_its_list(root, tmp_path, split):
    lists = ["train_test_split.txt"] if split != "all" else ["images.txt", "train_test_split.txt"]
    for name in lists:
        (root / name).write_text({"train": "1 0\n2 0\n3 0\n", "test": "1 1\n2 1\n3 1\n", "all": ""}[split])
    if split == "all":
        (root / "attributes" / "image_attribute_labels.txt").write_text("")
    with pytest.raises(ValueError, match=rf"The images of {root / lists[0]} must have labels. Got no image"):
        read_cub(root, split).save(tmp_path / "store")


@pytest.mark.parametrize(("names", "found"), [("1 a\0b", "'a.x00b' at index 0"), ("1 a\n2 a", "'a' twice")])
def test_wrong_attribute_names(root, names, found):
    path = root.parent / "attributes.txt"
    path.write_text(names)
    with pytest.raises(ValueError, match=f"{path} must be a list of different class names. Got {found}"):
        read_cub(root, "train")


def test_wrong_arguments(root, tmp_path):
    with pytest.raises(ValueError, match=r"'unknown' argument of read_cub must be one of .* Got 'maybe'"):
        read_cub(root, unknown=("maybe",))
    with pytest.raises(FileNotFoundError, match=r"images.txt"):
        read_cub(tmp_path)
