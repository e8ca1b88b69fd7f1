"""Runs of tools/suspects.py: the printed summary, the table, and wrong commands."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from mmengine.config import Config

from mmpretrain_imbalance.datasets import PartialLabelDataset, apply_corrections
from tests.apis.predictable_model import CLASSES, write_images, write_model


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """Config, checkpoint, and annotation table of three images."""
    folder = tmp_path_factory.mktemp("model")
    config, checkpoint = write_model(folder)
    write_images(folder / "images")
    (folder / "train.csv").write_text(
        "image,circle,square,star\nalpha.png,1,0,\ncmyk.jpg,,1,0\ncolor.png,1,,1\n"
    )
    cfg = Config.fromfile(config)
    dataset = dict(
        cfg.test_dataloader.dataset, ann_file=str(folder / "train.csv"), data_prefix=str(folder / "images")
    )
    cfg.train_dataloader = cfg.test_dataloader = dict(batch_size=2, num_workers=0, dataset=dataset)
    cfg.dump(config)
    return config, checkpoint, folder / "train.csv"


def test_table_of_a_training_set(files, tmp_path: Path, run_in_process, capsys) -> None:
    config, checkpoint, annotations = files
    out = tmp_path / "suspects.csv"
    run_in_process("suspects.py", config, checkpoint, "--out", out, "--top", 4, "--device", "cpu")
    printed = capsys.readouterr().out
    assert "4 of 6 known labels look most wrong, and 3 of 3 unknown labels are most worth asking" in printed
    assert "(in-sample)" in printed
    with open(out, newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["kind"] for row in rows] == ["wrong?"] * 4 + ["ask"] * 3
    assert {(row["image"], row["class"]) for row in rows[4:]} == {
        ("alpha.png", "star"),
        ("cmyk.jpg", "circle"),
        ("color.png", "square"),
    }
    labels = PartialLabelDataset(str(annotations)).label_store
    first = rows[0]
    filled = "image,class,label,correct\n" + ",".join(
        [first["image"], first["class"], first["label"], "-1\n"]
    )
    (tmp_path / "filled.csv").write_text(filled)
    corrected = apply_corrections(labels, tmp_path / "filled.csv")
    names = [corrected.image_name(row) for row in range(3)]
    assert corrected.dense(names.index(first["image"]))[CLASSES.index(first["class"])] == -1


def test_cleanlab_and_held_out_images(files, tmp_path: Path, run_in_process, capsys) -> None:
    config, checkpoint, _ = files
    arguments = ["--out", tmp_path / "a.csv", "--split", "test", "--method", "cleanlab", "--device", "cpu"]
    run_in_process("suspects.py", config, checkpoint, *arguments)
    printed = capsys.readouterr().out
    assert "(held-out)" in printed
    assert "Confident learning (cleanlab) finds" in printed


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["{0}"], "'checkpoint' argument must be given, or else '--folds'"),
        (["{0}", "{1}", "--folds", "3"], "Got both instead"),
        (["{0}", "{1}", "--out", "a.xlsx"], r"'--out' argument must end in \.csv"),
        (["{0}", "{1}", "--out", "{2}"], "'--out' argument must be a file that does not exist"),
        (["nowhere.py", "{1}"], "'config' argument must be an existing file"),
        (["{0}", "nowhere.pth"], "'checkpoint' argument must be an existing file"),
        (["{0}", "{1}", "--split", "val"], "must have a val_dataloader"),
        (["{0}", "{1}", "--top", "0"], "'top' argument of suspect_labels must be an integer of at least 1"),
    ],
)
def test_wrong_commands(files, tmp_path, monkeypatch, error_message, options, message) -> None:
    monkeypatch.chdir(tmp_path)
    before = files[2].read_bytes()
    found = error_message("suspects.py", *(option.format(*files) for option in options))
    assert re.search(message, found)
    assert files[2].read_bytes() == before
    assert list(tmp_path.iterdir()) == []
