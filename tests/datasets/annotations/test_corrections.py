"""Corrections of labels: tables as spreadsheets save them, and contradictions that are errors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmpretrain_imbalance.datasets import (
    Correction,
    apply_corrections,
    label_store_from_array,
    read_corrections,
)

NAMES, CLASSES = ["a.jpg", "sub/b.jpg", "c.jpg"], ["cat", "dog"]
LABELS = np.array([[1, 0], [-1, 1], [0, -1]])
HEADER = "image,class,label,suggested,probability,score,kind,basis,correct\n"


def store(default_label: int = -1):
    return label_store_from_array(LABELS, NAMES, CLASSES, default_label)


def dense(labels) -> list[list[int]]:
    return np.stack([labels.dense(row) for row in range(len(labels))]).astype(int).tolist()


def table(path: Path, *lines: str, header: str = HEADER) -> Path:
    path.write_text(header + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


@pytest.mark.parametrize("default_label", [-1, 0])
def test_answers_replace_labels_and_empty_cells_do_not(tmp_path: Path, default_label: int) -> None:
    path = table(
        tmp_path / "suspects.csv",
        "a.jpg,cat,1,0,0.1,0.9,wrong?,in-sample,0",
        "./sub/b.jpg,cat,,1,0.6,0.2,ask,in-sample,1.0",
        "a.jpg,dog,0,1,0.9,0.9,wrong?,in-sample,",
        "c.jpg,cat,0,1,0.9,0.9,wrong?,in-sample,-1",
        "c.jpg,dog,-1,1,0.9,0.9,ask,in-sample,0",
    )
    labels = store(default_label)
    corrected = apply_corrections(labels, path)
    assert dense(corrected) == [[0, 0], [1, 1], [-1, 0]]
    assert [corrected.image_name(row) for row in range(3)] == NAMES
    assert (corrected.class_names, corrected.default_label) == (labels.class_names, default_label)
    corrected.verify()
    assert dense(labels) == LABELS.tolist()
    assert apply_corrections(corrected, path) is corrected  # applied once more


@given(st.dictionaries(st.tuples(st.integers(0, 2), st.integers(0, 1)), st.sampled_from([1, 0, -1])))
def test_any_corrections(changes: dict) -> None:
    expected = LABELS.copy()
    for element, label in changes.items():
        expected[element] = label
    corrections = [Correction(NAMES[row], CLASSES[column], new) for (row, column), new in changes.items()]
    assert dense(apply_corrections(store(), corrections)) == expected.tolist()


@pytest.mark.parametrize(("delimiter", "encoding"), [(";", "utf-8-sig"), ("\t", "utf-8"), (",", "utf-8-sig")])
def test_tables_as_spreadsheets_save_them(tmp_path: Path, delimiter: str, encoding: str) -> None:
    path = tmp_path / "suspects.csv"
    rows = [["Correct", "Class", "note", "Image"], ["1", '"a, ""b"" ü"', "x", "a.jpg"], ["", "", "", ""]]
    path.write_text("\r\n".join(map(delimiter.join, rows)) + "\r\n", encoding=encoding, newline="")
    assert read_corrections(path) == [Correction("a.jpg", 'a, "b" ü', 1, None, "line 2")]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["a.jpg,cat,1,,,,,,yes"], "'correct' of line 2 .* must be 1 .* or blank .* Got 'yes'"),
        (["a.jpg,cat,x,,,,,,1"], "'label' of line 2 .* Got 'x'"),
        (["a.jpg,cat,1"], "'columns' of line 2 .* must be 9 cells.* Got 3"),
        ([",cat,1,,,,,,0"], "'image' of line 2 .* must be the name of the image"),
        (["d.jpg,cat,1,,,,,,0"], "'image' of line 2 .* must be an image of the annotations. Got 'd.jpg'"),
        (["a.jpg,cow,1,,,,,,0"], "'class' of line 2 .* must be a class of the annotations. Got 'cow'"),
        (
            ["a.jpg,cat,1,,,,,,0", "a.jpg,cat,1,,,,,,0", "./a.jpg,cat,1,,,,,,1"],
            "'correct' of line 4 .* must be 0, as in line 2 for the same image and class. Got 1",
        ),
        (["a.jpg,cat,0,,,,,,-1"], "'label' of line 2 .* must be 1, the label .* now .* Got 0"),
        (["d.jpg,cat,1,,,,,,0", "a.jpg,cow,1,,,,,,0"], "Got 'd.jpg' instead. 1 more error follows"),
    ],
)
def test_contradictions_are_errors(tmp_path: Path, lines: list[str], message: str) -> None:
    path = table(tmp_path / "suspects.csv", *lines)
    with pytest.raises(ValueError, match=message) as raised:
        apply_corrections(store(), path)
    assert str(path) in str(raised.value)


def test_other_tables_are_errors(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"must have the columns .* 'correct' is missing or repeated"):
        read_corrections(table(tmp_path / "a.csv", "a.jpg,1,0", header="image,class,dog\n"))
    (tmp_path / "b.csv").write_bytes("image,class,correct\nä.jpg,cat,1\n".encode("latin-1"))
    with pytest.raises(ValueError, match=r"must be CSV in UTF-8.*Save it as 'CSV UTF-8'"):
        read_corrections(tmp_path / "b.csv")
    with pytest.raises(FileNotFoundError, match="must be an existing table of corrections"):
        read_corrections(tmp_path / "c.csv")


def test_images_that_the_annotations_repeat_are_corrected_everywhere() -> None:
    labels = label_store_from_array([[1, 0], [1, -1]], ["a.jpg", "./a.jpg"], CLASSES)
    assert dense(apply_corrections(labels, [Correction("a.jpg", "dog", 1)])) == [[1, 1], [1, 1]]
