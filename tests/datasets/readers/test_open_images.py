"""Open Images: order of rows, precedence of sources, class hierarchy, and malformed rows."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmpretrain_imbalance.datasets.label_store import external_sort
from mmpretrain_imbalance.datasets.label_store.external_sort import resolve_labels
from mmpretrain_imbalance.datasets.readers import open_images_tables
from mmpretrain_imbalance.datasets.readers.open_images import read_open_images
from tests.datasets.published_files import (
    OPEN_IMAGES_IDS,
    names_of,
    saved,
    table_of,
    write_json,
    write_lines,
    write_open_images,
)

HEADER = "ImageID,Source,LabelName,Confidence"


@pytest.fixture
def root(tmp_path):
    write_open_images(tmp_path)
    return tmp_path


def read(root, tables=("human.csv",), classes="classes.csv", **options):
    return read_open_images([root / table for table in tables], root / classes, work_dir=root, **options)


def test_human_labels(root):
    rows = read(root)
    store = saved(rows, root / "store")
    assert store.class_names == ("Cat", "Dog", "Animal, any", "Mammal", "Gadget")
    assert names_of(store) == [f"{name}.jpg" for name in OPEN_IMAGES_IDS]
    assert table_of(store) == [
        [-1, -1, 0, 1, -1],
        [1, -1, -1, -1, -1],
        [0, 1, -1, -1, -1],
        [-1, -1, -1, -1, 1],
    ]
    assert rows.notes == {}


def test_trainable_classes_and_listed_images(root):
    rows = read(root, trainable_classes=root / "trainable.txt", image_ids=root / "ids.csv")
    store = saved(rows, root / "store")
    assert store.class_names == ("Animal, any", "Mammal", "Cat", "Dog")
    assert names_of(store) == [f"{OPEN_IMAGES_IDS[number]}.jpg" for number in (0, 2, 3)]
    assert table_of(store) == [[0, 1, -1, -1], [-1, -1, 0, 1], [-1, -1, -1, -1]]
    assert rows.notes == {
        "labels of classes that were not chosen": 1,
        "labels of images that are not listed": 1,
    }


def test_image_tables_with_quoted_titles_and_empty_lines(root):
    a, b, c, d = OPEN_IMAGES_IDS
    lines = [f'{b},"a, b",7', f'{c},"c\nd",', "", ",x,7", f'{d},e "f",7', f'{a},"g ""h""",7', ""]
    write_lines(root / "ids.csv", '"ImageID",Title,Rotation', *lines)
    with pytest.raises(ValueError, match=r"'ImageID' of row 5 in .*ids.csv must be 16 .* Got '' instead. \("):
        read(root, image_ids=root / "ids.csv")
    rows = read(root, image_ids=root / "ids.csv", skip_malformed=True)
    assert names_of(saved(rows, root / "store")) == [f"{name}.jpg" for name in OPEN_IMAGES_IDS]


def test_machine_labels_never_replace_human_labels(root):
    rows = read(root, machine_labels=[root / "machine.csv"], machine_threshold=0.8)
    assert table_of(saved(rows, root / "store"))[2:] == [[0, 1, -1, -1, -1], [1, -1, -1, -1, 1]]
    assert rows.notes == {"machine labels below the threshold": 1}


def test_hierarchy(root):
    rows = read(root, trainable_classes=root / "trainable.txt", hierarchy=root / "hierarchy.json")
    # The human labels of the first image are positive for mammal and negative for animal. Both are kept, and
    # the negative label implies that cat and dog are negative.
    assert table_of(saved(rows, root / "store")) == [[0, 1, 0, 0], [1, 1, 1, -1], [1, 1, 0, 1]]


def test_order_of_rows_and_size_of_parts_change_no_byte(root, monkeypatch):
    header, *lines = (root / "human.csv").read_text().splitlines()
    write_lines(root / "other.csv", header, *lines[::-1])
    saved(read(root), root / "a")
    monkeypatch.setattr(external_sort, "_BUFFER", 2)
    monkeypatch.setattr(open_images_tables, "_BLOCK", 64)
    saved(read(root, ["other.csv"]), root / "b")
    for file in (root / "a").iterdir():
        assert file.read_bytes() == (root / "b" / file.name).read_bytes()


@settings(max_examples=40)
@given(data=st.data())
def test_expansion_is_that_of_a_plain_loop(data, tmp_path_factory):
    root = tmp_path_factory.mktemp("open_images")
    # A tree: the class above each class has a lower number.
    above = [None, *(data.draw(st.none() | st.integers(0, number - 1)) for number in range(1, 6))]
    nodes = [{"LabelName": f"/m/{number}", "Subcategory": []} for number in range(6)]
    top = {"LabelName": "/m/top", "Subcategory": []}
    for number, upper in enumerate(above):
        (top if upper is None else nodes[upper])["Subcategory"].append(nodes[number])
    write_json(root / "hierarchy.json", top)
    write_lines(root / "classes.csv", *(f"/m/{number},{number}" for number in range(6)))
    table = np.array(
        data.draw(st.lists(st.lists(st.sampled_from([1, 0, -1]), min_size=6, max_size=6), min_size=1))
    )
    rows = [
        f"{image:016x},verification,/m/{number},{label}"
        for image, labels in enumerate(table)
        for number, label in enumerate(labels)
        if label >= 0
    ]
    write_lines(root / "human.csv", HEADER, *data.draw(st.permutations(rows)))
    write_lines(root / "ids.csv", "ImageID", *(f"{image:016x}" for image in range(len(table))))

    def is_above(upper, lower):
        while lower is not None and lower != upper:
            lower = above[lower]
        return lower == upper

    expected = table.copy()
    for image, labels in enumerate(table):
        for number in np.flatnonzero(labels == -1):
            implied = {1 for other in np.flatnonzero(labels == 1) if is_above(number, other)}
            implied |= {0 for other in np.flatnonzero(labels == 0) if is_above(other, number)}
            if len(implied) == 1:
                (expected[image, number],) = implied
    found = read(root, hierarchy=root / "hierarchy.json", image_ids=root / "ids.csv")
    assert table_of(saved(found, root / "store")) == expected.tolist()


@pytest.mark.parametrize(("conflicts", "label"), [("positive", 1), ("negative", 0), ("unknown", -1)])
def test_contradictory_human_labels(root, conflicts, label):
    image = OPEN_IMAGES_IDS[1]
    write_lines(
        root / "more.csv", HEADER, f"{image},verification,/m/01yrx,0", f"{image},verification,/m/01yrx,0"
    )
    message = rf"Got both .* at image {image}, class /m/01yrx, of .*human.csv, .*more.csv instead"
    with pytest.raises(ValueError, match=message):
        saved(read(root, ["human.csv", "more.csv"]), root / "store")
    assert not (root / "store").exists()
    rows = read(root, ["human.csv", "more.csv"], conflicts=conflicts)
    assert table_of(saved(rows, root / "store"))[1][0] == label
    assert rows.notes == {f"contradicting labels taken as {conflicts}": 1}


@pytest.mark.parametrize("conflicts", ["positive", "negative", "unknown"])
def test_only_resolved_labels_imply_others(root, conflicts):
    # The classes are animal, mammal, cat and dog; the human labels of mammal contradict each other.
    expected = dict(positive=[1, 1, -1, -1], negative=[-1, 0, 0, 0], unknown=[-1] * 4)[conflicts]
    write_lines(root / "human.csv", HEADER, *(f"{OPEN_IMAGES_IDS[0]},a,/m/04rky,{label}" for label in (1, 0)))
    write_lines(root / "ids.csv", "ImageID", OPEN_IMAGES_IDS[0], "")
    files = dict(trainable_classes="trainable.txt", hierarchy="hierarchy.json", image_ids="ids.csv")
    rows = read(root, conflicts=conflicts, **{name: root / file for name, file in files.items()})
    assert table_of(saved(rows, root / "store")) == [expected]
    assert rows.notes == {f"contradicting labels taken as {conflicts}": 1}


GOOD = f"{OPEN_IMAGES_IDS[0]},verification,/m/01yrx,1"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "zzz,verification,/m/01yrx,1",
            "'ImageID' of line 4 in .* must be 16 hexadecimal digits. Got 'zzz' instead",
        ),
        ("000595fe6fee636G,a,/m/01yrx,1", "'ImageID' of line 4 in .* Got '000595fe6fee636G' instead"),
        (
            f"{OPEN_IMAGES_IDS[0]},a,/m/none,1",
            "'LabelName' of line 4 in .* a described class. Got '/m/none' instead",
        ),
        (
            f"{OPEN_IMAGES_IDS[0]},a,/m/01yrx,2",
            r"'Confidence' of line 4 in .* 1 \(present\) or 0 .* Got '2' instead",
        ),
        ("too,short", "'row' of line 4 in .* must be 4 cells, as in the header. Got 'too,short' instead"),
        (",,/m/01yrx,1", "'ImageID' of line 4 in .*human.csv must be .* Got '' instead"),
    ],
)
@pytest.mark.parametrize("block", [2**24, 64])
def test_malformed_rows(root, monkeypatch, line, message, block):
    monkeypatch.setattr(open_images_tables, "_BLOCK", block)
    write_lines(
        root / "human.csv", HEADER, GOOD, GOOD.replace("01yrx", "0jbk"), line, GOOD.replace("01yrx", "04rky")
    )
    with pytest.raises(ValueError, match=message):
        read(root)
    rows = read(root, skip_malformed=True)
    assert table_of(saved(rows, root / "store")) == [[1, -1, 1, 1, -1]]
    (note,) = rows.notes
    assert rows.notes[note] == 1
    assert "malformed rows skipped in" in note
    assert "line 4" in note


def test_line_numbers_count_malformed_lines(root):
    write_lines(root / "human.csv", HEADER, "a,b", GOOD, "", "c,d,e", "zzz,verification,/m/01yrx,1", "")
    errors = open_images_tables.LineErrors("human.csv")
    errors.lines = [2, 4, 5]
    assert [errors._line(row) for row in range(3)] == [3, 6, 7]
    with pytest.raises(ValueError, match=r"'row' of line 2 in .*2 more errors follow"):
        read(root)


def test_machine_confidences(root):
    write_lines(root / "machine.csv", HEADER, f"{OPEN_IMAGES_IDS[0]},machine,/m/01yrx,high")
    with pytest.raises(
        ValueError, match=r"'Confidence' of line 2 in .* must be a number from 0 to 1. Got 'high'"
    ):
        read(root, machine_labels=[root / "machine.csv"], machine_threshold=0.5)


def test_same_display_name_twice(root):
    write_lines(root / "classes.csv", "/m/1,Bat", "/m/2,Bat", "/m/3,Cat")
    write_lines(root / "human.csv", HEADER, f"{OPEN_IMAGES_IDS[0]},verification,/m/2,1")
    assert read(root).class_names == ["Bat (/m/1)", "Bat (/m/2)", "Cat"]


def test_without_pyarrow(root, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r"pyarrow must be installed.*pip install '.\[tables\]'"):
        read(root)


def test_wrong_arguments(root):
    with pytest.raises(
        ValueError, match=r"'machine_threshold' argument .* must be set if and only if 'machine_labels'"
    ):
        read(root, machine_threshold=0.5)
    for threshold in (2, -0.1, float("nan")):
        with pytest.raises(ValueError, match=r"'machine_threshold' argument .* must be a number from 0 to 1"):
            read(root, machine_labels=[root / "machine.csv"], machine_threshold=threshold)
    with pytest.raises(ValueError, match=r"'conflicts' argument .* Got 'any' instead"):
        read(root, conflicts="any")
    with pytest.raises(FileNotFoundError, match=r"must be an existing file"):
        read(root, ["absent.csv"])
    with pytest.raises(
        FileNotFoundError, match=r"list of classes must be an existing file. Got .*absent.csv"
    ):
        read(root, classes="absent.csv")
    write_lines(root / "human.csv", "ImageID,LabelName", "a,b")
    with pytest.raises(
        ValueError, match=r"The header of .* must name the columns ImageID, LabelName, Confidence"
    ):
        read(root)
    write_lines(root / "trainable.txt", "/m/01yrx", "/m/none")
    with pytest.raises(ValueError, match=r"'class' of line 2 in .* Got '/m/none' instead"):
        read(root, trainable_classes=root / "trainable.txt")


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 1), st.integers(0, 2))))
def test_resolved_labels_are_those_of_a_plain_loop(elements):
    keys, values, ranks = np.array(elements, dtype=np.int64).reshape(-1, 3).T
    expected = {}
    for key in sorted(set(keys.tolist())):
        labels = [(rank, value) for other, value, rank in elements if other == key]
        of_lowest_rank = {value for rank, value in labels if rank == min(labels)[0]}
        if len(of_lowest_rank) == 1 or min(labels)[0] == 0:
            expected[key] = max(of_lowest_rank)
    found = resolve_labels(keys, values, ranks, "positive", {})
    assert dict(zip(*(array.tolist() for array in found))) == expected


@pytest.mark.parametrize(
    ("node", "message"),
    [
        ('{"LabelName": "/m/0jbk", "Subcategory": null}', r"'Subcategory' of /m/0jbk .* nodes. Got None"),
        ('{"LabelName": "/m/0jbk", "LabelName": "/m/04rky"}', r"name each key once. Got 'LabelName' twice"),
        ('{"Subcategory": []}', r"must have a 'LabelName'"),
        ("{", r"hierarchy.json must be complete JSON"),
    ],
)
def test_wrong_hierarchies(root, node, message):
    content = node if node == "{" else f'{{"LabelName": "/m/0bl9f", "Subcategory": [{node}]}}'
    write_lines(root / "hierarchy.json", content)
    with pytest.raises(ValueError, match=message):
        read(root, hierarchy=root / "hierarchy.json")


def test_a_malformed_row_in_another_encoding_prints_no_traceback(root, capsys):
    """pyarrow prints the errors of the function that it calls for a malformed row, and ignores them."""
    good = (root / "human.csv").read_bytes()
    rows = good[good.index(b"\n") + 1 :] * 100  # more than Python reads to find the header
    (root / "human.csv").write_bytes(good + rows + b"\xd3t\xe9,1\n")
    with pytest.raises(
        ValueError, match=r"human.csv must be CSV in UTF-8. Got an error after \d+ valid rows"
    ):
        read(root)
    assert capsys.readouterr() == ("", "")


def test_tables_in_another_encoding_raise_with_the_file_name(root):
    good = (root / "human.csv").read_bytes()
    for content in (good.decode().encode("utf-16"), good + b"\xe9,verification,/m/01yrx,1\n"):
        (root / "human.csv").write_bytes(content)
        with pytest.raises(ValueError, match=r"human.csv must be (text|CSV) in UTF-8"):
            read(root)
    (root / "human.csv").write_bytes(good)
    (root / "classes.csv").write_bytes(b"/m/01yrx,Ch\xe2t\n")
    with pytest.raises(ValueError, match=r"classes.csv must be text in UTF-8"):
        read(root)
    write_lines(root / "classes.csv", "/m/01yrx,Cat")
    (root / "trainable.txt").write_bytes(b"\xff\xfe/\x00")
    with pytest.raises(ValueError, match=r"trainable.txt must be text in UTF-8"):
        read(root, trainable_classes=root / "trainable.txt")
