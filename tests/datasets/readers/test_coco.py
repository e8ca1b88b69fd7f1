"""COCO: both published conventions, crowds, small objects, and malformed files."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mmpretrain_imbalance.datasets.readers.coco import read_coco
from tests.datasets.published_files import names_of, saved, table_of, write_coco


@pytest.fixture
def path(tmp_path):
    return write_coco(tmp_path / "instances.json")


def test_classes_come_in_the_order_of_their_ids(path, tmp_path):
    store = saved(read_coco(path), tmp_path / "store")
    assert store.class_names == ("person", "car", "toothbrush")
    assert names_of(store) == [f"{number:012d}.jpg" for number in (9, 8, 7, 6)]
    assert table_of(store) == [[1, 1, 0], [1, 0, 1], [0, 0, 0], [0, 1, 0]]
    assert store.default_label == 0


def test_images_without_annotations_dropped(path, tmp_path):
    rows = read_coco(path, images_without_annotations="drop")
    store = saved(rows, tmp_path / "store")
    assert names_of(store) == [f"{number:012d}.jpg" for number in (9, 8, 6)]
    assert (rows.num_images, rows.notes) == (3, {"images without annotations dropped": 1})


@pytest.mark.parametrize(("word", "label"), [("positive", 1), ("negative", 0), ("unknown", -1)])
def test_only_crowds_and_only_small_objects(path, tmp_path, word, label):
    crowds = table_of(saved(read_coco(path, crowd=word), tmp_path / "crowds"))
    assert crowds == [[1, label, 0], [1, 0, 1], [0, 0, 0], [0, 1, 0]]
    small = table_of(saved(read_coco(path, small=word, small_area=32.0), tmp_path / "small"))
    assert small == [[1, 1, 0], [1, 0, label], [0, 0, 0], [0, 1, 0]]


@pytest.mark.parametrize(
    ("change", "message", "left"),
    [
        (dict(category_id=2), r"'category_id' of annotation 3 in .* Got 2 instead", [1, -1, -1]),
        (dict(category_id=[9]), r"'category_id' of annotation 3 in .* Got \[9\] instead", [1, -1, -1]),
        (dict(iscrowd=3), r"'iscrowd' of annotation 3 in .* must be 0 or 1. Got 3 instead", [1, 0, -1]),
    ],
)
def test_malformed_objects_are_never_negative(path, tmp_path, change, message, left):
    content = json.loads(path.read_text())
    content["annotations"][2].update(change)
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=message):
        read_coco(path)
    rows = read_coco(path, skip_malformed=True)
    assert table_of(saved(rows, tmp_path / "store"))[1] == left
    assert list(rows.notes.values()) == [1]


@pytest.mark.parametrize(
    ("item", "message", "expected"),
    [
        (dict(image_id=1, category_id=90), r"'image_id' of annotation 3 .* an image of the file. Got 1", 90),
        (dict(image_id=[8], category_id=90), r"'image_id' of annotation 3 .* Got \[8\] instead", 90),
        (dict(image_id=True, category_id=90), r"'image_id' of annotation 3 .* Got True instead", 90),
        (dict(category_id=90), r"'image_id' of annotation 3 .* Got None", 90),
        (dict(image_id=1, category_id=2), r"'image_id' of annotation 3 .* Got 1", "any"),
        (dict(), r"'image_id' of annotation 3 .* Got None", "any"),
        ("x", r"'annotations' of annotation number 2 .* an object with an id. Got 'x'", "any"),
    ],
)
def test_an_object_of_an_unknown_image_makes_its_class_unknown_in_every_image(
    path, tmp_path, item, message, expected
):
    content = json.loads(path.read_text())
    content["annotations"][2] = item if item == "x" else dict(item, id=3)  # the only toothbrush, of image 8
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=message):
        read_coco(path)
    rows = read_coco(path, skip_malformed=True)
    found = table_of(saved(rows, tmp_path / "store"))
    if expected == 90:
        assert found == [[1, 1, -1], [1, 0, -1], [0, 0, -1], [0, 1, -1]]
    else:
        assert found == [[1, 1, -1], [1, -1, -1], [-1, -1, -1], [-1, 1, -1]]
    (first, one), (second, number) = rows.notes.items()
    assert ("malformed rows skipped" in first, one) == (True, 1)
    assert number == sum(row.count(-1) for row in found)
    where = "annotation number 2" if item == "x" else "annotation 3"
    assert second.endswith(f"the image of an object is not in the file: correct or delete {where}")


def test_a_repeated_key_leaves_only_what_it_names_unknown(path, tmp_path):
    content = path.read_text().replace('"image_id": 8, "category_id": 90', '"image_id": 8, "image_id": 9, {}')
    for rest, expected in (
        ('"category_id": 90', [[1, 1, -1], [1, 0, -1], [0, 0, -1], [0, 1, -1]]),
        ('"category_id": 90, "category_id": 3', [[1, 1, -1], [1, -1, -1], [-1, -1, -1], [-1, 1, -1]]),
    ):
        path.write_text(content.replace("{}", rest))
        with pytest.raises(ValueError, match=r"'image_id' of annotation 3 .* Got this key twice instead"):
            read_coco(path)
        store = saved(read_coco(path, skip_malformed=True), tmp_path / str(len(rest)))
        assert table_of(store) == expected


def test_objects_of_images_that_are_left_out_change_no_label(path, tmp_path):
    content = json.loads(path.read_text())
    content["images"][1]["file_name"] = chr(0xD800)  # a name that no file has; its objects have two classes
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=r"'name' of image 8 in .* must be the file name .* Got '.ud800'"):
        read_coco(path)
    rows = read_coco(path, skip_malformed=True)
    assert table_of(saved(rows, tmp_path / "store")) == [[1, 1, 0], [0, 0, 0], [0, 1, 0]]
    assert list(rows.notes.values()) == [1]


def test_damaged_objects_give_no_wrong_label(tmp_path):
    """A class is negative only if no object, with what is known of its image and class, can be of it."""
    rng = np.random.default_rng(0)
    images, classes = range(5), range(4)
    for _ in range(30):
        pairs = [(int(rng.integers(5)), int(rng.integers(4))) for _ in range(6)]
        found = [
            (image if rng.random() > 0.1 else None, number if rng.random() > 0.1 else None)
            for image, number in pairs
        ]
        items = [
            dict(id=k, image_id=-1 if image is None else image, category_id=-1 if number is None else number)
            for k, (image, number) in enumerate(found)
        ]
        content = dict(
            images=[dict(id=image, file_name=f"{image}.jpg") for image in images],
            categories=[dict(id=number, name=f"class {number}") for number in classes],
            annotations=items,
        )
        (tmp_path / "instances.json").write_text(json.dumps(content))
        parts = list(read_coco(tmp_path / "instances.json", skip_malformed=True).parts)
        table = np.zeros((5, 4), dtype=int)
        table[parts[0].images, parts[0].classes] = parts[0].values
        for image in images:
            for number in classes:
                possible = [p for p in found if p[0] in (image, None) and p[1] in (number, None)]
                expected = 1 if (image, number) in possible else -1 if possible else 0
                assert table[image, number] == expected
                assert table[image, number] in (-1, int((image, number) in pairs))


def test_an_object_with_a_wrong_area_is_never_negative(path, tmp_path):
    content = json.loads(path.read_text())
    content["annotations"][2]["area"] = None
    path.write_text(json.dumps(content))
    assert table_of(saved(read_coco(path), tmp_path / "any_area"))[1] == [1, 0, 1]
    options = dict(small_area=4.0, small="negative")
    with pytest.raises(ValueError, match=r"'area' of annotation 3 .* a number of pixels. Got None"):
        read_coco(path, **options)
    rows = read_coco(path, **options, skip_malformed=True)
    assert table_of(saved(rows, tmp_path / "store"))[1] == [1, 0, -1]


def test_a_wrong_object_among_others_of_its_class(path, tmp_path):
    content = json.loads(path.read_text())
    content["annotations"][3]["iscrowd"] = 2  # a person in an image with another person
    content["annotations"][1]["iscrowd"] = 2  # the only car, where crowds are negative
    content["annotations"][5]["iscrowd"] = 1
    content["annotations"][6]["iscrowd"] = None
    path.write_text(json.dumps(content))
    rows = read_coco(path, crowd="negative", skip_malformed=True)
    expected = [[1, -1, 0], [1, 0, 1], [0, 0, 0], [0, -1, 0]]
    assert table_of(saved(rows, tmp_path / "store")) == expected


@pytest.mark.parametrize(
    ("part", "item", "message"),
    [
        ("images", "x", r"'images' of image number 4 .* an object with an id. Got 'x'"),
        ("images", dict(file_name="a.jpg"), r"'id' of image number 4 .* Got None"),
        ("images", dict(id=3), r"'name' of image 3 .* Got None"),
        ("images", dict(id=[3], file_name="a.jpg"), r"'id' of image \[3\] .* Got \[3\]"),
    ],
)
def test_invalid_items_are_named_or_left_out(path, tmp_path, part, item, message):
    content = json.loads(path.read_text())
    expected = table_of(saved(read_coco(path), tmp_path / "good"))
    content[part].append(item)
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=message):
        read_coco(path)
    rows = read_coco(path, skip_malformed=True)
    assert table_of(saved(rows, tmp_path / "store")) == expected
    assert list(rows.notes.values()) == [1]


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (dict(id=4), r"'name' of category number 3 .* a class name. Got None"),
        (dict(name="cat"), r"'id' of category number 3 .* an integer. Got None"),
        (dict(id=90, name="cat"), r"'id' of category number 3 .* no category before it has. Got 90"),
        (dict(id=4, name="car"), r"'name' of category number 3 .* no category before it has. Got 'car'"),
        ("cat", r"of category number 3 .* Got 'cat'"),
    ],
)
def test_wrong_categories_raise(path, item, message):
    content = json.loads(path.read_text())
    content["categories"].append(item)
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=message):
        read_coco(path, skip_malformed=True)


def test_images_with_the_same_id_or_name_raise_or_are_both_left_out(path, tmp_path):
    content = json.loads(path.read_text())
    content["images"].append(dict(id=9, file_name="other.jpg"))
    content["images"].append(dict(id=1, file_name=f"{8:012d}.jpg"))
    path.write_text(json.dumps(content))
    message = r"'id' of image number 4 .* no image before it has. Got 9 instead. 1 more error"
    with pytest.raises(ValueError, match=message):
        read_coco(path)
    store = saved(read_coco(path, skip_malformed=True), tmp_path / "store")
    assert names_of(store) == [f"{number:012d}.jpg" for number in (7, 6)]


def test_other_bytes_and_repeated_keys_raise_with_the_file_name(path):
    content = path.read_text()
    path.write_bytes(b"\xff\xfe" + content.encode())
    with pytest.raises(ValueError, match=r"instances.json must be JSON in UTF-8. Got other bytes"):
        read_coco(path)
    path.write_text(content.replace('"iscrowd": 1', '"iscrowd": 1, "iscrowd": 0', 1))
    with pytest.raises(ValueError, match=r"'iscrowd' of annotation 2 .* Got this key twice"):
        read_coco(path)
    store = saved(read_coco(path, skip_malformed=True), path.parent / "store")
    assert table_of(store)[0] == [1, -1, -1]
    path.write_text(content.replace('"annotations"', '"images": [], "annotations"'))
    with pytest.raises(ValueError, match=r"must name each key once. Got 'images' twice"):
        read_coco(path)


def test_wrong_files(path, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"must be an existing file. Got absent.json"):
        read_coco("absent.json")
    path.write_text(path.read_text()[:-20])
    with pytest.raises(ValueError, match=r"must be complete JSON.*may be truncated"):
        read_coco(path)
    path.write_text('{"images": []}')
    with pytest.raises(ValueError, match=r"Got no 'annotations' instead"):
        read_coco(path)
    with pytest.raises(ValueError, match=r"'crowd' argument of read_coco must be one of"):
        read_coco(path, crowd="ignore")
