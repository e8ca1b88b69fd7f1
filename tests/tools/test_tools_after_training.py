"""Thresholds, report, class prior and ONNX file from the work folder of a training."""

from __future__ import annotations

import csv
import json
import os
import runpy
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from sklearn.metrics import f1_score

from mmpretrain_imbalance.apis import MultiLabelInferencer
from mmpretrain_imbalance.functional import best_thresholds
from mmpretrain_imbalance.metrics import SAME_DATA
from mmpretrain_imbalance.metrics.known_predictions import KnownPredictions
from mmpretrain_imbalance.utils.safe_checkpoints import load_weights_only
from tests.apis.predictable_model import SIZE, write_model
from tests.integration.small_runs import small_config, train
from tests.tools.run_tool import ROOT


@pytest.fixture(scope="module")
def work_dirs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Work folders of two trainings of one epoch."""
    folder = tmp_path_factory.mktemp("trained")
    for name in ("one", "two"):
        cfg = small_config(folder / name, 1, num_images=64)
        cfg.randomness = dict(seed=len(name) + ord(name[0]))
        train(cfg)
    return [folder / "one", folder / "two"]


def run(monkeypatch: pytest.MonkeyPatch, tool: str, *command: object) -> int:
    monkeypatch.syspath_prepend(ROOT / "tools")
    monkeypatch.setattr(sys, "argv", [tool, *map(str, command)])
    try:
        runpy.run_path(str(ROOT / "tools" / tool), run_name="__main__")
    except SystemExit as stop:
        return stop.code
    return 0


def config_of(work_dir: Path) -> Path:
    return next(work_dir.glob("*.py"))


def test_report_evaluates_runs_without_predictions(work_dirs, tmp_path: Path, monkeypatch, capsys) -> None:
    out = tmp_path / "report.html"
    arguments = ["analysis_tools/report.py", *work_dirs, "--out", out, "--resamples", 20]

    assert run(monkeypatch, *arguments) == 0
    assert "one: evaluating" in capsys.readouterr().out
    assert "data:image/webp;base64," in out.read_text()
    for kind in (
        "Masked labels",
        "Ignored unknown labels",
        "Labels set to positive by the model",
        "Labels set to negative by the model",
    ):
        assert f"<figcaption>{kind}, percent of" in out.read_text()
    assert "Training loss" in out.read_text()
    assert run(monkeypatch, *arguments, "--group-thresholds", 5, 30) == 0
    assert "evaluating" not in capsys.readouterr().out
    assert (
        "mAP of head (at least 30 training positives), middle, and tail classes (fewer than 5)"
        in out.read_text()
    )

    rows = list(csv.DictReader(out.with_suffix(".most_wrong.csv").open(newline="")))
    assert {row["run"] for row in rows} == {"one", "two"}
    found = KnownPredictions.load(work_dirs[0] / "predictions.npz")
    counts = json.loads((work_dirs[0] / "label_counts.json").read_text())
    assert found.training_positives.tolist() == counts["positives"]
    assert (found.num_images, len(found.labels)) == (40, 400)
    assert run(monkeypatch, *arguments, "--group-quantiles", 0.25, 0.5) == 0
    low, high = np.quantile(counts["positives"], [0.25, 0.5])
    assert (
        f"mAP of head (at least {high:g} training positives), middle, and tail classes (fewer than {low:g})"
        in out.read_text()
    )
    assert run(monkeypatch, *arguments, "--group-thresholds", 30, 5) == 2
    assert "must be two numbers in ascending order" in capsys.readouterr().err


def test_report_evaluates_a_newer_checkpoint(work_dirs, tmp_path: Path, monkeypatch, capsys) -> None:
    folder = shutil.copytree(work_dirs[0], tmp_path / "run")
    arguments = ["analysis_tools/report.py", folder, "--out", tmp_path / "a.html", "--no-images"]
    run(monkeypatch, *arguments)
    capsys.readouterr()
    assert run(monkeypatch, *arguments, "--examples", 0) == 0
    assert "evaluating" not in capsys.readouterr().out
    written = (folder / "predictions.npz").stat().st_mtime
    os.utime(folder / "epoch_1.pth", (written + 9, written + 9))
    assert run(monkeypatch, *arguments, "--examples", 0) == 0
    assert "run: evaluating" in capsys.readouterr().out
    assert "Most wrong" not in (tmp_path / "a.html").read_text()
    assert run(monkeypatch, *arguments, "--examples", -1) == 2
    assert "'--examples' argument must be at least 0. Got -1" in capsys.readouterr().err


def test_reports_are_written_beside_the_runs_and_replace_no_other_file(
    work_dirs, tmp_path: Path, monkeypatch, capsys
) -> None:
    runs = [shutil.copytree(work_dir, tmp_path / work_dir.name) for work_dir in work_dirs]
    tool, options = "analysis_tools/report.py", ["--no-images", "--resamples", 0]
    pages = [runs[0] / "report.html", tmp_path / "report" / "one-two.html"]
    for folders, page in zip((runs[:1], runs), pages):
        assert run(monkeypatch, tool, *folders, *options) == 0
        assert page.is_file()
        assert page.with_suffix(".most_wrong.csv").is_file()
        printed = capsys.readouterr().out
        assert str(page) in printed
        assert str(page.with_suffix(".most_wrong.csv")) in printed
    moved = tmp_path.rename(tmp_path.parent / "moved")
    assert run(monkeypatch, tool, moved / "one", moved / "two", *options) == 0  # its own report
    content = (moved / "one" / "report.html").read_text()
    assert run(monkeypatch, tool, moved / "two", "--out", moved / "one" / "report.html", *options) == 2
    assert "which is a report about other data" in capsys.readouterr().err
    assert (moved / "one" / "report.html").read_text() == content
    moved.rename(tmp_path)


def test_report_needs_test_data(work_dirs, tmp_path: Path, monkeypatch, capsys) -> None:
    cfg = Config.fromfile(config_of(work_dirs[0]))
    cfg.test_dataloader = cfg.test_cfg = cfg.test_evaluator = None
    cfg.dump(tmp_path / "config.py")
    shutil.copy(work_dirs[0] / "epoch_1.pth", tmp_path)
    assert run(monkeypatch, "analysis_tools/report.py", tmp_path) == 2
    assert "must have test_dataloader. Got a config without" in capsys.readouterr().err


SWAPPED = ["0", "1", "2", "4", "3", "5", "6", "7", "8", "9"]


@pytest.mark.parametrize(
    ("tool", "loader"),
    [
        ("test.py", "test"),
        ("tune_thresholds.py", "val"),
        ("estimate_class_prior.py", "train"),
        ("analysis_tools/report.py", "test"),
    ],
)
def test_a_checkpoint_with_another_class_order_raises_an_error(
    work_dirs, tmp_path: Path, monkeypatch, capsys, tool: str, loader: str
) -> None:
    cfg = Config.fromfile(config_of(work_dirs[0]))
    dataset = cfg[f"{loader}_dataloader"].dataset
    dataset.get("dataset", dataset).metainfo = dict(classes=SWAPPED)
    cfg.dump(tmp_path / "config.py")
    checkpoint = shutil.copy(work_dirs[0] / "epoch_1.pth", tmp_path)
    command = [tmp_path] if "report" in tool else [tmp_path / "config.py", checkpoint]
    folder = [] if tool.startswith(("analysis", "estimate")) else ["--work-dir", tmp_path]

    assert run(monkeypatch, tool, *command, *folder) == 2
    assert (
        f"classes of {loader}_dataloader must be those of the checkpoint, in the same order. "
        "Got '4' as class 3, where the checkpoint has '3' as class 3" in capsys.readouterr().err
    )


def test_class_names_are_printed_unchanged(tiny_config: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    """A checkpoint without class names is evaluated with those of the dataset."""
    names = ["[/oops]", "car [red]", ":dog:"]
    cfg = Config.fromfile(tiny_config)
    cfg.val_dataloader.dataset.metainfo = dict(classes=names)
    cfg.dump(tmp_path / "config.py")
    torch.save(dict(state_dict={}, meta={}), tmp_path / "nameless.pth")
    command = [tmp_path / "config.py", tmp_path / "nameless.pth", "--work-dir", tmp_path]
    assert run(monkeypatch, "tune_thresholds.py", *command) == 0
    printed = capsys.readouterr().out
    assert all(name in printed for name in names)


def test_prior_is_written_to_any_file_name_or_not_estimated(
    work_dirs, tmp_path: Path, monkeypatch, capsys
) -> None:
    arguments = ["estimate_class_prior.py", config_of(work_dirs[0]), work_dirs[0] / "epoch_1.pth", "--out"]
    assert run(monkeypatch, *arguments, tmp_path / "a [b]" / "prior.json") == 0
    assert "/a [b]/prior.json" in capsys.readouterr().out
    (tmp_path / "file").write_text("")
    for out in (tmp_path / "file" / "prior.json", tmp_path / "a [b]" / "prior.json" / "prior.json"):
        assert run(monkeypatch, *arguments, out) == 2
        assert "'--out' argument must be a file that can be written. Got" in capsys.readouterr().err


def test_report_of_a_folder_without_checkpoint_raises_an_error(tmp_path: Path, monkeypatch, capsys) -> None:
    assert run(monkeypatch, "analysis_tools/report.py", tmp_path) == 2
    assert "must name folders with a checkpoint such as epoch_20.pth. Got" in capsys.readouterr().err


def test_tuned_thresholds_equal_those_of_the_function(work_dirs, tmp_path: Path, monkeypatch, capsys) -> None:
    work_dir, out = work_dirs[0], tmp_path / "chosen.json"
    checkpoint = work_dir / "epoch_1.pth"
    arguments = [config_of(work_dir), checkpoint, "--work-dir", tmp_path, "--out", out, "--recall", 0.9]

    assert run(monkeypatch, "tune_thresholds.py", *arguments, "--shrinkage", 3) == 0
    printed = capsys.readouterr().out
    assert all(heading in printed for heading in ("F1 at 0.5", "precision", "recall", "threshold"))

    run(monkeypatch, "analysis_tools/report.py", work_dir, "--out", tmp_path / "a.html", "--predict")
    found = KnownPredictions.load(work_dir / "predictions.npz")  # validation and test data are equal here
    expected, _ = best_thresholds(found.scores, found.labels, found.classes, recall=0.9, shrinkage=3)
    np.testing.assert_allclose(json.loads(out.read_text())["thresholds"], expected, rtol=1e-6)


def test_test_py_evaluates_chosen_thresholds_beside_the_checkpoint(
    work_dirs, tmp_path: Path, monkeypatch, capsys
) -> None:
    checkpoint = shutil.copy(work_dirs[0] / "epoch_1.pth", tmp_path)
    arguments = [config_of(work_dirs[0]), checkpoint, "--work-dir", tmp_path]
    out = ["--out", tmp_path / "metrics.json", "--out-item", "metrics"]
    assert run(monkeypatch, "test.py", *arguments, *out) == 0
    assert "chosen-thresholds" not in (tmp_path / "metrics.json").read_text()
    plain = json.loads((tmp_path / "metrics.json").read_text())

    assert run(monkeypatch, "tune_thresholds.py", *arguments) == 0
    chosen = json.loads((tmp_path / "thresholds.json").read_text())
    assert chosen["iter"] == load_weights_only(checkpoint)["meta"]["iter"] > 0
    capsys.readouterr()
    options = ["--cfg-options", "log_level=WARNING", "experiment_name=chosen_thresholds"]
    assert run(monkeypatch, "test.py", *arguments, *out, *options) == 0
    printed = capsys.readouterr()
    found = json.loads((tmp_path / "metrics.json").read_text())
    assert plain.items() <= found.items()
    run(monkeypatch, "analysis_tools/report.py", work_dirs[0], "--out", tmp_path / "a.html", "--predict")
    known = KnownPredictions.load(work_dirs[0] / "predictions.npz")
    thresholds, _ = best_thresholds(known.scores, known.labels, known.classes)
    expected = [
        f1_score(
            known.labels[of_class], known.scores[of_class] >= np.float32(thresholds[index]), zero_division=0
        )
        for index in range(10)
        if known.labels[of_class := known.classes == index].any()
    ]
    np.testing.assert_allclose(found["chosen-thresholds/macro_f1"], 100 * np.mean(expected), rtol=1e-6)
    assert "Macro F1 with the thresholds of thresholds.json beside the checkpoint" in printed.out
    assert SAME_DATA in printed.out + printed.err  # validation and test data are equal here


def test_report_uses_the_thresholds_of_its_checkpoint_only(
    work_dirs, tmp_path: Path, monkeypatch, capsys
) -> None:
    """They are those that test.py and predict.py find."""
    work_dir = tmp_path / "run"
    shutil.copytree(work_dirs[0], work_dir)
    page, headings = work_dir / "report.html", "F1 at the chosen thresholds"
    arguments = ["analysis_tools/report.py", work_dir, "--no-images", "--resamples", 0, "--examples", 0]
    (path,) = work_dir.glob("epoch_1.pth")
    checkpoint = load_weights_only(path)
    thresholds = dict(classes=list("0123456789"), thresholds=[0.3] * 10)
    for of_file, in_checkpoint, expected in (
        (checkpoint["meta"]["iter"] + 1, None, False),  # of other weights
        (checkpoint["meta"]["iter"] + 1, thresholds, True),
        (checkpoint["meta"]["iter"], None, True),
    ):
        (work_dir / "thresholds.json").write_text(json.dumps(thresholds | dict(iter=of_file)))
        checkpoint["meta"].pop("thresholds", None)
        if in_checkpoint is not None:
            checkpoint["meta"]["thresholds"] = in_checkpoint
        torch.save(checkpoint, path)
        assert run(monkeypatch, *arguments) == 0
        assert (headings in page.read_text()) == expected


def test_precision_and_recall_exclude_each_other(work_dirs, monkeypatch) -> None:
    arguments = [config_of(work_dirs[0]), work_dirs[0] / "epoch_1.pth", "--recall", 0.9, "--precision", 0.9]
    assert run(monkeypatch, "tune_thresholds.py", *arguments) == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--precision", 2], "'precision' argument of best_thresholds must be in"),
        (["--out", "chosen.txt"], "must end in .json or .csv. Got 'chosen.txt'"),
        (["nowhere.pth"], "'checkpoint' argument must be an existing file. Got 'nowhere.pth'"),
    ],
)
def test_wrong_options_of_tuning_raise_errors_before_anything_is_built(
    work_dirs, monkeypatch, capsys, options, message: str
) -> None:
    checkpoint = [] if "nowhere.pth" in options else [work_dirs[0] / "epoch_1.pth"]
    assert run(monkeypatch, "tune_thresholds.py", config_of(work_dirs[0]), *checkpoint, *options) == 2
    found = capsys.readouterr()
    assert message in found.err
    assert found.out == ""


def test_default_size_is_the_image_size_of_the_test_pipeline(tmp_path: Path, monkeypatch) -> None:
    size_of = runpy.run_path(str(ROOT / "tools" / "export_onnx.py"))["pipeline_size"]
    config, checkpoint = write_model(tmp_path)
    assert size_of(MultiLabelInferencer(config, checkpoint, device="cpu")) == (SIZE, SIZE)
    cfg = Config.fromfile(config)
    cfg.test_dataloader.dataset.pipeline = [dict(type="PackInputs")]
    assert size_of(MultiLabelInferencer(cfg, checkpoint, device="cpu")) is None


def test_a_size_that_depends_on_the_image_must_be_given(work_dirs, monkeypatch, capsys) -> None:
    arguments = [config_of(work_dirs[0]), work_dirs[0] / "epoch_1.pth"]
    assert run(monkeypatch, "export_onnx.py", *arguments) == 2
    assert "'--size' argument must be given" in capsys.readouterr().err


@pytest.mark.slow
def test_exported_model_is_written(work_dirs, tmp_path: Path, monkeypatch, capsys) -> None:
    out = tmp_path / "model.onnx"
    arguments = [config_of(work_dirs[0]), work_dirs[0] / "epoch_1.pth", "--out", out, "--size", 32, 32]
    assert run(monkeypatch, "export_onnx.py", *arguments) == 0
    assert "agrees with PyTorch" in capsys.readouterr().out
    assert out.stat().st_size > 1000
