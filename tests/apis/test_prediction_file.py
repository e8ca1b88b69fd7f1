"""Prediction file: resuming after a stop at any byte loses and repeats no record."""

from __future__ import annotations

import csv
import json
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmpretrain_imbalance.apis import ImagePrediction, PredictionFile

NAMES = [
    "a.jpg",
    'with "quotes".jpg',
    "with\nline break.jpg",
    "with\rcarriage return.jpg",
    "mit Umlaut ü.jpg",
    "comma, |.jpg",
    os.fsdecode(b"\xff.jpg"),
]
PREDICTIONS = [
    ImagePrediction(name, ["cat", 'the "dog"'][: index % 3], [0.9, 0.5][: index % 3], ["cat"], [0.9])
    if index != 4
    else ImagePrediction(name, fault='an "empty"\nfile')
    for index, name in enumerate(NAMES)
]
SETTINGS = {"checkpoint": "abc", "thresholds": [0.5, 0.25]}


def complete_file(path: Path) -> bytes:
    PredictionFile(path, SETTINGS).append(PREDICTIONS)
    return path.read_bytes()


def resume(path: Path) -> PredictionFile:
    """Append the missing predictions in order, one by one, as a resumed job does."""
    file = PredictionFile(path, SETTINGS)
    missing = set(file.remaining(NAMES))
    for prediction in PREDICTIONS:
        if prediction.image in missing:
            file.append([prediction])
    return file


@given(data=st.data(), ending=st.sampled_from([".jsonl", ".csv"]))
def test_resumed_file_equals_that_of_an_undisturbed_job(data: st.DataObject, ending: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"out{ending}"
        whole = complete_file(path)
        path.write_bytes(whole[: data.draw(st.integers(0, len(whole)))])

        file = resume(path)

        assert path.read_bytes() == whole
        assert file.faults == {NAMES[4]: 'an "empty"\nfile'}
        assert file.remaining(NAMES) == []


def test_complete_records_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    whole = complete_file(path).splitlines(keepends=True)
    marked = whole[0].replace(b"0.9", b"0.8")  # so that predicting again would show
    path.write_bytes(marked + whole[1] + whole[2][:-1])

    resume(path)

    assert path.read_bytes().splitlines(keepends=True) == [marked, *whole[1:]]


def test_json_lines_contain_the_predictions(tmp_path: Path) -> None:
    records = [json.loads(line) for line in complete_file(tmp_path / "out.jsonl").splitlines()]
    assert records == [prediction.to_dict() for prediction in PREDICTIONS]


def test_csv_contains_the_predictions(tmp_path: Path) -> None:
    complete_file(tmp_path / "out.csv")
    with open(tmp_path / "out.csv", encoding="utf-8", errors="surrogateescape", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["image"] for row in rows] == NAMES
    assert [row["labels"].split("|") if row["labels"] else [] for row in rows] == [
        p.labels for p in PREDICTIONS
    ]
    assert rows[2]["scores"] == "0.9|0.5"
    assert rows[4]["fault"] == 'an "empty"\nfile'


@pytest.mark.parametrize("ending", [".jsonl", ".csv"])
def test_forget_faults_removes_only_records_with_faults(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"out{ending}"
    complete_file(path)
    file = PredictionFile(path, SETTINGS)

    assert file.forget_faults() == 1
    assert file.remaining(NAMES) == [NAMES[4]]
    assert file.faults == {}
    file.append([ImagePrediction(NAMES[4], ["cat"], [0.9])])

    again = PredictionFile(path, SETTINGS)
    assert (again.remaining(NAMES), again.faults, again.forget_faults()) == ([], {}, 0)
    expected = PredictionFile(tmp_path / f"other{ending}", SETTINGS)
    expected.append([*PREDICTIONS[:4], *PREDICTIONS[5:], ImagePrediction(NAMES[4], ["cat"], [0.9])])
    assert path.read_bytes() == (tmp_path / f"other{ending}").read_bytes()


def test_csv_record_with_thousands_of_labels_can_be_read(tmp_path: Path) -> None:
    names = [f"class {index}" for index in range(20_000)]
    file = PredictionFile(tmp_path / "out.csv", SETTINGS)
    file.append([ImagePrediction("a.jpg", names, [0.5] * len(names)), ImagePrediction("b.jpg", fault="x")])
    limit = csv.field_size_limit()
    again = PredictionFile(tmp_path / "out.csv", SETTINGS)
    assert (again.remaining(["a.jpg", "b.jpg"]), again.forget_faults(), len(again)) == ([], 1, 1)
    assert csv.field_size_limit() == limit


def test_damaged_settings_raise(tmp_path: Path) -> None:
    complete_file(tmp_path / "out.jsonl")
    (tmp_path / "out.jsonl.settings.json").write_text("{")
    with pytest.raises(ValueError, match=r"out.jsonl.settings.json: expected settings as JSON"):
        PredictionFile(tmp_path / "out.jsonl", SETTINGS)


def test_different_settings_raise(tmp_path: Path) -> None:
    whole = complete_file(tmp_path / "out.jsonl")
    with pytest.raises(ValueError, match="Got different checkpoint instead"):
        PredictionFile(tmp_path / "out.jsonl", SETTINGS | {"checkpoint": "other"})
    assert (tmp_path / "out.jsonl").read_bytes() == whole


def test_file_without_settings_is_not_modified(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("my notes")
    with pytest.raises(ValueError, match="Got a file without settings"):
        PredictionFile(tmp_path / "mine.csv", SETTINGS)
    assert (tmp_path / "mine.csv").read_text() == "my notes"


def test_damaged_record_raises(tmp_path: Path) -> None:
    complete_file(tmp_path / "out.jsonl")
    with open(tmp_path / "out.jsonl", "a") as file:
        file.write("[1]\n")
    with pytest.raises(ValueError, match=r"out.jsonl, after 7 records: expected a prediction"):
        PredictionFile(tmp_path / "out.jsonl", SETTINGS)


def test_unsupported_suffixes_and_label_names_raise(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"must end in .jsonl or .csv. Got '.*out.txt'"):
        PredictionFile(tmp_path / "out.txt", SETTINGS)
    with pytest.raises(ValueError, match=r"Got 'cat\|dog' instead. Use a .jsonl file"):
        PredictionFile(tmp_path / "out.csv", SETTINGS, ["cat|dog"])
