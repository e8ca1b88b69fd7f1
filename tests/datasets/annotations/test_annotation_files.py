"""JSON and CSV annotation files: labels, and one clear error for everything that can be malformed."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from mmpretrain_imbalance.datasets import label_store_from_array
from mmpretrain_imbalance.datasets.annotations.csv_table import read_annotation_csv
from mmpretrain_imbalance.datasets.annotations.json_file import read_annotation_json
from mmpretrain_imbalance.datasets.annotations.writer import write_annotations

CLASSES = ["cat", "dog", "elk"]
TABLES = npst.arrays(
    np.int8,
    npst.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=6),
    elements=st.sampled_from([1, 0, -1]),
)


def table_of(store):
    return np.stack([store.dense(image) for image in range(len(store))]).astype(int).tolist()


def write_json(folder, *samples, classes=CLASSES):
    path = folder / "labels.json"
    samples = [{"img_path": f"{number}.jpg", **sample} for number, sample in enumerate(samples)]
    path.write_text(json.dumps({"metainfo": {"classes": classes} if classes else {}, "data_list": samples}))
    return str(path)


def write_csv(folder, text):
    path = folder / "labels.csv"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_json_lists_positives_and_negatives_by_index_or_name(tmp_path):
    path = write_json(
        tmp_path, {"gt_label": [0], "gt_label_neg": ["elk"]}, {"gt_label": ["dog"]}, {"gt_label": 2}
    )
    assert table_of(read_annotation_json(path)) == [[1, -1, 0], [-1, 1, -1], [-1, -1, 1]]
    assert table_of(read_annotation_json(path, default_label=0)) == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]


@pytest.mark.parametrize("default_label", [0, -1])
def test_json_scores_give_all_labels(tmp_path, default_label):
    path = write_json(tmp_path, {"gt_score": [1, 0, -1]}, {"gt_score": [0.0, -1, 1]})
    assert table_of(read_annotation_json(path, default_label)) == [[1, 0, -1], [0, -1, 1]]


def test_json_takes_class_names_from_categories_or_from_the_caller(tmp_path):
    path = tmp_path / "labels.json"
    categories = [{"id": 1, "category_name": "dog"}, {"id": 0, "category_name": "cat"}]
    path.write_text(
        json.dumps({"metainfo": {"categories": categories}, "data_list": [{"img_path": "a", "gt_label": 1}]})
    )
    assert read_annotation_json(str(path)).class_names == ("cat", "dog")
    path = write_json(tmp_path, {"gt_label": [1]}, classes=None)
    assert read_annotation_json(path, class_names=["x", "y"]).class_names == ("x", "y")
    with pytest.raises(
        ValueError, match=r"'metainfo' of .*labels.json must have 'classes'.* Got none instead"
    ):
        read_annotation_json(path)


@pytest.mark.parametrize(
    ("sample", "message"),
    [
        ({"gt_label": [3]}, "'gt_label' of sample 1 (1.jpg) in {file} must be class indices from 0 to 2"),
        ({"gt_label": [-1]}, "must be class indices from 0 to 2, or class names. Got -1 instead."),
        ({"gt_label": [True]}, "Got True instead."),
        ({"gt_label": [0.0]}, "Got 0.0 instead."),
        ({"gt_label": ["yak"]}, "must be names of the 3 classes. Got 'yak' instead."),
        (
            {"gt_label": [0, "cat"]},
            "'gt_label' of sample 1 (1.jpg) in {file} must be different classes. Got \"class 0, 'cat',",
        ),
        (
            {"gt_label": [0], "gt_label_neg": [0]},
            "'gt_label_neg' of sample 1 (1.jpg) in {file} must be classes that are not",
        ),
        (
            {"gt_score": [1, 0]},
            "'gt_score' of sample 1 (1.jpg) in {file} must be a list of 3 labels, one per class. Got '2",
        ),
        (
            {"gt_score": [1, 0, 0.5]},
            "must be 1 (positive), 0 (negative) or -1 (unknown) in every element. Got 0.5 instead.",
        ),
        ({"gt_score": [1, 0, None]}, "in every element. Got None instead."),
        ({"gt_score": [1, 0, True]}, "in every element. Got True instead."),
        (
            {"gt_score": [1, 0, 0], "gt_label": [0]},
            "'gt_score' of sample 1 (1.jpg) in {file} must be the only labels",
        ),
        (
            {},
            "'gt_label' of sample 1 (1.jpg) in {file} must be a list of classes, unless 'gt_score' is",
        ),
        (
            {"gt_label": [0], "img_path": ""},
            "'img_path' of sample 1 in {file} must be the path of an image. Got '' instead.",
        ),
        ({"gt_label": [0], "img_path": None}, "must be the path of an image. Got None instead."),
        (
            {"gt_label": [0], "gt_label_negg": [1]},
            "'key' of sample 1 in {file} must be one of gt_label, gt_label_neg, gt_score if",
        ),
    ],
)
def test_a_wrong_json_sample_is_named(tmp_path, sample, message):
    path = write_json(tmp_path, {"gt_label": [0]}, sample)
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        read_annotation_json(path)
    assert message.format(file=path) in str(caught.value)


def test_the_message_of_a_long_name_is_short(tmp_path):
    path = tmp_path / "a.json"
    samples = [{"img_path": "a" * 10**5, "gt_label": 7}]
    path.write_text(json.dumps({"metainfo": {"classes": ["cat"]}, "data_list": samples}))
    with pytest.raises(
        ValueError, match=r"'gt_label' of sample 0 \(aaa.*a \.\.\. in .*a.json must be .* Got 7"
    ) as error:
        read_annotation_json(str(path))
    assert len(str(error.value)) < 1000


def test_further_errors_are_counted(tmp_path):
    path = write_json(tmp_path, {"gt_label": [3]}, {"gt_label": [0]}, {"gt_label": [9]}, {"gt_score": []})
    with pytest.raises(ValueError, match=r"of sample 0 \(0.jpg\) .* Got 3 instead. 2 more errors follow."):
        read_annotation_json(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            '{"metainfo": {"classes": ["a"]}, "data_list": [{"img_p',
            "must be complete JSON. Got an error at line 1, column",
        ),
        ("", "must have samples. Got an empty file instead"),
        (" \n", "must have samples. Got an empty file instead"),
        ("[]", "must be an object with 'metainfo' and 'data_list'"),
        ('{"data_list": []}', "Got no samples instead"),
        (
            '{"data_list": [3], "metainfo": {"classes": ["a"]}}',
            "'data_list' of sample 0 .* must be an object .* Got 3",
        ),
        (
            '{"data_list": [{}], "metainfo": {"classes": ["a", "a"]}}',
            "must be a list of different class names. Got 'a' twice",
        ),
        (
            '{"data_list": [{}], "metainfo": {"classes": "a"}}',
            "must be a list of different class names. Got 'a' instead",
        ),
        (
            '{"data_list": [{}], "metainfo": {"categories": ["cat"]}}',
            "'metainfo.categories' of .* must be objects with .* Got 'cat' at index 0 instead",
        ),
        (
            '{"data_list": [{}], "metainfo": {"categories": [{"id": 0, "name": "cat"}]}}',
            "'metainfo.categories' of .* Got {'id': 0, 'name': 'cat'} at index 0 instead",
        ),
        (
            '{"data_list": [{}], "metainfo": {"categories": [{"category_name": "cat"}]}}',
            "'metainfo.categories' of .* at index 0 instead",
        ),
        (
            '{"metainfo": {"classes": ["a"]}, "data_list": [{"img_path": "b", "gt_label": 0, '
            '"gt_label": []}]}',
            "'gt_label' of sample 0 in .* must be given once. Got it twice instead",
        ),
        (
            '{"data_list": [{}], "metainfo": {"classes": ["a"], "classes": ["b"]}}',
            "must name each key once. Got 'classes' twice",
        ),
        ('{"data_list": [{}], "data_list": []}', "must name each key once. Got 'data_list' twice"),
    ],
)
def test_an_invalid_json_annotation_file_raises(tmp_path, content, message):
    path = tmp_path / "labels.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=message) as caught:
        read_annotation_json(str(path))
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("read", [read_annotation_json, read_annotation_csv])
def test_a_missing_file_and_other_bytes_raise(tmp_path, read):
    path = tmp_path / "labels"
    with pytest.raises(
        FileNotFoundError, match=r"'ann_file' argument must be an existing annotation file. Got .*labels ins"
    ):
        read(str(path))
    path.write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(ValueError, match=r"in UTF-8. Got other bytes instead"):
        read(str(path))


def test_csv_cells_are_positive_negative_or_unknown(tmp_path):
    path = write_csv(
        tmp_path, '\ufeffimage, cat ,dog,elk\r\na.jpg,1,0,\r\n\r\n"b, c.jpg",-1, ,0.0\r\nd.jpg,1.0,-1.0,1'
    )
    store = read_annotation_csv(path)
    assert store.class_names == ("cat", "dog", "elk")
    assert [store.image_name(row) for row in range(3)] == ["a.jpg", "b, c.jpg", "d.jpg"]
    assert table_of(store) == [[1, 0, -1], [-1, -1, 0], [1, -1, 1]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "image,cat,dog\na.jpg,1,0\nb.jpg,2,0\n",
            "'cat' of line 3 in .* must be 1 .* or blank .unknown.. Got '2' instead",
        ),
        (
            "image,cat,dog\na.jpg,1,yes\nb.jpg,x,x\n",
            "'dog' of line 2 .* Got 'yes' instead. 2 more errors follow.",
        ),
        (
            "image,cat,dog\na.jpg,1\n",
            "'columns' of line 2 in .* must be 3 cells, as in the header. Got 2 instead",
        ),
        ("image,cat,dog\na.jpg,1,0,1\n", "must be 3 cells, as in the header. Got 4 instead"),
        ("image,cat,dog\n ,1,0\n", "'image' of line 2 in .* must be the path of an image. Got '' instead"),
        ("image,cat,cat\na.jpg,1,0\n", "header of .* must have different class names. Got 'cat' twice"),
        ("image,cat,\na.jpg,1,0\n", "header of .* must have different class names. Got an empty name"),
        (
            "image;cat;dog\na.jpg;1;0\n",
            "one column per class, separated by commas. Got 'image;cat;dog' instead",
        ),
        ("image,cat\n", "must have one line per image. Got only a header"),
        ("image,cat\na.jpg,no idea\n", "'cat' of line 2 .* Got 'no idea' instead"),
        ("image,cat\na.jpg,1\n\0.jpg,1\n", "must be text. Got a NUL byte in line 3 instead"),
        (
            'image,cat\n"a.jpg,1\n' + "b.jpg,1\n" * 20000,
            "must be CSV. Got an error in the row of line 2 .*closing quote missing",
        ),
        ("image,class,value\n" + "a" * 200000 + ",cat,1\n", "must be CSV. Got an error in the row of line 2"),
        (
            'image,cat\nx.jpg,1\n"a.jpg,1\nb.jpg",1\n',
            "row of line 3 in .* end in the same line. .* up to line 4,",
        ),
        (
            'image,cat\nx.jpg,1\n"a.jpg,1\n',
            "row of line 3 in .* a cell with a line break, .* closing quote missing",
        ),
        ("", "must have samples. Got an empty file"),
        ("\ufeff", "header of .* must have the image column and one column per class.* Got '' instead"),
        ("a.jpg,1,0\nb.jpg,0,1\n", "first line of .* must name the classes. Got .* 'a.jpg,1,0', instead"),
        ("a.jpg,1.0, \nb.jpg,0,1\n", "first line of .* must name the classes"),
    ],
)
def test_a_wrong_csv_line_is_named(tmp_path, text, message):
    path = write_csv(tmp_path, text)
    with pytest.raises(ValueError, match=message) as caught:
        read_annotation_csv(path)
    assert path in str(caught.value)


def test_an_open_quote_raises_even_if_malformed_lines_are_skipped(tmp_path):
    lines = ["image,cat", "a.jpg,1", '"b.jpg,1', *(f"{number}.jpg,1" for number in range(9))]
    with pytest.raises(ValueError, match=r"row of line 3 .* up to line 12, instead"):
        read_annotation_csv(write_csv(tmp_path, "\n".join([*lines, ""])), skip_malformed=True)


def test_classes_may_be_called_like_labels(tmp_path):
    assert read_annotation_csv(write_csv(tmp_path, "image,0,1\na.jpg,1,0\n")).class_names == ("0", "1")


@pytest.mark.parametrize("ending", ["json", "csv"])
@given(labels=TABLES, default_label=st.sampled_from([0, -1]))
def test_written_labels_are_read_back(tmp_path_factory, ending, labels, default_label):
    path = tmp_path_factory.mktemp("labels") / f"new/labels.{ending}"
    names = [f'bild "{number}", é.jpg' for number in range(len(labels))]
    store = label_store_from_array(
        labels, names, [f"class, {c}" for c in range(labels.shape[1])], default_label
    )
    write_annotations(store, np.arange(len(labels)), path)
    back = (read_annotation_json if ending == "json" else read_annotation_csv)(str(path))
    assert table_of(back) == labels.tolist()
    assert back.class_names == store.class_names
    assert [back.image_name(row) for row in range(len(back))] == names


@pytest.mark.parametrize(
    ("text", "warns"),
    [
        ("image,cat,dog\na.jpg,1,0\nb.jpg,1,", True),
        ("image,cat,dog\na.jpg,1,0\nb.jpg,1, ", True),
        ("image,cat,dog\na.jpg,1,0\nb.jpg,1,\n", False),
        ("image,cat,dog\na.jpg,1,0\nb.jpg,1,1", False),
        ("image,class,value\na.jpg,cat,1\na.jpg,dog,", True),
        ("image,class,value\na.jpg,cat,1\na.jpg,dog,\r\n", False),
    ],
)
def test_a_file_that_may_be_cut_off_is_warned_about(tmp_path, text, warns):
    notes = {}
    read_annotation_csv(write_csv(tmp_path, text), ["cat", "dog"], notes=notes)
    assert [("was the file cut off there?" in note) for note in notes] == [True] * warns


def test_another_ending_raises(tmp_path):
    with pytest.raises(ValueError, match=r"must be a file that ends with .json or .csv. Got .*labels.txt"):
        write_annotations(label_store_from_array([[1]], ["a"], ["b"]), np.arange(1), tmp_path / "labels.txt")
