"""Pascal VOC: labels of difficult objects, comparison with MMPretrain, and malformed files."""

from __future__ import annotations

import numpy as np
import pytest
from mmpretrain.datasets import VOC

from mmpretrain_imbalance.datasets.readers.voc import read_voc
from tests.configs.annotated_images import write_voc as write_mmpretrain_voc
from tests.datasets.published_files import names_of, saved, table_of, write_lines, write_voc


@pytest.mark.parametrize(("difficult", "label"), [("unknown", -1), ("negative", 0), ("positive", 1)])
def test_difficult_objects(tmp_path, difficult, label):
    write_voc(tmp_path)
    store = saved(read_voc(tmp_path, "trainval", difficult=difficult), tmp_path / "store")
    assert names_of(store) == ["000005.jpg", "000007.jpg", "000009.jpg"]
    index = {name: number for number, name in enumerate(store.class_names)}
    expected = np.zeros((3, 20), dtype=int)
    expected[0, index["chair"]] = expected[1, index["car"]] = 1
    expected[0, index["bottle"]] = expected[2, index["person"]] = label
    assert table_of(store) == expected.tolist()


def test_labels_are_those_of_mmpretrain(tmp_path):
    write_mmpretrain_voc(tmp_path / "voc")
    store = saved(read_voc(tmp_path / "voc", "trainval"), tmp_path / "store")
    dataset = VOC(str(tmp_path / "voc"), split="trainval")
    assert store.class_names == tuple(dataset.metainfo["classes"])
    for number, labels in enumerate(np.array(table_of(store))):
        info = dataset.get_data_info(number)
        assert np.flatnonzero(labels == 1).tolist() == sorted(info["gt_label"])
        assert np.flatnonzero(labels == -1).tolist() == info["gt_label_difficult"]
        assert info["img_path"].endswith(store.image_name(number))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "<annotation><object><name>unicorn</name></object></annotation>",
            r"'name' of object 0 of 000005.xml",
        ),
        (
            "<annotation><object><name>car</name><difficult>x</difficult></object></annotation>",
            r"must be 0 or 1",
        ),
        ("<annotation>", r"'content' of 000005.xml .* must be complete XML"),
        (None, r"'file' of 000005.xml .* Got no such file instead"),
    ],
)
def test_wrong_annotations(tmp_path, content, message):
    write_voc(tmp_path)
    path = tmp_path / "Annotations" / "000005.xml"
    path.unlink() if content is None else write_lines(path, content)
    with pytest.raises(ValueError, match=message):
        read_voc(tmp_path, "trainval").save(tmp_path / "store")
    rows = read_voc(tmp_path, "trainval", skip_malformed=True)
    store = saved(rows, tmp_path / "store")
    assert list(rows.notes.values()) == [1]
    assert names_of(store)[-2:] == ["000007.jpg", "000009.jpg"]


@pytest.mark.parametrize("difficult", ["unknown", "negative", "positive"])
def test_malformed_objects_are_never_negative(tmp_path, difficult):
    write_voc(tmp_path)

    def objects(*shown):
        return "".join(f"<object><name>{c}</name><difficult>{d}</difficult></object>" for c, d in shown)

    wrong = objects(("car", 2), ("dog", 1), ("dog", "x"), ("cat", "x"), ("cat", 0), ("cow", 0), ("cow", 9))
    write_lines(tmp_path / "Annotations" / "000007.xml", f"<annotation>{wrong}</annotation>")
    foreign = objects(("cart", 0), ("person", 0), ("sofa", 1))
    write_lines(tmp_path / "Annotations" / "000009.xml", f"<annotation>{foreign}</annotation>")
    rows = read_voc(tmp_path, "trainval", difficult=difficult, skip_malformed=True)
    store = saved(rows, tmp_path / "store")
    assert list(rows.notes.values()) == [5]
    index = {name: number for number, name in enumerate(store.class_names)}
    _, named, unnamed = table_of(store)
    expected = [0] * 20
    expected[index["cat"]] = expected[index["cow"]] = 1
    expected[index["car"]] = -1
    expected[index["dog"]] = 1 if difficult == "positive" else -1
    assert named == expected
    expected = [-1] * 20
    expected[index["person"]] = 1
    if difficult == "positive":
        expected[index["sofa"]] = 1
    assert unnamed == expected


def test_an_image_that_is_listed_twice(tmp_path):
    write_voc(tmp_path)
    listing = tmp_path / "ImageSets" / "Main" / "trainval.txt"
    write_lines(listing, "000005", "000007", "", "000005")
    message = (
        r"'image' of line 4 in .*trainval.txt must be an image that is not already in line 1. Got '000005'"
    )
    with pytest.raises(ValueError, match=message):
        read_voc(tmp_path, "trainval")
    store = saved(read_voc(tmp_path, "trainval", skip_malformed=True), tmp_path / "store")
    assert names_of(store) == ["000005.jpg", "000007.jpg"]
    for name, message in (("000006", "present"), ("a\0b", "readable"), ("a" * 300, "readable")):
        write_lines(listing, name)
        with pytest.raises(ValueError, match=f"must be {message}, because trainval.txt names it"):
            list(read_voc(tmp_path, "trainval").parts)
    listing.write_bytes(b"\xff\xfe0\x00")
    with pytest.raises(ValueError, match=r"trainval.txt must be text in UTF-8"):
        read_voc(tmp_path, "trainval")


def test_missing_list(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"list of a VOC split must be an existing file"):
        read_voc(tmp_path, "trainval")
