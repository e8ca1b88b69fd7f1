"""Exports of annotation tools: checked and empty is negative, not looked at is unknown."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmpretrain_imbalance.datasets.tables import LabelTable, read_label_table

CVAT = """<?xml version="1.0" encoding="utf-8"?>
<annotations>
  <version>1.1</version>
  <meta>
    <task>
      <id>7</id><name>animals</name><size>4</size><mode>annotation</mode>
      <labels>
        <label><name>cat</name><type>tag</type><attributes></attributes></label>
        <label><name>dog</name><type>any</type><attributes></attributes></label>
        <label><name>elk</name><type>tag</type><attributes></attributes></label>
        <label><name>ear</name><type>points</type><attributes></attributes><parent>cat</parent></label>
      </labels>
      <segments>
        <segment><id>31</id><start>0</start><stop>1</stop><url>http://localhost/?id=31</url></segment>
        <segment><id>32</id><start>2</start><stop>3</stop><url>http://localhost/?id=32</url></segment>
      </segments>
    </task>
    <dumped>2024-01-01 10:00:00+00:00</dumped>
  </meta>
  <image id="0" name="photos/a.jpg" width="4" height="4"><tag label="cat" source="manual"></tag></image>
  <image id="1" name="photos/b.jpg" width="4" height="4"></image>
  <image id="2" name="photos/c.jpg" width="4" height="4">
    <box label="dog" source="manual" occluded="0" xtl="0" ytl="0" xbr="1" ybr="1" z_order="0"></box>
    <tag label="cat" source="manual"></tag>
  </image>
  <image id="3" name="photos/d.jpg" width="4" height="4"></image>
</annotations>
"""


def dense(table: LabelTable) -> list[list[int]]:
    return np.stack([table.labels.dense(row) for row in range(len(table.labels))]).astype(int).tolist()


def names(table: LabelTable) -> list[str]:
    return [table.labels.image_name(row) for row in range(len(table.labels))]


UNKNOWN = [-1, -1, -1]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [[1, 0, 0], UNKNOWN, [1, 1, 0], UNKNOWN]),
        ({"checked": "all"}, [[1, 0, 0], [0, 0, 0], [1, 1, 0], [0, 0, 0]]),
        ({"checked": [31]}, [[1, 0, 0], [0, 0, 0], [1, 1, 0], UNKNOWN]),
        ({"not_listed": "unknown"}, [[1, -1, -1], UNKNOWN, [1, 1, -1], UNKNOWN]),
    ],
)
def test_cvat(tmp_path: Path, options: dict[str, Any], expected: list[list[int]]) -> None:
    path = tmp_path / "annotations.xml"
    path.write_text(CVAT, encoding="utf-8")
    table = read_label_table(path, **options)
    assert names(table) == [f"photos/{letter}.jpg" for letter in "abcd"]
    assert table.labels.class_names == ("cat", "dog", "elk")
    assert dense(table) == expected
    guessed = " ".join(table.description.guess_lines())
    assert ("2 images without a tag or shape taken for not checked" in guessed) == ("checked" not in options)


def test_cvat_archive_and_unknown_job(tmp_path: Path) -> None:
    path = tmp_path / "task.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("annotations.xml", CVAT)
    assert dense(read_label_table(path))[2] == [1, 1, 0]
    with pytest.raises(ValueError, match="the jobs 31, 32"):
        read_label_table(path, checked=[5])


def choice(*chosen: str, control: str = "animals") -> dict[str, Any]:
    return {"from_name": control, "to_name": "image", "type": "choices", "value": {"choices": list(chosen)}}


def task(
    address: str, *annotations: list[dict[str, Any]], skipped: bool = False, **data: Any
) -> dict[str, Any]:
    items = [{"was_cancelled": skipped, "result": result} for result in annotations]
    return {
        "data": {"image": address, **data},
        "annotations": items,
        "predictions": [{"result": [choice("elk")]}],
    }


def write(folder: Path, content: Any) -> Path:
    path = folder / "export.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_label_studio(tmp_path: Path) -> None:
    tasks = [
        task("/data/upload/3/0a1b2c3d-a.jpg", [choice("cat", "dog")]),
        task("/data/local-files/?d=photos/b%20b.jpg", []),
        task("s3://bucket/photos/c.jpg"),
        task("http://host:8080/d.jpg", [choice("cat")], skipped=True),
        task("e.jpg", [choice("elk"), choice("blurred", control="quality")]),
        task("f.jpg", [choice("cat")], [choice("cat", "dog")]),
    ]
    table = read_label_table(write(tmp_path, tasks), class_column="animals")
    assert names(table) == ["a.jpg", "photos/b b.jpg", "photos/c.jpg", "d.jpg", "e.jpg", "f.jpg"]
    assert table.labels.class_names == ("cat", "dog", "elk")
    assert dense(table) == [[1, 1, 0], [0, 0, 0], UNKNOWN, UNKNOWN, [0, 0, 1], [1, -1, 0]]
    assert table.rows.tolist() == [1, 2, 3, 4, 5, 6]
    lines = " ".join(table.description.guess_lines())
    assert "1 label unknown because annotators disagree, first 'dog' of f.jpg" in lines
    assert "1 skipped image," in lines
    with pytest.raises(ValueError, match="--disagreement"):
        read_label_table(write(tmp_path, tasks), disagreement="raise")
    both = read_label_table(write(tmp_path, tasks))
    assert "blurred" in both.labels.class_names
    assert "the choices of 'animals', 'quality' are all classes" in " ".join(both.description.guess_lines())
    kept = read_label_table(write(tmp_path, tasks), keep_upload_prefix=True)
    assert names(kept)[0] == "0a1b2c3d-a.jpg"


@pytest.mark.parametrize("wrong", [0, 1.5, "cat", {}, [None], [["cat"]], ["cat"]])
def test_a_damaged_annotation_of_label_studio_is_no_checked_image(tmp_path: Path, wrong: Any) -> None:
    """Without its result, an annotation would say that all classes are absent."""
    good = task("a.jpg", [choice("cat")])
    entry = {"from_name": "animals", "type": "choices"}
    damaged = [
        ("'annotations'", {**good, "annotations": wrong or 7}),
        ("'result'", {**good, "annotations": [{"result": wrong}]}),
        ("'result'", {**good, "annotations": [{}]}),
        ("'value'", {**good, "annotations": [{"result": [{**entry, "value": [wrong]}]}]}),
        ("'value'", {**good, "annotations": [{"result": [entry]}]}),
        ("'choices'", {**good, "annotations": [{"result": [{**entry, "value": {"choices": [[], wrong]}}]}]}),
        ("'choices'", {**good, "annotations": [{"result": [{**entry, "value": {"choices": {"a": 1}}}]}]}),
        ("'choices'", {**good, "annotations": [{"result": [{**entry, "value": {"choice": ["cat"]}}]}]}),
    ]
    for place, item in damaged:
        path = write(tmp_path, [good, item])
        with pytest.raises(
            ValueError, match=rf"The table {path} .* must have .*{place}.* Got .* in task 2 instead"
        ):
            read_label_table(path)


def test_relations_and_taxonomies_of_label_studio(tmp_path: Path) -> None:
    relation = {"from_id": "1", "to_id": "2", "type": "relation", "direction": "right"}
    taxonomy = {"from_name": "kinds", "type": "taxonomy", "value": {"taxonomy": [["animal", "elk"], ["cat"]]}}
    tasks = [
        task("a.jpg", [choice("cat"), relation]),
        task("b.jpg", [taxonomy]),
        {"data": {"image": "c.jpg"}},
    ]
    table = read_label_table(write(tmp_path, tasks))
    assert table.labels.class_names == ("cat", "elk")
    assert dense(table) == [[1, 0], [1, 1], [-1, -1]]


def test_label_studio_with_a_choice_for_nothing_and_groups(tmp_path: Path) -> None:
    tasks = [
        task("a.jpg", [choice("cat")], patient="p1"),
        task("b.jpg", [choice("None of them")], patient="p2"),
        task("c.jpg", [choice("dog")], patient="p1"),
    ]
    options = {"nothing": ["none of them"], "group_column": "patient", "not_listed": "unknown"}
    table = read_label_table(write(tmp_path, tasks), **options)
    assert dense(table) == [[1, -1], [0, 0], [-1, 1]]
    assert table.groups == ["p1", "p2", "p1"]


def test_label_studio_json_min(tmp_path: Path) -> None:
    extra = {"annotator": 1, "annotation_id": 2, "created_at": "2024", "updated_at": "2024", "lead_time": 1.5}
    records = [
        {"image": "/data/upload/0a1b2c3d-a.jpg", "id": 1, "animals": "cat", **extra},
        {"image": r"/data/upload/1\0a1b2c3d-b.jpg", "id": 2, "animals": {"choices": ["cat", "dog"]}, **extra},
        {"image": "/data/upload/0a1b2c3d-c.jpg", "id": 3, **extra},
    ]
    table = read_label_table(write(tmp_path, records))
    assert names(table) == ["a.jpg", "b.jpg", "c.jpg"]
    assert table.labels.class_names == ("cat", "dog")
    assert dense(table) == [[1, 0], [1, 1], [0, 0]]


@pytest.mark.parametrize(
    "value", [5, True, ["cat"], {"choices": 5}, {"choices": ["cat", None]}, [{"choices": [5]}]]
)
def test_a_damaged_choice_of_json_min_raises(tmp_path: Path, value: Any) -> None:
    """An image without a readable choice would be one without classes, which are all negative."""
    fields = {"annotator": 1, "annotation_id": 2, "lead_time": 1.5}
    records = [
        {"image": "a.jpg", "id": 1, "animals": "cat", "stars": 4, **fields},
        {"image": "b.jpg", "id": 2, "animals": value, "stars": 3, **fields},
    ]
    with pytest.raises(ValueError, match=r"names of classes in 'animals'.* in task 2"):
        read_label_table(write(tmp_path, records))
    records[1]["animals"] = None
    assert dense(read_label_table(write(tmp_path, records))) == [[1], [0]]


def test_annotation_file_of_this_package(tmp_path: Path) -> None:
    content = {
        "metainfo": {"classes": ["cat", "dog"]},
        "data_list": [
            {"img_path": "a.jpg", "gt_label": [0], "gt_label_neg": [1]},
            {"img_path": "b.jpg", "gt_label": []},
        ],
    }
    assert dense(read_label_table(write(tmp_path, content))) == [[1, 0], [-1, -1]]


def save_hugging_face(folder: Path, table: Any, features: dict[str, Any]) -> Path:
    """Write the files of `Dataset.save_to_disk`, in two parts."""
    import pyarrow

    folder.mkdir()
    half = table.num_rows // 2
    parts = [table.slice(0, half), table.slice(half)]
    files = [f"data-{number:05d}-of-00002.arrow" for number in range(2)]
    for name, part in zip(files, parts):
        with (
            pyarrow.OSFile(str(folder / name), "wb") as sink,
            pyarrow.ipc.new_stream(sink, part.schema) as writer,
        ):
            writer.write_table(part)
    state = {"_data_files": [{"filename": name} for name in files], "_fingerprint": "1", "_split": "train"}
    (folder / "state.json").write_text(json.dumps(state), encoding="utf-8")
    (folder / "dataset_info.json").write_text(json.dumps({"features": features}), encoding="utf-8")
    return folder


CLASS_LABEL = {"names": ["elk", "cat", "dog"], "_type": "ClassLabel"}


def test_hugging_face_with_lists_of_class_labels(tmp_path: Path) -> None:
    import pyarrow

    table = pyarrow.table({"file": ["a.jpg", "b.jpg", "c.jpg"], "labels": [[1, 2], [], None]})
    features = {"file": {"_type": "Value"}, "labels": {"feature": CLASS_LABEL, "_type": "Sequence"}}
    path = save_hugging_face(tmp_path / "saved", table, features)
    found = read_label_table(path, not_listed="negative")
    assert found.labels.class_names == ("elk", "cat", "dog")
    assert dense(found) == [[0, 1, 1], [0, 0, 0], [-1, -1, -1]]
    assert found.rows.tolist() == [1, 2, 3]


def test_hugging_face_with_one_column_per_class(tmp_path: Path) -> None:
    import pyarrow

    images = [{"bytes": None, "path": "x/a.jpg"}, {"bytes": None, "path": "x/b.jpg"}]
    table = pyarrow.table({"image": images, "cat": [True, None], "dog": [0, 1]})
    found = read_label_table(save_hugging_face(tmp_path / "saved", table, {"image": {"_type": "Image"}}))
    assert names(found) == ["x/a.jpg", "x/b.jpg"]
    assert dense(found) == [[1, 0], [-1, 1]]


def test_hugging_face_with_images_inside_or_splits_is_rejected(tmp_path: Path) -> None:
    import pyarrow

    table = pyarrow.table({"image": [{"bytes": b"x", "path": None}] * 2, "label": [0, 1]})
    path = save_hugging_face(tmp_path / "saved", table, {"image": {"_type": "Image"}, "label": CLASS_LABEL})
    with pytest.raises(ValueError, match=r"images stored within the table .* row\['image'\]\.save"):
        read_label_table(path)
    (tmp_path / "dataset_dict.json").write_text('{"splits": ["train", "test"]}', encoding="utf-8")
    with pytest.raises(ValueError, match="the folder of one split, such as "):
        read_label_table(tmp_path)
