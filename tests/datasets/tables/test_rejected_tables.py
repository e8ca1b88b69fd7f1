"""Each table that cannot be read ends in one sentence, whose remedy works when it is followed."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest

from mmpretrain_imbalance.datasets.tables import read_label_table
from mmpretrain_imbalance.utils.printable import printable

PLAIN = "image,cat,dog\na.jpg,1,0\nb.jpg,0,1\nc.jpg,,1\n"


def written(folder: Path, content: str | bytes, name: str = "labels.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def message(path: Path, **options: Any) -> str:
    """Return the message of the error of a table, which must be one paragraph that names the file."""
    with pytest.raises((ValueError, FileNotFoundError)) as caught:
        read_label_table(path, **options)
    text = str(caught.value)
    assert str(path) in text
    assert "\n" not in text
    assert printable(text) == text
    assert len(text) < 2000
    return text


def dense(path: Path, **options: Any) -> list[list[int]]:
    labels = read_label_table(path, **options).labels
    return np.stack([labels.dense(row) for row in range(len(labels))]).astype(int).tolist()


#: Content, parts of the message, options that settle it, and the labels that are then read.
CURED: dict[str, tuple[str, list[str], dict[str, Any], list[list[int]]]] = {
    "odd word": (
        PLAIN + "d.jpg,maybe,1\n",
        [
            "CSV",
            "delimiter ','",
            "3 columns: image, cat, dog",
            "'maybe' in row 5 of the column 'cat'",
            "--unknown maybe",
        ],
        {"unknown": ["maybe"]},
        [[1, 0], [0, 1], [-1, 1], [-1, 1]],
    ),
    "counts instead of labels": (
        PLAIN + "d.jpg,2,1\n",
        ["'2' in row 5 of the column 'cat'", "--yes 2"],
        {"yes": ["2"]},
        [[1, 0], [0, 1], [-1, 1], [1, 1]],
    ),
    "same column name twice": (
        "image,cat,cat\na.jpg,1,0\nb.jpg,0,1\n",
        ["'cat' twice, in columns 2 and 3", "--ignore 'cat (column 3)'"],
        {"ignore": ["cat (column 3)"]},
        [[1], [0]],
    ),
    "two image columns": (
        "image,mask,cat\na.jpg,a.png,1\nb.jpg,b.png,0\n",
        ["2 such columns: 'image', 'mask'", "--image-column image"],
        {"image_column": "image"},
        [[1], [0]],
    ),
    "no image column": (
        "what,cat\n5,1\n5,0\n7,0\n",
        ["2 columns: what, cat", "--image-column"],
        {"image_column": "what"},
        [[1], [0], [0]],
    ),
    "short row": (
        "image,cat,dog\na.jpg,1,0\nb.jpg,0\nc.jpg,0,1\n",
        ["2 cells in row 3", "--fill-short-rows"],
        {"fill_short_rows": True},
        [[1, 0], [0, -1], [0, 1]],
    ),
    "no header": (
        "a.jpg,1,0\nb.jpg,0,1\n",
        ["names of columns in row 1", "--header-row 0"],
        {"header_row": 0},
        [[1, 0], [0, 1]],
    ),
    "title above the header": (
        "Labels of the summer\nimage,cat,dog\na.jpg,1,0\nb.jpg,0,1\n",
        ["'image, cat, dog'", "--header-row 2"],
        {"header_row": 2},
        [[1, 0], [0, 1]],
    ),
    "words of another language": (
        "image,cat,dog\na.jpg,ja,nein\nb.jpg,nein,ja\nc.jpg,,ja\n",
        ["'cat': text: ja (1), nein (1)", "--yes ja --no nein"],
        {"yes": ["ja"], "no": ["nein"]},
        [[1, 0], [0, 1], [-1, 1]],
    ),
    "another delimiter": (
        "image:cat:dog\na.jpg:1:0\nb.jpg:0:1\n",
        ["first line 'image:cat:dog'", "--delimiter"],
        {"delimiter": ":"},
        [[1, 0], [0, 1]],
    ),
    "two lists": (
        "image,tags,labels\na.jpg,cat;dog,cat;dog\nb.jpg,dog,dog\n",
        ["2 such columns: 'tags', 'labels'", "--list-column"],
        {"list_column": "tags", "not_listed": "negative"},
        [[1, 1], [0, 1]],
    ),
    "scores of rows": (
        "image,label,score\na.jpg,cat,0.9\na.jpg,dog,0.4\nb.jpg,cat,0.7\n",
        ["numbers between 0 and 1, such as 0.9", "--ignore score"],
        {"ignore": ["score"]},
        [[1, 1], [1, -1]],
    ),
    "contradictory rows": (
        "image,label,value\na.jpg,cat,1\na.jpg,dog,0\na.jpg,cat,0\nb.jpg,dog,1\n",
        ["'cat' of a.jpg in the rows 2 and 4", "--disagreement"],
        {"disagreement": "unknown"},
        [[-1, 0], [-1, 1]],
    ),
}


@pytest.mark.parametrize("case", CURED)
def test_the_remedy_works(case: str, tmp_path: Path) -> None:
    content, parts, options, expected = CURED[case]
    path = written(tmp_path, content)
    given = {"disagreement": "raise"} if case == "contradictory rows" else {}
    text = message(path, **given)
    assert [part for part in parts if part not in text] == [], text
    assert dense(path, **options) == expected


def sheet_whose_name_is_long() -> bytes:
    """Return an OpenDocument file in which the name of a part has some thousand bytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "x" * 5000)
    content = bytearray(stream.getvalue())
    place = content.index(b"META-INF") - 4
    content[place : place + 2] = (4000).to_bytes(2, "little")
    return bytes(content)


def archive_with_damaged_names() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("xl/Märchen.xml", "")
    return stream.getvalue().replace("ä".encode(), b"\xc3x")


#: Content, name and a part of the message.
REJECTED: dict[str, tuple[str | bytes, str, str]] = {
    "empty": (b"", "labels.csv", "an empty file"),
    "only spaces": (b" \n\n", "labels.csv", "an empty file"),
    "only a header": ("image,cat\n", "labels.csv", "only a header"),
    "probabilities": (
        "image,cat\na.jpg,0.93\nb.jpg,0.1\nc.jpg,0.5\n",
        "labels.csv",
        "probabilities are no labels",
    ),
    "long row": (PLAIN + "d.jpg,1,0,1\n", "labels.csv", "4 cells in row 5"),
    "cut in the last row": (PLAIN + "d.jp", "labels.csv", "Was the file cut off in its last row?"),
    "blank image": (PLAIN + ",1,0\n", "labels.csv", "a blank cell in row 5"),
    "open quote": ('image,cat\na.jpg,"1\n' + "b.jpg,0\n" * 200, "labels.csv", "Close the quotes"),
    "line break in a cell": ('image,cat\na.jpg,1\nb.jpg,"0\n1"\n', "labels.csv", "row 3 of the column 'cat'"),
    "binary": (bytes(range(256)) * 20, "labels.csv", "binary data"),
    "pickle": (pickle.dumps({"a": 1}), "labels.csv", "a pickle, which runs the code"),
    "begin of a pickle": (b"\x80", "labels.csv", "several columns"),
    "name of a pickle": (b"anything", "labels.pkl", "DataFrame.to_csv or to_parquet"),
    "cut UTF-16": (PLAIN.encode("utf-16")[:-1], "labels.csv", "UTF-16 LE, as its first bytes say"),
    "cut parquet": (b"PAR1" + b"x" * 100, "labels.parquet", "truncated"),
    "cut workbook": (b"PK\x03\x04" + b"x" * 100, "labels.xlsx", "damaged or truncated"),
    "sheet with a long name": (
        sheet_whose_name_is_long(),
        "labels.ods",
        "damaged or truncated",
    ),
    "archive with damaged names": (archive_with_damaged_names(), "labels.xlsx", "damaged or truncated"),
    "control characters": (
        "image,cat\na.jpg,1\nb.jpg,\x1b\x1b\nc.jpg,0\n",
        "labels.csv",
        r"--yes '\x1b\x1b'",
    ),
    "old workbook": (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        "labels.xls",
        "Save it as .xlsx or .csv",
    ),
    "password": (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
        "labels.xlsx",
        "password-protected",
    ),
    "HTML": (b"<html><table></table></html>", "labels.xls", "an HTML page"),
    "gzip": (b"\x1f\x8b\x08" + b"x" * 50, "labels.csv.gz", "gunzip"),
    "cut JSON": (b'[{"data": {"image": "a.jpg"', "export.json", "may be truncated"),
    "other JSON": (b'[{"a": 1}]', "export.json", "the keys 'a'"),
    "COCO": (b'{"images": [], "categories": [], "annotations": 3}', "export.json", "COCO"),
    "cut XML": (b"<annotations><image name='a.jpg'>", "export.xml", "damaged or truncated"),
    "other XML": (b"<annotation><filename>a.jpg</filename></annotation>", "export.xml", "<annotation>"),
    "video": (b"<annotations><track id='0' label='cat'/></annotations>", "export.xml", "tracks of a video"),
}


@pytest.mark.parametrize("case", REJECTED)
def test_rejected_files_end_in_one_sentence(case: str, tmp_path: Path) -> None:
    content, name, part = REJECTED[case]
    text = message(written(tmp_path, content, name))
    assert part in text


def test_missing_file_and_folder_without_dataset(tmp_path: Path) -> None:
    assert "an existing file" in message(tmp_path / "labels.csv")
    assert "state.json" in message(tmp_path)


def test_content_goes_before_the_ending_of_the_name(tmp_path: Path) -> None:
    import openpyxl

    assert dense(written(tmp_path, PLAIN, "labels.xlsx")) == [[1, 0], [0, 1], [-1, 1]]
    workbook = openpyxl.Workbook()
    for row in (["image", "cat"], ["a.jpg", 1], ["b.jpg", 0]):
        workbook.active.append(row)
    workbook.save(tmp_path / "book.xlsx")
    path = (tmp_path / "book.xlsx").rename(tmp_path / "book.csv")
    assert dense(path) == [[1], [0]]


def test_workbooks_that_need_an_option(tmp_path: Path) -> None:
    import openpyxl

    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.append(["image", "animals", None])
    sheet.append([None, "cat", "dog"])
    sheet.append(["a.jpg", 1, 0])
    sheet.append(["b.jpg", 0, None])
    workbook.create_sheet("old").append(["x"])
    path = tmp_path / "labels.xlsx"
    workbook.save(path)
    assert "'Sheet', 'old'" in message(path)
    assert "--header-row 2" in message(path, sheet="Sheet")
    assert dense(path, sheet="Sheet", header_row=2) == [[1, 0], [0, -1]]
    sheet.append(["c.jpg", "=1+1", 0])
    workbook.save(path)
    text = message(path, sheet="Sheet", header_row=2)
    assert "none for '=1+1' in row 5, column 2" in text


def test_unknown_columns_and_sheets_are_named(tmp_path: Path) -> None:
    path = written(tmp_path, PLAIN)
    assert "Did you mean 'cat'?" in message(path, ignore=["catt"])
    assert "no column 'elk'" in message(path, class_columns=["elk"])
    with pytest.raises(TypeError, match="no_such_option"):
        read_label_table(path, no_such_option=1)


@pytest.mark.parametrize(
    ("part", "offset", "byte", "expected"),
    [
        (b"PK\5\6", 17, 1, "must have complete XML. Got an error"),  # a wrong place of the list of files
        (b"PK\1\2", 10, 99, "must have complete XML. Got an error"),  # an unknown compression
        (b"PK\1\2", 8, 1, "must have no password. Got an archive with one instead. Unpack it first."),
    ],
)
def test_damaged_archive_with_annotations(
    tmp_path: Path, part: bytes, offset: int, byte: int, expected: str
) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("annotations.xml", "<annotations></annotations>")
    content = bytearray(path.read_bytes())
    content[content.index(part) + offset] = byte
    path.write_bytes(content)
    assert expected in message(path)


def test_archive_without_annotations(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.jpg", b"")
    assert "an archive with 1 files" in message(path)


def test_the_header_below_a_title_and_a_blank_row_is_named_with_its_row(tmp_path: Path) -> None:
    import openpyxl

    workbook = openpyxl.Workbook()
    for row in (["Survey of 2024"], [], ["No.", "file", "cat"], [1, "a.jpg", "yes"], [2, "b.jpg", "no"]):
        workbook.active.append(row)
    workbook.save(tmp_path / "labels.xlsx")
    assert "Say --header-row 3 if" in message(tmp_path / "labels.xlsx")
    assert dense(tmp_path / "labels.xlsx", header_row=3) == [[1], [0]]
    text = "Survey of 2024,,\nmade in May,,\n,,\nimage,cat,dog\na.jpg,1,0\nb.jpg,0,1\n"
    path = written(tmp_path, text)
    assert "Say --header-row 4 if row 4 names the columns." in message(path)
    assert dense(path, header_row=4) == [[1, 0], [0, 1]]


def test_a_row_of_totals_and_images_as_columns_are_named(tmp_path: Path) -> None:
    path = written(tmp_path, "image,cat\na.jpg,1\nb.jpg,1\nc.jpg,0\nTotal,2\n")
    assert "If row 5 is no image but has totals, delete it." in message(path)
    path = written(tmp_path, "class,a.jpg,b.jpg,c.jpg\ncat,1,0,1\ndog,0,1,1\n")
    assert "swap rows and columns" in message(path)


def test_a_cross_beside_check_marks_is_not_guessed(tmp_path: Path) -> None:
    path = written(tmp_path, "image,cat\na.jpg,✓\nb.jpg,x\nc.jpg,✓\n")
    assert "'x' in row 3 of the column 'cat'" in message(path)
    assert dense(path, no=["x"]) == [[1], [0], [1]]
    assert dense(path, yes=["x"]) == [[1], [1], [1]]


def test_the_example_takes_the_rarest_word_for_the_positive(tmp_path: Path) -> None:
    path = written(tmp_path, "image,cat,dog\na.jpg,zeker,geen\nb.jpg,geen,geen\nc.jpg,geen,zeker\n")
    assert "--yes zeker --no geen" in message(path)


def test_all_odd_words_of_a_column_are_named(tmp_path: Path) -> None:
    path = written(tmp_path, "image,cat\na.jpg,yes\nb.jpg,no\nc.jpg,yes!\nd.jpg,maybe\ne.jpg,no\n")
    assert "'yes!' in row 4 of the column 'cat' (also 'maybe'), beside" in message(path)


@pytest.mark.parametrize("name", [b"im\xefge", b"im\x1bge"])
def test_damaged_names_of_parquet_columns(tmp_path: Path, name: bytes) -> None:
    path = tmp_path / "labels.parquet"
    pandas.DataFrame({"image": ["a.jpg", "b.jpg"], "cat": [1, 0]}).to_parquet(path)
    path.write_bytes(path.read_bytes().replace(b"image", name))
    assert "labels.parquet" in message(path, image_column="image")
