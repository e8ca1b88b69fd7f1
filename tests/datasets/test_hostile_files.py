"""Files from strangers: every reader says in one sentence what is wrong in which file."""

from __future__ import annotations

import json
import pickle
import re

import numpy as np
import pytest

from mmpretrain_imbalance.datasets import (
    DatasetSubset,
    FeatureStore,
    FeatureStoreWriter,
    MultiDigits,
    PartialLabelDataset,
    apply_corrections,
    label_store_from_array,
)
from mmpretrain_imbalance.datasets.annotations.csv_table import read_annotation_csv
from mmpretrain_imbalance.datasets.annotations.json_file import read_annotation_json
from mmpretrain_imbalance.datasets.readers.coco import read_coco
from mmpretrain_imbalance.datasets.readers.lvis import read_lvis
from mmpretrain_imbalance.datasets.readers.single_positive import read_single_positive_matrices
from mmpretrain_imbalance.datasets.readers.subset import read_image_list
from mmpretrain_imbalance.datasets.readers.visual_genome import read_visual_genome
from mmpretrain_imbalance.datasets.tables import read_label_table
from mmpretrain_imbalance.losses.base.given_pseudo_labels import GivenPseudoLabels
from mmpretrain_imbalance.losses.base.given_soft_labels import read_soft_labels
from mmpretrain_imbalance.metrics.known_predictions import KnownPredictions
from mmpretrain_imbalance.models.feature_backbone import read_statistics
from tests.utils.array_bytes import DAMAGED, OTHER_TYPES, npy, npz

SENTENCE = re.compile(r"The [^\n]* must [^\n]*\. Got [^\n]* instead|.*: expected [^\n]*, found [^\n]*")


def one_sentence_about(path, read, *arguments):
    """Return the message of an error, which is a sentence about a file."""
    with pytest.raises(ValueError, match=re.escape(str(path))) as caught:
        read(*arguments)
    assert type(caught.value) is ValueError
    message = str(caught.value)
    assert SENTENCE.match(message), message
    message.encode()  # a terminal can print it
    return message


def listed(rows):
    return list(rows.parts)


def visual_genome(path):
    (path.parent / "list.txt").write_text("a.jpg\n")
    return listed(read_visual_genome(path, path.parent / "list.txt"))


JSON_READERS = {
    "annotations": lambda path: read_annotation_json(str(path)),
    "coco": lambda path: listed(read_coco(path)),
    "lvis": lambda path: listed(read_lvis(path)),
    "visual genome": visual_genome,
    "table": lambda path: read_label_table(path),
    "dataset": lambda path: PartialLabelDataset(str(path)),
}


@pytest.mark.parametrize("reader", JSON_READERS)
def test_json_beyond_what_python_can_read(tmp_path, reader):
    path = tmp_path / "a.json"
    for value in ("[" * 10**5, '{"a": ' * 10**5, "9" * 5000):
        for content in (
            value,
            f'{{"metainfo": {{"classes": ["a"]}}, "data_list": {value}, "images": {value}}}',
        ):
            path.write_text(content)
            one_sentence_about(path, JSON_READERS[reader], path)


NAME = chr(0xD800)  # half of a character, which UTF-8 cannot represent
SAMPLE = dict(img_path="a.jpg", gt_label=[0])


def annotations(classes=("cat", "dog"), **changes):
    return dict(metainfo=dict(classes=classes), data_list=[{**SAMPLE, **changes}])


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (annotations(classes=[NAME, "dog"]), r"'metainfo.classes' of .* Got '.ud800' at index 0"),
        (annotations(classes=[["cat"], "dog"]), r"'metainfo.classes' of .* Got \['cat'\] at index 0"),
        (annotations(classes=["", "dog"]), r"'metainfo.classes' of .* Got '' at index 0"),
        (annotations(img_path=NAME), r"'img_path' of sample 0 .* Got '.ud800'"),
        (annotations(img_path="a\0.jpg"), r"'img_path' of sample 0 .* Got 'a.x00.jpg'"),
        (annotations(gt_label=[NAME]), r"'gt_label' of sample 0 .* Got '.ud800'"),
        (annotations(gt_label=[["cat"]]), r"'gt_label' of sample 0 .* Got \['cat'\]"),
        (annotations(gt_label=[10**400]), r"'gt_label' of sample 0 .* Got 1000"),
        (
            {**annotations(), "data_list": [{"img_path": "a", NAME: 0}]},
            r"'gt_label' of sample 0 .* no labels",
        ),
        ({**annotations(), "data_list": [{"img_path": "a", f"gt_{NAME}": 0}]}, r"'key' of sample 0 .*ud800"),
        (dict(annotations(), metainfo=dict(categories=[dict(id=1, category_name=NAME)])), r"Got '.ud800' at"),
        (
            dict(annotations(), metainfo=dict(categories=[dict(id=1, category_name=n) for n in "ab"])),
            r"'metainfo.categories' of .* must have different ids. Got 1 twice",
        ),
    ],
)
def test_names_in_json_annotations(tmp_path, content, part):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(content))
    for read in (JSON_READERS["annotations"], JSON_READERS["dataset"], JSON_READERS["table"]):
        assert re.search(part, one_sentence_about(path, read, path))


def test_a_value_of_many_levels_is_named(tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(annotations()).replace("[0]", "[" * 900 + "]" * 900))
    assert "'gt_label' of sample 0" in one_sentence_about(path, read_annotation_json, str(path))


@pytest.mark.parametrize("names", [[["cat"]], [1, 2], [None], [NAME, "b"], ["a", "a"], [], [""]])
def test_class_lists_of_configs(tmp_path, names):
    (tmp_path / "a.json").write_text(json.dumps(dict(data_list=[SAMPLE])))
    (tmp_path / "wide.csv").write_text("image,cat,dog\na.jpg,1,0\n")
    (tmp_path / "long.csv").write_text("image,class,value\na.jpg,cat,0\n")
    message = r"^The 'classes' argument of PartialLabelDataset must be a list of different class names. Got "
    for name in ("a.json", "wide.csv", "long.csv"):
        with pytest.raises(ValueError, match=message):
            PartialLabelDataset(str(tmp_path / name), metainfo=dict(classes=names))
    for name, read in (("a.json", read_annotation_json), ("long.csv", read_annotation_csv)):
        path = tmp_path / name
        one_sentence_about(path, lambda path, read=read: read(str(path), class_names=names), path)


def test_a_class_that_the_file_does_not_have_is_named_with_the_file(tmp_path):
    (tmp_path / "a.csv").write_text("image,cat,dog\na.jpg,1,0\n")
    message = (
        r"'classes' argument of the dataset must be different classes of .*a.csv \('cat', 'dog'\). Got 'elk'"
    )
    with pytest.raises(ValueError, match=message):
        PartialLabelDataset(str(tmp_path / "a.csv"), classes=["elk"])


@pytest.mark.parametrize("name", ["a.json", "a.csv"])
def test_a_folder_with_the_name_of_a_file(tmp_path, name):
    (tmp_path / name).mkdir()
    one_sentence_about(tmp_path / name, PartialLabelDataset, str(tmp_path / name))


INSTANCES = dict(
    images=[dict(id=1, file_name="a.jpg")],
    annotations=[dict(id=1, image_id=1, category_id=1)],
    categories=[dict(id=1, name="cat")],
)


@pytest.mark.parametrize(
    ("part", "change", "message"),
    [
        ("categories", dict(name=["cat"]), r"'name' of category number 0 .* Got \['cat'\]"),
        ("categories", dict(name=NAME), r"'name' of category number 0 .* Got '.ud800'"),
        ("categories", dict(id=[1]), r"'id' of category number 0 .* Got \[1\]"),
        ("categories", dict(id=True), r"'id' of category number 0 .* Got True"),
        ("images", dict(file_name=NAME), r"'name' of image 1 .* Got '.ud800'"),
        ("images", dict(id=[1]), r"'id' of image \[1\] .* Got \[1\]"),
        ("images", dict(id=True), r"'id' of image True .* Got True"),
        ("annotations", dict(id=NAME, image_id=2), r"'image_id' of annotation '.ud800' .* Got 2"),
        ("annotations", dict(image_id=True), r"'image_id' of annotation 1 .* Got True"),
        ("annotations", dict(category_id=True), r"'category_id' of annotation 1 .* Got True"),
    ],
)
def test_names_and_ids_of_instances(tmp_path, part, change, message):
    content = {**INSTANCES, part: [{**INSTANCES[part][0], **change}]}
    (tmp_path / "a.json").write_text(json.dumps(content))
    for reader in ("coco", "lvis"):
        found = one_sentence_about(tmp_path / "a.json", JSON_READERS[reader], tmp_path / "a.json")
        assert re.search(message, found)


@pytest.mark.parametrize("read", [read_coco, read_lvis])
def test_instances_without_a_valid_image(tmp_path, read):
    path = tmp_path / "a.json"
    for images in ([], [3]):
        path.write_text(json.dumps(dict(INSTANCES, images=images, annotations=[])))
        message = one_sentence_about(path, lambda path: read(path, skip_malformed=True), path)
        assert "no valid image" in message


def test_names_in_exports_of_label_studio(tmp_path):
    path = tmp_path / "a.json"
    chosen = [dict(result=[dict(from_name="c", value=dict(choices=[NAME]))])]
    for data, annotated in ((dict(image="a.jpg"), chosen), (dict(image=f"{NAME}.jpg"), [])):
        path.write_text(json.dumps([dict(data=data, annotations=annotated)]))
        assert "ud800" in one_sentence_about(path, read_label_table, path)


@pytest.mark.parametrize("damage", [*DAMAGED, *OTHER_TYPES])
def test_damaged_arrays(tmp_path, damage):
    path, images, archive = tmp_path / "a.npy", tmp_path / "images.npy", tmp_path / "a.npz"
    path.write_bytes({**DAMAGED, **OTHER_TYPES}[damage])
    images.write_bytes(npy(["a.jpg"]))
    names = ("images", "classes", "scores", "labels", "class_names", "num_images", "mean", "std")
    archive.write_bytes(npz(**dict.fromkeys(names, path.read_bytes())))
    matrices = dict(meaning="zero_is_unknown")
    one_sentence_about(path, lambda: listed(read_single_positive_matrices(path, images, **matrices)))
    one_sentence_about(path, read_soft_labels, path, 1, "SoftLabelLoss")
    one_sentence_about(path, GivenPseudoLabels(path, 1).read, 2)
    one_sentence_about(path, DatasetSubset, MultiDigits(num_images=2), path)
    for file in (path, archive):
        one_sentence_about(file, read_statistics, file, 2)
        one_sentence_about(file, KnownPredictions.load, file)
    images.write_bytes(path.read_bytes())
    path.write_bytes(npy([[1, 0]]))
    one_sentence_about(images, lambda: listed(read_single_positive_matrices(path, images, **matrices)))


@pytest.mark.parametrize(
    "change",
    [
        dict(images=[0]),
        dict(images=[[0, 1]]),
        dict(images=["a", "b"]),
        dict(images=[0, 2]),
        dict(classes=[0, -1]),
        dict(labels=[0, 2]),
        dict(scores=[1j, 0]),
        dict(class_names=[1, 2]),
        dict(class_names=["cat", "cat"]),
        dict(num_images=[1, 2]),
    ],
)
def test_predictions_of_wrong_elements(tmp_path, change):
    columns = dict(images=[0, 1], classes=[0, 1], scores=[0.5, 0.1], labels=[1, 0])
    columns |= dict(class_names=["cat", "dog"], num_images=2)
    np.savez(tmp_path / "a.npz", **columns)
    assert KnownPredictions.load(tmp_path / "a.npz").num_images == 2
    np.savez(tmp_path / "a.npz", **{**columns, **change})
    one_sentence_about(tmp_path / "a.npz", KnownPredictions.load, tmp_path / "a.npz")


def test_descriptions_of_feature_stores(tmp_path):
    labels = label_store_from_array([[1, 0], [-1, 1]], ["a.jpg", "b.jpg"], ["cat", "dog"])
    writer = FeatureStoreWriter(tmp_path / "store", labels, dict(dtype="float16", batch_size=2))
    writer.append(np.ones((2, 3)))
    writer.finish()
    path = tmp_path / "store" / "feature_store.json"
    content = json.loads(path.read_text())
    wrong = [None, 1.5, -5, 10**400, "x", NAME, [[1]], {"a": 1}]
    cases = [
        {**content, key: value}
        for key in content
        for value in wrong
        if (key, value) != ("settings", {"a": 1})
    ]
    cases += [{key: value for key, value in content.items() if key != left_out} for left_out in content]
    for text in [*map(json.dumps, cases), "[" * 10**5, "[]", "3", "9" * 5000, ""]:
        path.write_text(text)
        one_sentence_about(tmp_path / "store", FeatureStore.open, tmp_path / "store")


def test_lists_of_images(tmp_path):
    store = label_store_from_array([[1]], ["7.jpg"], ["cat"])
    (tmp_path / "a.txt").write_text("9" * 5000)
    assert "line 1" in one_sentence_about(tmp_path / "a.txt", read_image_list, store, tmp_path / "a.txt")
    path = tmp_path / "a.pkl"
    for content in (None, {"a": 1}, [None], [[7]], [1.5], [b"\xff"], [10**5000], [NAME]):
        path.write_bytes(pickle.dumps(content, protocol=2))
        one_sentence_about(path, read_image_list, store, path)


def test_corrections_with_any_delimiter(tmp_path):
    labels = label_store_from_array([[1]], ["a.jpg"], ["cat"])
    path = tmp_path / "a.csv"
    for delimiter in ",;\t":
        header = delimiter.join(("image", "class", "correct"))
        for line in ("a" * 200_000, 'a.jpg"', '"a.jpg', "a\0.jpg"):
            path.write_text(f"{header}\n{delimiter.join((line, 'cat', '1'))}\nb{delimiter}c{delimiter}1\n")
            one_sentence_about(path, apply_corrections, labels, path)
