"""Ordinary spellings of one label table: functions that write it, with the options that it needs."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

NUM_IMAGES, NUM_CLASSES = 128, 14
CLASSES = "cat dog bird horse sheep cow elephant bear zebra giraffe backpack umbrella handbag tie".split()


def draw_truth(seed: int = 0) -> np.ndarray:
    """Draw labels 1, 0 and -1 of all images; 40 % are unknown, and every class has both labels."""
    rng = np.random.default_rng(seed)
    truth = (rng.random((NUM_IMAGES, NUM_CLASSES)) < np.linspace(0.6, 0.1, NUM_CLASSES)).astype(int)
    truth[rng.random(truth.shape) < 0.4] = -1
    truth[0], truth[1] = 1, 0
    return truth


def image_names(folder: str = "") -> list[str]:
    return [f"{folder}img_{number:04d}.jpg" for number in range(NUM_IMAGES)]


@dataclass
class Spelling:
    """One spelling of the table.

    `options` are those without which it is not read as meant. `expected` are the labels that this spelling
    can express, `names` the image names as they are read, `classes` the order of the classes, and `rejected`
    a part of the error message that names the options.
    """

    path: Path
    options: dict[str, Any] = field(default_factory=dict)
    expected: np.ndarray = field(default_factory=draw_truth)
    names: list[str] = field(default_factory=image_names)
    classes: list[str] = field(default_factory=lambda: list(CLASSES))
    rejected: str | None = None


def cells(truth: np.ndarray, positive: Any = "1", negative: Any = "0", unknown: Any = "") -> list[list[Any]]:
    return [[{1: positive, 0: negative, -1: unknown}[label] for label in row] for row in truth.tolist()]


def write_csv(
    path: Path, header: list[str], rows: list[list[Any]], encoding: str = "utf-8", delimiter: str = ","
) -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(header)
        writer.writerows(rows)
    return path


def with_names(rows: list[list[Any]], names: list[str] | None = None) -> list[list[Any]]:
    return [[name, *row] for name, row in zip(names or image_names(), rows)]


def plain(folder: Path, truth: np.ndarray) -> Spelling:
    return Spelling(write_csv(folder / "labels.csv", ["image", *CLASSES], with_names(cells(truth))))


def semicolons_and_byte_order_mark(folder: Path, truth: np.ndarray) -> Spelling:
    rows = with_names(cells(truth))
    return Spelling(write_csv(folder / "labels.csv", ["image", *CLASSES], rows, "utf-8-sig", ";"))


def decimal_commas(folder: Path, truth: np.ndarray) -> Spelling:
    rows = with_names(cells(truth, "1,0", "0,0"))
    return Spelling(write_csv(folder / "labels.csv", ["image", *CLASSES], rows, delimiter=";"))


def tabs_in_utf_16(folder: Path, truth: np.ndarray) -> Spelling:
    """The "Unicode text" of Excel."""
    rows = with_names(cells(truth, "TRUE", "FALSE"))
    return Spelling(write_csv(folder / "labels.txt", ["image", *CLASSES], rows, "utf-16", "\t"))


def pipes_in_latin_1(folder: Path, truth: np.ndarray) -> Spelling:
    names = image_names("Fotos für Märchen/")
    rows = with_names(cells(truth), names)
    path = write_csv(folder / "labels.csv", ["image", *CLASSES], rows, "latin-1", "|")
    return Spelling(path, names=names)


def yes_and_no(folder: Path, truth: np.ndarray) -> Spelling:
    rows = with_names(cells(truth, "Yes", "no ", "?"))
    return Spelling(write_csv(folder / "labels.csv", ["file", *CLASSES], rows))


def words_of_another_language(folder: Path, truth: np.ndarray) -> Spelling:
    rows = with_names(cells(truth, "ja", "nein", "weiß nicht"))
    path = write_csv(folder / "labels.csv", ["Bild", *CLASSES], rows)
    options = {"yes": ["ja"], "no": ["nein"], "unknown": ["weiß nicht"]}
    return Spelling(path, options, rejected="--yes")


def some_unsure_cells(folder: Path, truth: np.ndarray) -> Spelling:
    rows = with_names(cells(truth))
    rows[5][3] = "maybe"
    expected = truth.copy()
    expected[5, 2] = -1
    path = write_csv(folder / "labels.csv", ["image", *CLASSES], rows)
    return Spelling(path, {"unknown": ["maybe"]}, expected, rejected="--unknown maybe")


def crosses(folder: Path, truth: np.ndarray) -> Spelling:
    """Only positives are marked."""
    rows = with_names(cells(truth, "x", "", ""))
    path = write_csv(folder / "labels.csv", ["image", *CLASSES], rows)
    return Spelling(path, {"blank": "negative"}, np.where(truth == 1, 1, 0))


def minus_one_is_negative(folder: Path, truth: np.ndarray) -> Spelling:
    rows = with_names(cells(truth, "1", "-1", "0"))
    path = write_csv(folder / "labels.csv", ["image", *CLASSES], rows)
    return Spelling(path, {"no": ["-1"], "unknown": ["0"]})


def saved_by_pandas(folder: Path, truth: np.ndarray) -> Spelling:
    """With an index column, and floats where cells are missing."""
    rows = [[str(number), *row] for number, row in enumerate(with_names(cells(truth, "1.0", "0.0", "")))]
    return Spelling(write_csv(folder / "labels.csv", ["", "image", *CLASSES], rows))


def other_columns(folder: Path, truth: np.ndarray) -> Spelling:
    """The image column is the last one, and dates, ages, remarks and probabilities stand before it."""
    rng = np.random.default_rng(1)
    header = ["date", "age", *CLASSES, "remark", "score", "image"]
    rows = [
        [
            f"2024-03-{number % 28 + 1:02d}",
            str(20 + number % 50),
            *row,
            f"seen by {number}; all fine, thanks" if number % 3 else "",
            f"{rng.random():.3f}",
            name,
        ]
        for number, (row, name) in enumerate(zip(cells(truth), image_names()))
    ]
    return Spelling(write_csv(folder / "labels.csv", header, rows))


def names_without_ending(folder: Path, truth: np.ndarray) -> Spelling:
    names = [name[:-4] for name in image_names()]
    path = write_csv(folder / "labels.csv", ["image_id", *CLASSES], with_names(cells(truth), names))
    return Spelling(path, names=names)


def windows_paths(folder: Path, truth: np.ndarray) -> Spelling:
    rows = with_names(cells(truth), [f"C:\\photos\\{name}" for name in image_names()])
    path = write_csv(folder / "labels.csv", ["path", *CLASSES], rows)
    return Spelling(path, names=image_names("C:/photos/"))


def excel(folder: Path, truth: np.ndarray) -> Spelling:
    import openpyxl

    workbook = openpyxl.Workbook()
    workbook.active.append(["image", *CLASSES])
    for row in with_names(cells(truth, 1, 0, None)):
        workbook.active.append(row)
    workbook.save(folder / "labels.xlsx")
    return Spelling(folder / "labels.xlsx")


def excel_with_two_header_rows_and_sheets(folder: Path, truth: np.ndarray) -> Spelling:
    import openpyxl

    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.title = "labels"
    sheet.append(["image", "animals", *[None] * 9, "things", *[None] * 3])
    sheet.append([None, *CLASSES])
    sheet.merge_cells("B1:K1")
    for row in with_names(cells(truth, True, False, None)):
        sheet.append(row)
    workbook.create_sheet("remarks").append(["made in 2024"])
    workbook.save(folder / "labels.xlsx")
    options = {"sheet": "labels", "header_row": 2}
    return Spelling(folder / "labels.xlsx", options, rejected="--sheet")


def open_document(folder: Path, truth: np.ndarray) -> Spelling:
    import pandas

    frame = pandas.DataFrame(cells(truth, "x", "no", None), columns=CLASSES)
    frame.insert(0, "image", image_names())
    frame.to_excel(folder / "labels.ods", index=False, engine="odf")
    return Spelling(folder / "labels.ods")


def parquet(folder: Path, truth: np.ndarray) -> Spelling:
    import pandas

    frame = pandas.DataFrame(np.where(truth == -1, np.nan, truth), columns=CLASSES)
    frame.insert(0, "filename", image_names())
    frame.to_parquet(folder / "labels.parquet")
    return Spelling(folder / "labels.parquet")


def lists(folder: Path, truth: np.ndarray) -> Spelling:
    rows = [[name, ";".join(positives(row))] for name, row in zip(image_names(), truth)]
    path = write_csv(folder / "labels.csv", ["image", "labels"], rows)
    expected = np.where(truth == 1, 1, 0)
    expected[(truth != 1).all(axis=1)] = -1  # a blank list: not checked
    order = np.argsort(CLASSES)
    return Spelling(path, {"not_listed": "negative"}, expected[:, order], classes=sorted(CLASSES))


def lists_of_python(folder: Path, truth: np.ndarray) -> Spelling:
    """Lists of positives and of negatives, as pandas writes them."""
    rows = [[name, str(positives(row)), str(negatives(row))] for name, row in zip(image_names(), truth)]
    path = write_csv(folder / "labels.csv", ["image", "labels", "absent"], rows)
    options = {"list_column": "labels", "negative_list_column": "absent"}
    order = np.argsort(CLASSES)
    return Spelling(path, options, truth[:, order], classes=sorted(CLASSES))


def long_table(folder: Path, truth: np.ndarray) -> Spelling:
    """One row per known label, in any order, with columns of any name."""
    rows = [
        [str(label), CLASSES[index], name]
        for name, row in zip(image_names(), truth.tolist())
        for index, label in enumerate(row)
        if label != -1
    ]
    order = np.random.default_rng(2).permutation(len(rows))
    path = write_csv(
        folder / "labels.tsv", ["answer", "tag", "photo"], [rows[i] for i in order], delimiter="\t"
    )
    names = list(dict.fromkeys(rows[i][2] for i in order))
    expected = truth[[image_names().index(name) for name in names]][:, np.argsort(CLASSES)]
    return Spelling(path, {}, expected, names, sorted(CLASSES))


def label_studio(folder: Path, truth: np.ndarray) -> Spelling:
    """Every fourth image was not looked at; the others are fully labeled, some of them without a class."""
    looked_at = np.arange(NUM_IMAGES) % 4 != 3
    expected = np.where(looked_at[:, None], np.where(truth == 1, 1, 0), -1)
    expected[1] = 0
    tasks = []
    for number, (name, row) in enumerate(zip(image_names(), expected)):
        result = {
            "from_name": "choice",
            "to_name": "image",
            "type": "choices",
            "value": {"choices": positives(row)},
        }
        annotation = {"id": number, "was_cancelled": False, "result": [result] if (row == 1).any() else []}
        skipped = {"id": number, "was_cancelled": True, "result": []}
        annotations = [annotation] if looked_at[number] else [skipped] if number % 8 == 3 else []
        data = {"image": f"/data/upload/1/{number:08x}-{name}"}
        tasks.append({"id": number, "annotations": annotations, "data": data, "predictions": []})
    (folder / "project-1.json").write_text(json.dumps(tasks), encoding="utf-8")
    order = np.argsort(CLASSES)
    return Spelling(folder / "project-1.json", {}, expected[:, order], classes=sorted(CLASSES))


def positives(row: np.ndarray) -> list[str]:
    return [CLASSES[index] for index in np.flatnonzero(row == 1)]


def negatives(row: np.ndarray) -> list[str]:
    return [CLASSES[index] for index in np.flatnonzero(row == 0)]


#: The 22 spellings.
SPELLINGS: dict[str, Callable[[Path, np.ndarray], Spelling]] = {
    function.__name__: function
    for function in (
        plain,
        semicolons_and_byte_order_mark,
        decimal_commas,
        tabs_in_utf_16,
        pipes_in_latin_1,
        yes_and_no,
        words_of_another_language,
        some_unsure_cells,
        crosses,
        minus_one_is_negative,
        saved_by_pandas,
        other_columns,
        names_without_ending,
        windows_paths,
        excel,
        excel_with_two_header_rows_and_sheets,
        open_document,
        parquet,
        lists,
        lists_of_python,
        long_table,
        label_studio,
    )
}
