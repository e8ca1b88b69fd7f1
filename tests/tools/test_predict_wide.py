"""Runs of tools/predict.py --wide: tables of answers that are whole or absent."""

from __future__ import annotations

import csv
import signal
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from mmpretrain_imbalance.apis import MultiLabelInferencer
from mmpretrain_imbalance.apis.image_pipeline import ImagePipeline
from mmpretrain_imbalance.datasets import PartialLabelDataset
from tests.apis.predictable_model import CLASSES, write_images, write_model
from tests.tools.test_predict import predict

CHOSEN = [0.6, 0.98, 0.65]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    thresholds = dict(classes=CLASSES, thresholds=CHOSEN)
    return write_model(tmp_path_factory.mktemp("model"), thresholds=thresholds)


@pytest.fixture(autouse=True)
def _signal_handlers_are_not_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str | None]:
    return write_images(tmp_path_factory.mktemp("images"))


def test_answers_equal_the_predictions(files, images, tmp_path: Path, monkeypatch, capsys) -> None:
    folder, out = Path(next(iter(images))).parent, tmp_path / "answers.csv"
    arguments = [*files, folder, "--wide", "--out", out]
    assert predict(monkeypatch, *arguments) == 1  # some images are broken
    printed = capsys.readouterr().out
    assert "Predicted 6 of 10 images" in printed
    assert "'fault' in" in printed
    assert "answers_probabilities.csv" in printed

    dataset = PartialLabelDataset(str(out), data_prefix="/")
    labels = dict(zip(map(dataset.image_path, range(len(dataset))), dataset.get_gt_labels().tolist()))
    with open(tmp_path / "answers_probabilities.csv", newline="") as file:
        records = {record["image"]: record for record in csv.DictReader(file)}
    assert sorted(labels) == sorted(records) == sorted(images)
    for prediction in MultiLabelInferencer(*files, device="cpu")(sorted(images), progress=False):
        record, answers = records[prediction.image], labels[prediction.image]
        assert record["fault"] == (prediction.fault or "")
        if prediction.fault:
            assert answers == [-1, -1, -1]
        else:
            np.testing.assert_allclose(
                [float(record[name]) for name in CLASSES], prediction.class_scores, rtol=1e-5
            )
            assert {name for name, answer in zip(CLASSES, answers) if answer == 1} == set(prediction.labels)
    assert {answer for answers in labels.values() for answer in answers} == {1, 0, -1}

    whole = out.read_bytes()
    assert predict(monkeypatch, *arguments) == 1  # nothing is left to do
    assert out.read_bytes() == whole


def test_a_stopped_job_leaves_no_table_and_resumes(files, images, tmp_path: Path, monkeypatch) -> None:
    valid = [path for path, fault in images.items() if fault is None and "huge" not in path]
    prepare, seen = ImagePipeline.__call__, []

    def stop_at_the_third(self, image):
        seen.append(image)
        if len(seen) == 3:
            raise KeyboardInterrupt
        return prepare(self, image)

    monkeypatch.setattr(ImagePipeline, "__call__", stop_at_the_third)
    out = tmp_path / "answers.xlsx"
    arguments = [*files, *valid, "--wide", "--out", out, "--batch-size", 1]
    assert predict(monkeypatch, *arguments) == 3
    assert not out.exists()
    assert predict(monkeypatch, *arguments) == 0
    assert seen == [*valid[:3], *valid[2:]]
    assert [row[0] for row in openpyxl.load_workbook(out)["answers"].values] == ["image", *valid]


def test_an_existing_table_is_never_replaced(files, images, tmp_path: Path, monkeypatch, capsys) -> None:
    valid = [path for path, fault in images.items() if fault is None and "huge" not in path]
    out = tmp_path / "labels.csv"
    out.write_text("image,cat\n")  # a table of the user
    options = ["--wide", "--out", out]
    assert predict(monkeypatch, *files, *valid[:2], *options) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["labels.csv"]
    assert out.read_text() == "image,cat\n"
    out.unlink()
    assert predict(monkeypatch, *files, *valid[:2], *options) == 0
    whole = out.read_bytes()
    assert predict(monkeypatch, *files, *valid, *options) == 2  # two more images
    assert out.read_bytes() == whole
    assert "Rename or delete it" in capsys.readouterr().err
    out.rename(tmp_path / "first.csv")
    assert predict(monkeypatch, *files, *valid, *options) == 0
    assert out.read_bytes().startswith(whole)
    assert len(out.read_bytes().splitlines()) == 1 + len(valid)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--out", "a.jsonl"], "must end in .csv or .xlsx"),
        (["--out", "a.csv", "--topk", "2"], "'--topk' argument must be omitted"),
    ],
)
def test_options_that_do_not_fit(files, images, tmp_path, monkeypatch, capsys, options, message) -> None:
    monkeypatch.chdir(tmp_path)
    assert predict(monkeypatch, *files, next(iter(images)), "--wide", *options) == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
