"""Tables of answers: layout, round trip into the data set, Excel, and files that must not be replaced."""

from __future__ import annotations

import csv
import os
import sys
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from mmpretrain_imbalance.apis import (
    ImagePrediction,
    ProbabilityFile,
    check_answer_table,
    probability_path,
    write_answer_table,
)
from mmpretrain_imbalance.datasets import PartialLabelDataset

CLASSES = ["cat", "dog", "Käfer, klein"]
SCORES = np.float32([[0.9, 0.1, 0.3], [0.2, 0.6, 0.29999998], [0, 1, 0.5]])
THRESHOLDS = [0.5, 0.7, 0.3]
ANSWERS = [[1, 0, 1], [0, 0, 0], [0, 1, 1]]  # the third class of the first image is at its threshold


def probabilities(folder: Path, names: list[str]) -> ProbabilityFile:
    """Images with the scores above, and a last image with a fault."""
    file = ProbabilityFile(folder / "probabilities.csv", {}, CLASSES)
    file.append([ImagePrediction(name, class_scores=row) for name, row in zip(names, SCORES)])
    file.append([ImagePrediction("broken.jpg", fault="an empty file")])
    return file


def test_csv_is_read_as_labels(tmp_path: Path) -> None:
    out = tmp_path / "answers.csv"
    write_answer_table(probabilities(tmp_path, ["a.jpg", "b.jpg", "c, d.jpg"]), out, THRESHOLDS)
    assert out.read_bytes().startswith(b"\xef\xbb\xbf")  # Excel needs it for "Käfer"
    with open(out, newline="", encoding="utf-8-sig") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["image", *CLASSES]
    assert rows[1] == ["a.jpg", "1", "0", "1"]

    dataset = PartialLabelDataset(str(out))
    assert dataset.metainfo["classes"] == tuple(CLASSES)
    assert dataset.get_gt_labels().tolist() == [*ANSWERS, [-1, -1, -1]]
    assert dataset.image_path(2) == "c, d.jpg"


def test_workbook_has_answers_and_probabilities(tmp_path: Path) -> None:
    out = tmp_path / "answers.xlsx"
    names = ["=1+1.jpg", "bell\a.jpg", os.fsdecode(b"\xff.jpg")]
    write_answer_table(probabilities(tmp_path, names), out, THRESHOLDS)
    book = openpyxl.load_workbook(out)
    assert book.sheetnames == ["answers", "probabilities"]
    answers = list(book["answers"].values)
    assert answers[0] == ("image", *CLASSES)
    assert [list(row[1:]) for row in answers[1:]] == [*ANSWERS, [None] * 3]
    assert [row[0] for row in answers[1:]] == ["=1+1.jpg", "bell\ufffd.jpg", "\ufffd.jpg", "broken.jpg"]
    assert book["answers"]["A2"].data_type == "s"  # text, not a formula
    header, *scores = book["probabilities"].values
    assert header == ("image", "fault", *CLASSES)
    np.testing.assert_array_equal(np.float32([row[2:] for row in scores[:3]]), SCORES)
    assert scores[3] == ("broken.jpg", "an empty file", None, None, None)


@pytest.mark.parametrize("ending", [".csv", ".xlsx"])
def test_an_existing_file_is_kept(tmp_path: Path, ending: str) -> None:
    out = tmp_path / f"answers{ending}"
    out.write_text("mine")
    with pytest.raises(FileExistsError, match="must be a file that does not exist"):
        write_answer_table(probabilities(tmp_path, ["a", "b", "c"]), out, 0.5)
    assert out.read_text() == "mine"


@pytest.mark.parametrize("ending", [".csv", ".xlsx"])
def test_an_interrupted_table_does_not_exist(tmp_path: Path, monkeypatch, ending: str) -> None:
    file = probabilities(tmp_path, ["a", "b", "c"])
    before = sorted(tmp_path.iterdir())

    def interrupted(self):
        yield next(rows)
        raise KeyboardInterrupt

    rows = file.rows()
    monkeypatch.setattr(ProbabilityFile, "rows", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_answer_table(file, tmp_path / f"answers{ending}", 0.5)
    assert sorted(tmp_path.iterdir()) == before


def test_wrong_tables_are_rejected_before_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    check_answer_table("answers.csv", 2**21, 2**15)
    check_answer_table("answers.xlsx", 2**20 - 1, 2**14 - 2)
    for images, classes in ((2**20, 3), (3, 2**14 - 1)):
        with pytest.raises(ValueError, match="limits of Excel"):
            check_answer_table("answers.xlsx", images, classes)
    with pytest.raises(ValueError, match=r"must end in \.csv or \.xlsx\. Got 'answers\.ods'"):
        check_answer_table("answers.ods", 3, 3)
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(ImportError, match=r"openpyxl must be installed .*\[tables\]"):
        check_answer_table("answers.xlsx", 3, 3)


def test_path_of_the_probabilities() -> None:
    assert probability_path(Path("a/b.c.csv")) == Path("a/b.c_probabilities.csv")
