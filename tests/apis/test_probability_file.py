"""File of probabilities: exact values, and resuming after a stop at any byte."""

from __future__ import annotations

import csv
import os
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmpretrain_imbalance.apis import ImagePrediction, ProbabilityFile

CLASSES = ["fault", "image", 'a, "quoted" class']  # names of other columns, and of cells that need quotes
NAMES = ["a.jpg", "with\nline break.jpg", 'b, "c".jpg', os.fsdecode(b"\xff.jpg")]
SCORES = np.random.default_rng(0).random((4, 3)).astype(np.float32) ** 8  # down to 1e-8
PREDICTIONS = [
    ImagePrediction(name, fault="an empty file") if index == 2 else ImagePrediction(name, class_scores=scores)
    for index, (name, scores) in enumerate(zip(NAMES, SCORES))
]
SETTINGS = {"checkpoint": "abc"}


def test_probabilities_are_exact(tmp_path: Path) -> None:
    file = ProbabilityFile(tmp_path / "out.csv", SETTINGS, CLASSES)
    file.append(PREDICTIONS)
    with open(tmp_path / "out.csv", newline="", encoding="utf-8", errors="surrogateescape") as text:
        header, *rows = csv.reader(text)
    assert header == ["image", "fault", *CLASSES]
    assert [row[:2] for row in rows] == [[p.image, p.fault or ""] for p in PREDICTIONS]
    valid = [0, 1, 3]
    np.testing.assert_array_equal(np.float32([rows[index][2:] for index in valid]), SCORES[valid])
    assert rows[2][2:] == ["", "", ""]

    read = list(file.rows())
    assert [row.image for row in read] == NAMES
    np.testing.assert_array_equal(np.stack([read[index].values for index in valid]), SCORES[valid])
    assert np.isnan(read[2].values).all()


@given(data=st.data())
def test_resumed_file_equals_that_of_an_undisturbed_job(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "out.csv"
        ProbabilityFile(path, SETTINGS, CLASSES).append(PREDICTIONS)
        whole = path.read_bytes()
        path.write_bytes(whole[: data.draw(st.integers(0, len(whole)))])

        file = ProbabilityFile(path, SETTINGS, CLASSES)
        missing = set(file.remaining(NAMES))
        file.append([prediction for prediction in PREDICTIONS if prediction.image in missing])

        assert path.read_bytes() == whole
        assert file.faults == {NAMES[2]: "an empty file"}


def test_faults_are_forgotten(tmp_path: Path) -> None:
    file = ProbabilityFile(tmp_path / "out.csv", SETTINGS, CLASSES)
    file.append(PREDICTIONS)
    assert file.forget_faults() == 1
    assert ProbabilityFile(tmp_path / "out.csv", SETTINGS, CLASSES).remaining(NAMES) == [NAMES[2]]
    assert [row.image for row in file.rows()] == [NAMES[0], NAMES[1], NAMES[3]]


def test_thousands_of_classes(tmp_path: Path) -> None:
    names = [f"class {index}" for index in range(9605)]
    scores = np.random.default_rng(1).random((3, 9605)).astype(np.float32)
    file = ProbabilityFile(tmp_path / "out.csv", SETTINGS, names)
    file.append([ImagePrediction(f"{index}.jpg", class_scores=row) for index, row in enumerate(scores)])
    again = ProbabilityFile(tmp_path / "out.csv", SETTINGS, names)
    np.testing.assert_array_equal(np.stack([row.values for row in again.rows()]), scores)


def test_other_files_are_rejected(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"must end in \.csv"):
        ProbabilityFile(tmp_path / "out.jsonl", SETTINGS, CLASSES)
    path = tmp_path / "out.csv"
    ProbabilityFile(path, SETTINGS, CLASSES).append(PREDICTIONS[:1])
    with pytest.raises(ValueError, match="found another header"):
        ProbabilityFile(path, SETTINGS, ["fault", "image", "other"])
    path.write_text(path.read_text() + "b.jpg,,0.5\n")
    with pytest.raises(ValueError, match=r"after 1 records: .* found 3 cells instead of 5"):
        ProbabilityFile(path, SETTINGS, CLASSES)
