"""LVIS: known and unknown labels, frequency groups, and malformed files."""

from __future__ import annotations

import json
import pickle

import pytest

from mmpretrain_imbalance.datasets import LabelStore, PartialLabelDataset
from mmpretrain_imbalance.datasets.readers.lvis import read_lvis
from tests.datasets.published_files import names_of, saved, table_of, write_lvis


@pytest.fixture
def path(tmp_path):
    return write_lvis(tmp_path / "lvis_v1_train.json")


def test_labels(path, tmp_path):
    rows = read_lvis(path)
    store = saved(rows, tmp_path / "store")
    assert store.class_names == ("banana", "aerosol_can", "yoke")
    assert names_of(store) == [
        f"{folder}2017/{n:012d}.jpg" for folder, n in (("train", 5), ("val", 7), ("train", 6))
    ]
    # A class that is not exhaustively annotated is positive with an object, and unknown without one.
    assert table_of(store) == [[1, 0, -1], [-1, 1, -1], [0, 1, 0]]
    assert rows.class_metadata == {"frequency": ["f", "c", "r"]}
    manifest = json.loads((tmp_path / "store" / "manifest.json").read_text())
    assert manifest["class_metadata"] == {"frequency": ["f", "c", "r"]}


@pytest.mark.parametrize(
    ("part", "change", "message"),
    [
        (
            "annotations",
            dict(category_id=2),
            r"'category_id' of annotation 0 .* not in the neg_category_ids of the image",
        ),
        ("annotations", dict(image_id=1), r"'image_id' of annotation 0 .* Got 1 instead"),
        ("images", dict(neg_category_ids=[9]), r"'neg_category_ids' of image 5 .* Got 9 instead"),
        ("images", dict(neg_category_ids=[[2]]), r"'neg_category_ids' of image 5 .* Got \[2\] instead"),
        ("images", dict(neg_category_ids=None), r"'neg_category_ids' of image 5 .* a list of ids. Got None"),
        ("annotations", dict(image_id=[5]), r"'image_id' of annotation 0 .* Got \[5\] instead"),
    ],
)
def test_wrong_elements(path, tmp_path, part, change, message):
    content = json.loads(path.read_text())
    content[part][0].update(change)
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=message):
        read_lvis(path)
    assert list(read_lvis(path, skip_malformed=True).notes.values()) == [1]


def test_an_object_without_a_valid_class_makes_negatives_unknown(path, tmp_path):
    content = json.loads(path.read_text())
    content["annotations"].append(dict(id=99, image_id=5, category_id=99))
    path.write_text(json.dumps(content))
    rows = read_lvis(path, skip_malformed=True)
    assert table_of(saved(rows, tmp_path / "store"))[0] == [1, -1, -1]
    assert list(rows.notes.values()) == [1]


def test_an_object_of_an_unknown_image_changes_no_label(path, tmp_path):
    """The file names the negatives of each image, and an object whose image is lost contradicts none."""
    content = json.loads(path.read_text())
    content["annotations"].append(dict(id=99, image_id=1, category_id=1))
    path.write_text(json.dumps(content))
    rows = read_lvis(path, skip_malformed=True)
    assert table_of(saved(rows, tmp_path / "store")) == [[1, 0, -1], [-1, 1, -1], [0, 1, 0]]
    assert list(rows.notes.values()) == [1]


def test_a_class_with_objects_that_is_annotated_as_absent_is_unknown(path, tmp_path):
    content = json.loads(path.read_text())
    content["images"][0]["neg_category_ids"] = [1]  # a class with two objects in the image
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=r"not in the neg_category_ids of the image. Got 1 instead. 1 more"):
        read_lvis(path)
    store = saved(read_lvis(path, skip_malformed=True), tmp_path / "store")
    assert table_of(store)[0] == [-1, -1, -1]


@pytest.mark.parametrize(
    ("part", "change", "message"),
    [
        ("images", "x", r"'images' of image number 0 .* Got 'x'"),
        ("images", dict(coco_url="x/y.jpg"), r"'id' of image number 0 .* Got None"),
        ("images", dict(id=5), r"'name' of image 5 .* Got None"),
        ("images", dict(id=5, coco_url=1.5), r"'name' of image 5 .* Got 1.5"),
        (
            "images",
            dict(id=7, coco_url="x/y.jpg"),
            r"'id' of image number 1 .* no image before it has. Got 7",
        ),
        ("annotations", "x", r"'annotations' of annotation number 0 .* Got 'x'"),
        ("categories", dict(name="a"), r"'id' of category number 0 .* an integer. Got None"),
        ("categories", dict(id=2), r"'name' of category number 0 .* a class name. Got None"),
        ("categories", dict(id=2, name="a"), r"'frequency' of category 2 .* 'f' \(frequent\). Got None"),
        ("categories", dict(id=2, name="a", frequency="z"), r"'frequency' of category 2 .* Got 'z'"),
        ("categories", dict(id=2, name="a", frequency=["r"]), r"'frequency' of category 2 .* Got \['r'\]"),
    ],
)
def test_invalid_items_raise(path, part, change, message):
    content = json.loads(path.read_text())
    content[part][0] = change
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=message):
        read_lvis(path)


def test_a_file_without_frequencies(path):
    content = json.loads(path.read_text())
    for category in content["categories"]:
        del category["frequency"]
    path.write_text(json.dumps(content))
    assert read_lvis(path).class_metadata == {}


def test_wrong_files(path):
    path.write_bytes(b"\x89PNG\xff")
    with pytest.raises(ValueError, match=r"lvis_v1_train.json must be JSON in UTF-8. Got other bytes"):
        read_lvis(path)
    path.write_text('{"images": {}, "annotations": [], "categories": []}')
    with pytest.raises(ValueError, match=r"must have the lists 'images'.* Got {} in 'images' instead"):
        read_lvis(path)
    path.write_text('{"images": [], "annotations": [], "categories": []}')
    with pytest.raises(ValueError, match=r"must have categories. Got no categories"):
        read_lvis(path)
    write_lvis(path)
    path.write_text(path.read_text()[:100])
    with pytest.raises(ValueError, match=r"must be complete JSON"):
        read_lvis(path)
    path.write_text("{}")
    with pytest.raises(ValueError, match=r"Got no 'images' instead"):
        read_lvis(path)


def test_frequency_groups_reach_the_metrics(path, tmp_path):
    folder = tmp_path / "store"
    saved(read_lvis(path), folder)
    dataset = PartialLabelDataset(str(folder), classes=["yoke", "banana"])
    assert dataset.metainfo["class_groups"] == ["tail", "head"]
    dataset.label_store.save(tmp_path / "again")
    assert LabelStore.open(tmp_path / "again").class_metadata == {"frequency": ["r", "f"]}
    assert pickle.loads(pickle.dumps(dataset.label_store)).class_metadata == {"frequency": ["r", "f"]}
