"""Guesses about columns and layouts: each is made where it is safe, is said, and can be overruled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmpretrain_imbalance.datasets.tables import LabelTable, read_label_table


def read(folder: Path, content: str, **options: Any) -> LabelTable:
    path = folder / "labels.csv"
    path.write_text(content, encoding="utf-8")
    return read_label_table(path, **options)


def dense(table: LabelTable) -> list[list[int]]:
    return np.stack([table.labels.dense(row) for row in range(len(table.labels))]).astype(int).tolist()


def lines(table: LabelTable) -> str:
    return "\n".join(table.description.guess_lines())


def rows(number: int, row: Any) -> str:
    return "".join(row(index) + "\n" for index in range(number))


def test_columns_that_are_no_classes_are_named_with_the_reason(tmp_path: Path) -> None:
    content = "image,sex,age,id,day,score,cat\n" + rows(
        40, lambda i: f"{i}.jpg,{'mf'[i % 2]},{i % 30},{i},2024-01-{i % 28 + 1:02d},{i / 41:.2f},{i % 2}"
    )
    table = read(tmp_path, content)
    assert table.labels.class_names == ("cat",)
    assert table.description.ignored_columns == {
        "sex": "text: m (20), f (20)",
        "age": "numbers from 0 to 29",
        "id": "numbers from 0 to 39, all different",
        "day": "dates, such as 2024-01-01",
        "score": "numbers between 0 and 1, such as 0.02: probabilities are no labels",
    }
    assert "'sex', 'age', 'id', 'day', 'score' are no class; overrule with --class-columns" in lines(table)


def test_letters_are_labels_only_beside_each_other(tmp_path: Path) -> None:
    assert dense(read(tmp_path, "image,cat\na.jpg,t\nb.jpg,F\nc.jpg,\n")) == [[1], [0], [-1]]


def test_most_cells_may_be_odd_words(tmp_path: Path) -> None:
    """A class column with many doubts must not become a remark."""
    content = "image,cat,dog\n" + rows(
        20, lambda i: f"{i}.jpg,{['maybe', 'maybe', 'maybe', 'yes'][i % 4]},{i % 2}"
    )
    with pytest.raises(ValueError, match="'maybe' in row 2 of the column 'cat', 15 times"):
        read(tmp_path, content)


def test_group_column(tmp_path: Path) -> None:
    content = "image,patient,cat,dog\n" + rows(
        8, lambda i: f"{i}.jpg,{f'P{i // 4}' if i != 2 else ''},{i % 2},1"
    )
    assert "overrule with --group-column patient" in lines(read(tmp_path, content))
    table = read(tmp_path, content, group_column="patient")
    assert table.groups == ["P0", "P0", "row 4", "P0", "P1", "P1", "P1", "P1"]
    assert "1 image with a blank 'patient', first row 4" in lines(table)


def test_missing_negatives_are_said(tmp_path: Path) -> None:
    crosses = "image,cat\na.jpg,x\nb.jpg,\n"
    assert "blank cells (1) are unknown, so that no label is negative" in lines(read(tmp_path, crosses))
    signs = "image,cat,dog\na.jpg,1,-1\nb.jpg,-1,1\n"
    assert "-1 is unknown, so that no label is negative; overrule with --no -1" in lines(
        read(tmp_path, signs)
    )
    assert dense(read(tmp_path, signs, no=["-1"])) == [[1, 0], [0, 1]]


def test_blank_column_is_a_class_only_if_it_is_named(tmp_path: Path) -> None:
    content = "image,cat,dog\na.jpg,x,\nb.jpg,,\n"
    table = read(tmp_path, content, blank="negative")
    assert table.labels.class_names == ("cat",)
    assert "'dog' is no class, being blank" in lines(table)
    assert dense(read(tmp_path, content, blank="negative", class_columns=["cat", "dog"])) == [[1, 0], [0, 0]]


LISTS = [
    ("cat;dog", "elk", None),
    ("\"['cat', 'dog']\"", "['elk']", None),
    ('"[""cat"", ""dog""]"', '"[""elk""]"', None),
    ('"cat, dog"', "elk", None),
    ("cat|dog", "elk", None),
    ("['cat' 'dog']", "['elk']", None),
    ('"(cat,dog)"', "(elk)", None),
    ("cat + dog", "elk", " + "),
]


@pytest.mark.parametrize(("several", "one", "separator"), LISTS)
def test_lists(tmp_path: Path, several: str, one: str, separator: str | None) -> None:
    content = f"image,labels\na.jpg,{several}\nb.jpg,{one}\nc.jpg,\n"
    table = read(tmp_path, content, not_listed="negative", list_separator=separator)
    assert table.labels.class_names == ("cat", "dog", "elk")
    assert dense(table) == [[1, 1, 0], [0, 0, 1], [-1, -1, -1]]
    assert dense(read(tmp_path, content, list_separator=separator))[1] == [-1, -1, 1]
    assert dense(read(tmp_path, content, list_separator=separator, blank="negative"))[2] == [0, 0, 0]


def test_remarks_are_no_lists_beside_columns_of_other_words(tmp_path: Path) -> None:
    """The words are more likely labels in another language; the wrong guess would train on remarks."""
    words, remarks = ("ja", "nein", ""), ("dark", "bright")
    content = "image,remark,cat,dog\n" + rows(
        40, lambda i: f'{i}.jpg,"ok, {remarks[i % 2]}",{words[i % 3]},{words[(i + 1) % 3]}'
    )
    with pytest.raises(ValueError, match=r"--yes ja --no nein .* --list-column"):
        read(tmp_path, content)
    table = read(tmp_path, content, yes=["ja"], no=["nein"])
    assert table.labels.class_names == ("cat", "dog")
    # One column of other words may be about something else than the classes.
    for options in (dict(list_column="remark"), dict(ignore=["dog"])):
        assert read(tmp_path, content, **options).labels.class_names == ("bright", "dark", "ok")


def test_words_for_nothing(tmp_path: Path) -> None:
    content = "image,tags\na.jpg,cat;dog\nb.jpg,None\nc.jpg,\nd.jpg,dog\n"
    expected = [[1, 1], [0, 0], [-1, -1], [-1, 1]]
    assert dense(read(tmp_path, content, nothing=["none"])) == expected
    content = "image,tag\na.jpg,cat\na.jpg,dog\nb.jpg,None\nc.jpg,\nd.jpg,dog\n"
    assert dense(read(tmp_path, content, nothing=["none"], class_column="tag")) == expected


def test_lists_and_captions(tmp_path: Path) -> None:
    words = "clear haze primary water road cloudy".split()
    spaces = "image_name,tags\n" + rows(
        60, lambda i: f"train_{i},{' '.join(words[k] for k in range(6) if i >> k & 1)}"
    )
    table = read(tmp_path, spaces)
    assert table.labels.class_names == tuple(sorted(words))
    assert "the entries of 'tags' are separated by a space" in lines(table)
    captions = "image,caption\n" + rows(60, lambda i: f'{i}.jpg,"a photo of thing{i * 7}, seen at {i * 3} h"')
    with pytest.raises(ValueError, match="'caption': text with 60 different values"):
        read(tmp_path, captions)


@pytest.mark.parametrize(
    "text", ["tags\na.jpg,cat;dog\nb.jpg,Cat\n", "tag\na.jpg,cat\na.jpg,dog\nb.jpg,Cat\n"]
)
def test_names_that_differ_in_upper_case_are_noted(text: str, tmp_path: Path) -> None:
    table = read(tmp_path, f"image,{text}")
    assert "note: the classes 'Cat', 'cat' differ only in upper case; write them in one way" in lines(table)


def test_long_tables(tmp_path: Path) -> None:
    table = read(
        tmp_path, "datei,ding,wert\n" + rows(40, lambda i: f"{i // 4}.jpg,D{i % 4},{(i // 4 + i) % 2}")
    )
    assert table.description.layout == "one row per label"
    assert table.rows.tolist() == list(range(2, 42, 4))
    assert dense(table) == [[(image + c) % 2 for c in range(4)] for image in range(10)]
    boxes = "filename,width,class,xmin\na.jpg,64,cat,3\na.jpg,64,cat,9\na.jpg,64,dog,2\nb.jpg,64,dog,5\n"
    table = read(tmp_path, boxes, not_listed="negative")
    assert dense(table) == [[1, 1], [0, 1]]
    words = "datei,ding,wert\n" + rows(40, lambda i: f"{i // 4}.jpg,D{i % 4},{['ja', 'nein'][i % 2]}")
    with pytest.raises(ValueError, match="such as --yes ja --no nein"):
        read(tmp_path, words)
    assert dense(read(tmp_path, words, yes=["ja"], no=["nein"])) == [[1, 0, 1, 0]] * 10


def test_rows_of_several_annotators_stay_separate(tmp_path: Path) -> None:
    content = "image,annotator,cat\n" + rows(40, lambda i: f"{i // 2}.jpg,{'ab'[i % 2]},{i % 3 % 2}")
    table = read(tmp_path, content)
    assert (len(table.labels), table.labels.class_names) == (40, ("cat",))


def test_csv_of_label_studio(tmp_path: Path) -> None:
    content = (
        "annotation_id,annotator,choice,created_at,id,image,lead_time,updated_at\n"
        "1,1,cat,2021-03-09T21:52:49Z,5,/data/upload/1/0a1b2c3d-a.jpg,3.2,2021-03-09T21:52:49Z\n"
        '2,1,"{""choices"": [""cat"", ""dog""]}",2021-03-09T21:52:49Z,6,/data/upload/1/0a1b2c3d-b.jpg,3,\n'
        "3,1,,2021-03-09T21:52:49Z,7,/data/upload/1/0a1b2c3d-c.jpg,3,\n"
    )
    table = read(tmp_path, content)
    assert [table.labels.image_name(row) for row in range(3)] == ["a.jpg", "b.jpg", "c.jpg"]
    assert dense(table) == [[1, 0], [1, 1], [0, 0]]


def test_windows_encoding(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_bytes("image;5 €\nä.jpg;1\nb.jpg;0\n".encode("cp1252"))
    table = read_label_table(path)
    assert (table.labels.class_names, table.labels.image_name(0)) == (("5 €",), "ä.jpg")
    assert (
        "the text is in Windows-1252 (Latin-1), because it is not in UTF-8; overrule with --encoding"
        in lines(table)
    )


def test_line_numbers_count_line_breaks_in_cells(tmp_path: Path) -> None:
    content = 'sep=,\nimage,cat,remark\n\na.jpg,1,"two\nlines"\nb.jpg,0,ok\n'
    assert read(tmp_path, content).rows.tolist() == [4, 6]


def test_parquet_with_lists_and_an_index(tmp_path: Path) -> None:
    import pandas

    frame = pandas.DataFrame({"file": ["a.jpg", "b.jpg"], "labels": [["cat", "dog"], []]}, index=["r1", "r2"])
    frame.to_parquet(tmp_path / "labels.parquet")
    table = read_label_table(tmp_path / "labels.parquet", not_listed="negative")
    assert dense(table) == [[1, 1], [0, 0]]


def test_description_prints_values_with_their_meaning(tmp_path: Path) -> None:
    table = read(tmp_path, "image;cat\na.jpg;ja\nb.jpg;0\nc.jpg;?\nd.jpg;\n", yes=["ja"])
    description = table.description
    assert description.summary == "CSV, encoding UTF-8, delimiter ';': one column per class, 4 rows"
    assert description.image_column == "image"
    assert description.table_rows()[1] == (
        "cat",
        "class",
        "positive: ja (1); negative: 0 (1); unknown: ? (1), blank (1)",
    )
