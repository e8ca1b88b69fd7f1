"""Repeated images, tables with one line per label, and malformed lines that are left out."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmpretrain_imbalance.datasets import PartialLabelDataset
from mmpretrain_imbalance.datasets.annotations.csv_table import read_annotation_csv
from mmpretrain_imbalance.datasets.annotations.json_file import read_annotation_json
from tests.datasets.published_files import names_of, table_of, write_json, write_lines

TWICE = ("image,cat,dog,elk", "a.jpg,1,,0", "b.jpg,0,0,0", "", "a.jpg,,0,0")


def csv(folder, *lines):
    return str(write_lines(folder / "labels.csv", *lines))


def samples(folder, *items):
    return str(
        write_json(folder / "labels.json", dict(metainfo=dict(classes=["cat", "dog"]), data_list=list(items)))
    )


def test_a_repeated_image_raises_with_both_lines(tmp_path) -> None:
    path = csv(tmp_path, *TWICE, "b.jpg,1,1,1")
    message = (
        r"'image' of line 5 in .*labels.csv must be an image that is not already in line 2 \(see "
        r"'repeated_images'\). Got 'a.jpg' instead. 1 more error follows."
    )
    with pytest.raises(ValueError, match=message):
        read_annotation_csv(path)
    with pytest.raises(ValueError, match=message):
        PartialLabelDataset(path)
    path = samples(tmp_path, dict(img_path="a", gt_label=[0]), dict(img_path="a", gt_label=[0]))
    with pytest.raises(ValueError, match=r"'img_path' of sample 1 in .* not already in sample 0"):
        read_annotation_json(path)


def test_repeated_images_can_be_joined_or_kept(tmp_path) -> None:
    path = csv(tmp_path, *TWICE)
    joined = PartialLabelDataset(path, repeated_images="join")
    assert names_of(joined.label_store) == ["a.jpg", "b.jpg"]
    assert joined.get_gt_labels().tolist() == [[1, 0, 0], [0, 0, 0]]
    kept = PartialLabelDataset(path, repeated_images="keep")
    assert kept.get_gt_labels().tolist() == [[1, -1, 0], [0, 0, 0], [-1, 0, 0]]
    with pytest.raises(
        ValueError, match=r"'repeated_images' argument .* must be one of 'raise', 'join', 'keep'"
    ):
        PartialLabelDataset(path, repeated_images="merge")


def test_joined_images_must_not_contradict_each_other(tmp_path) -> None:
    path = csv(tmp_path, *TWICE, "b.jpg,1,1,")
    message = (
        r"'cat' of line 6 in .*labels.csv must be 0, as in line 3 for the same image b.jpg. Got 1 instead. 1"
    )
    with pytest.raises(ValueError, match=message):
        read_annotation_csv(path, repeated_images="join")
    notes = {}
    store = read_annotation_csv(path, repeated_images="join", skip_malformed=True, notes=notes)
    assert table_of(store) == [[1, 0, 0], [-1, -1, 0]]
    assert list(notes.values()) == [2]
    # With the default label negative, a class that only one of the samples lists is a contradiction.
    items = [
        dict(img_path="a", gt_label=[0]),
        dict(img_path="b", gt_label=[]),
        dict(img_path="a", gt_label=[1]),
    ]
    with pytest.raises(
        ValueError, match=r"'cat' of sample 2 in .* must be 1, as in sample 0 for the same image a. Got 0"
    ):
        read_annotation_json(samples(tmp_path, *items), 0, repeated_images="join")
    items[2]["gt_label"] = [0]
    joined = read_annotation_json(samples(tmp_path, *items), 0, repeated_images="join")
    assert table_of(joined) == [[1, 0], [0, 0]]


@st.composite
def repeated_rows(draw):
    """True labels of all images and classes, and rows of images with some of these labels known."""
    truth = np.array(draw(st.lists(st.lists(st.sampled_from([0, 1]), min_size=3, max_size=3), min_size=1)))
    rows = draw(st.lists(st.integers(0, len(truth) - 1), min_size=1, max_size=9))
    known = draw(st.lists(st.lists(st.booleans(), min_size=3, max_size=3), min_size=9, max_size=9))
    return truth, [(row, known[index]) for index, row in enumerate(rows)]


@given(repeated_rows())
def test_joined_labels_are_those_of_a_loop(tmp_path_factory, drawn) -> None:
    truth, rows = drawn
    expected = {}
    lines = []
    for row, known in rows:
        labels = expected.setdefault(row, [-1, -1, -1])
        for c in range(3):
            if known[c]:
                labels[c] = int(truth[row, c])
        lines.append(f"{row}.jpg," + ",".join(str(truth[row, c]) if known[c] else "" for c in range(3)))
    path = csv(tmp_path_factory.mktemp("joined"), "image,cat,dog,elk", *lines)
    store = read_annotation_csv(path, repeated_images="join")
    assert dict(zip(names_of(store), table_of(store))) == {f"{row}.jpg": expected[row] for row in expected}


def test_wrong_lines_are_left_out_and_counted(tmp_path, monkeypatch) -> None:
    logged = []
    monkeypatch.setattr(
        "mmpretrain_imbalance.datasets.partial_label_dataset.print_log",
        lambda text, **kwargs: logged.append(text),
    )
    path = csv(tmp_path, *TWICE, "c.jpg,1", ",0,0,0", "d.jpg,x,0,1", "e.jpg,1,1,0")
    with pytest.raises(ValueError, match=r"'columns' of line 6 in .* Got 2 instead. 3 more errors follow"):
        PartialLabelDataset(path)
    dataset = PartialLabelDataset(path, skip_malformed=True)
    assert names_of(dataset.label_store) == ["a.jpg", "b.jpg", "e.jpg"]
    assert dataset.get_gt_labels().tolist() == [[1, -1, 0], [0, 0, 0], [1, 1, 0]]
    assert [text.startswith("4 malformed rows skipped in") for text in logged] == [True]
    wrong = dict(img_path="b", gt_label=[9])
    path = samples(
        tmp_path, dict(img_path="a", gt_label=[1]), wrong, "no object", dict(img_path="c", gt_score=[1, 0])
    )
    notes = {}
    store = read_annotation_json(path, skip_malformed=True, notes=notes)
    assert (names_of(store), table_of(store), list(notes.values())) == (["a", "c"], [[-1, 1], [1, 0]], [2])
    with pytest.raises(ValueError, match=r"must have valid samples. Got only malformed samples instead"):
        read_annotation_json(samples(tmp_path, wrong), skip_malformed=True)
    with pytest.raises(ValueError, match=r"must have one line per image. Got only malformed lines instead"):
        read_annotation_csv(csv(tmp_path, "image,cat", "a.jpg,7"), skip_malformed=True)


LONG = (
    "Image, class,value",
    "b.jpg,dog,1",
    "a.jpg,elk,0",
    "b.jpg,cat,0",
    "c.jpg,dog,",
    "b.jpg,dog,1.0",
    "b.jpg,cat,-1",
)


def test_a_table_with_one_line_per_label(tmp_path) -> None:
    path = csv(tmp_path, *LONG)
    notes = {}
    store = read_annotation_csv(path, notes=notes)
    assert names_of(store) == ["b.jpg", "a.jpg", "c.jpg"]
    assert store.class_names == ("cat", "dog", "elk")
    assert table_of(store) == [[0, 1, -1], [-1, -1, 0], [-1, -1, -1]]
    assert [(count, "in alphabetical order" in note) for note, count in notes.items()] == [(3, True)]
    store.verify()


def test_the_class_list_of_a_table_with_one_line_per_label_can_be_given(tmp_path) -> None:
    path, notes = csv(tmp_path, *LONG), {}
    dataset = PartialLabelDataset(path, classes=["elk", "gnu", "dog"])
    assert dataset.metainfo["classes"] == ("elk", "gnu", "dog")
    assert dataset.get_gt_labels().tolist() == [[-1, -1, 1], [0, -1, -1], [-1, -1, -1]]
    read_annotation_csv(path, ["elk", "gnu", "dog"], notes=notes)
    assert list(notes.values()) == [1, 1]
    for note, name in zip(notes, ("gnu", "cat")):
        assert f"the first of them {name!r}" in note


def test_labels_of_a_misspelled_class_are_counted(tmp_path) -> None:
    path, notes = csv(tmp_path, "image,class,value", 'a.jpg, "cat", 1', "a.jpg,Dog,1", "b.jpg,dog,0"), {}
    store = read_annotation_csv(path, ["cat", "dog"], notes=notes)
    assert store.class_names == ("cat", "dog", "Dog")
    ((note, count),) = notes.items()
    assert (count, note.endswith("the first of them 'Dog' (did you mean 'dog'?)")) == (1, True)
    assert PartialLabelDataset(path, classes=["cat", "dog"]).get_gt_labels().tolist() == [
        [1, -1],
        [-1, 0],
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "b.jpg,dog,0",
            "'value' of line 8 in .* must be 1, as in line 2 for the same image and class. Got 0",
        ),
        ("b.jpg,dog", "'columns' of line 8 in .* must be 3 cells, as in the header. Got 2"),
        (" ,dog,1", "'image' of line 8 in .* must be the path of an image. Got ''"),
        ("b.jpg,,1", "'class' of line 8 in .* must be the name of a class. Got ''"),
        ("b.jpg,dog,yes", "'value' of line 8 in .* or blank .unknown.. Got 'yes'"),
    ],
)
def test_a_wrong_line_of_a_table_with_one_line_per_label_is_named_or_left_out(
    tmp_path, line, message
) -> None:
    path = csv(tmp_path, *LONG, line)
    with pytest.raises(ValueError, match=message):
        read_annotation_csv(path)
    store = read_annotation_csv(path, skip_malformed=True)
    dog = -1 if line == "b.jpg,dog,0" else 1  # two lines that contradict each other are both left out
    assert table_of(store) == [[0, dog, -1], [-1, -1, 0], [-1, -1, -1]]


@given(st.data())
def test_both_forms_of_a_table_give_the_same_labels(tmp_path_factory, data) -> None:
    folder = tmp_path_factory.mktemp("forms")
    table = np.array(
        data.draw(st.lists(st.lists(st.sampled_from([1, 0, -1]), min_size=2, max_size=2), min_size=1))
    )
    wide = csv(folder, "image,cat,dog", *(f"{n}.jpg,{row[0]},{row[1]}" for n, row in enumerate(table)))
    expected = read_annotation_csv(wide)
    lines = [
        f"{n}.jpg,{name},{value}" for n, row in enumerate(table) for name, value in zip(("cat", "dog"), row)
    ]
    long = csv(folder, "image,class,value", *data.draw(st.permutations(lines)))
    found = read_annotation_csv(long, ["cat", "dog"])
    assert Counter(names_of(found)) == Counter(names_of(expected))
    assert dict(zip(names_of(found), table_of(found))) == dict(zip(names_of(expected), table_of(expected)))


def test_a_sample_that_a_simulation_repeats_is_written_once(tmp_path) -> None:
    from mmengine.dataset import RepeatDataset

    from mmpretrain_imbalance.datasets import MultiDigits, SimulatePartialLabels

    path = tmp_path / "simulated.json"
    dataset = SimulatePartialLabels(
        RepeatDataset(MultiDigits(num_images=4), 2), "rps", probability=0.5, save_to=str(path)
    )
    back = PartialLabelDataset(str(path))
    np.testing.assert_array_equal(back.get_gt_labels(), dataset.get_gt_labels()[:4])


@pytest.mark.parametrize("how", ["raise", "join", "keep"])
def test_one_image_has_several_spellings(tmp_path, how) -> None:
    path = csv(tmp_path, "image,cat,dog", "a.jpg,1,", "./a.jpg,,0", "b//c.jpg,0,0", "b/c.jpg,,0")
    if how == "raise":
        with pytest.raises(ValueError, match=r"not already in line 2 .* Got '\./a\.jpg'.* 1 more"):
            read_annotation_csv(path)
        return
    store = read_annotation_csv(path, repeated_images=how)
    names = ["a.jpg", "./a.jpg", "b//c.jpg", "b/c.jpg"]
    assert names_of(store) == (names if how == "keep" else names[::2])
    if how == "join":
        assert table_of(store) == [[1, 0], [0, 0]]
