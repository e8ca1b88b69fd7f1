"""Runs of tools/refit_head.py: the printed table, what later tools do with the result, wrong commands."""

from __future__ import annotations

from pathlib import Path

import pytest
from mmengine.config import Config

from tests.apis.drawn_data import write_checkpoint, write_data


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    cfg = write_data(folder)
    cfg.test_evaluator = [dict(type="PartialLabelAveragePrecision"), dict(type="PartialLabelMetric")]
    cfg.test_cfg, cfg.work_dir = {}, str(folder / "work_dir")
    cfg.train_cfg = dict(by_epoch=True, max_epochs=1)
    cfg.optim_wrapper = dict(optimizer=dict(type="SGD", lr=0.1))
    cfg.val_cfg, cfg.val_evaluator = {}, cfg.test_evaluator
    Config(cfg.to_dict()).dump(folder / "config.py")
    write_checkpoint(cfg, folder / "model.pth")
    return folder


def test_refit_test_and_predict(folder: Path, run_in_process, capsys: pytest.CaptureFixture[str]) -> None:
    run_in_process("refit_head.py", folder / "config.py", folder / "model.pth", "--device", "cpu")
    printed = capsys.readouterr().out
    assert "Average precision over known validation labels, percent" in printed
    assert "category-wise, strength" in printed
    assert "Chosen: " in printed
    assert f"python tools/test.py {folder}/config.py {folder}/model_refit.pth" in printed
    files = {path.name for path in folder.glob("model*")}
    assert files == {"model.pth", "model_refit.pth", "model_refit.json", "model_features"}

    run_in_process("test.py", folder / "config.py", folder / "model_refit.pth")
    assert "Macro F1 with the thresholds in the checkpoint" in capsys.readouterr().out
    image = folder / "images" / "val0.png"
    out = folder / "predictions.csv"
    run_in_process("predict.py", folder / "config.py", folder / "model_refit.pth", image, "--out", out)
    assert "val0.png" in out.read_text()
    assert "checkpoint" in capsys.readouterr().out


def test_wrong_input_ends_in_one_sentence(folder: Path, error_message) -> None:
    (folder / "there.pth").touch()
    command = (folder / "config.py", folder / "model.pth", "--device", "cpu")
    message = error_message("refit_head.py", *command, "--out", folder / "there.pth")
    assert "exists. Delete the file, or choose another path with out (--out)." in message
    message = error_message("refit_head.py", folder / "config.py", folder / "absent.pth")
    assert "The 'checkpoint' argument must be an existing file." in message
