"""Runs of tools/extract_features.py: the printed summary, and wrong commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.apis.drawn_data import NUM_TRAIN, NUM_VAL, write_checkpoint, write_data


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    cfg = write_data(folder)
    cfg.dump(folder / "config.py")
    write_checkpoint(cfg, folder / "model.pth")
    return folder


def test_summary_and_config(folder: Path, run_in_process, capsys: pytest.CaptureFixture[str]) -> None:
    command = (folder / "config.py", folder / "model.pth", "--out", folder / "out", "--device", "cpu")
    run_in_process("extract_features.py", *command)
    printed = capsys.readouterr().out
    assert f"train: {NUM_TRAIN} images, 8 features each" in printed
    assert f"val: {NUM_VAL} images, 8 features each" in printed
    assert "test: the images of val, which are stored once" in printed
    assert f"python tools/train.py {folder}/out/config.py" in printed
    run_in_process("extract_features.py", *command)
    assert f"train: {NUM_TRAIN} images, {NUM_TRAIN} of them before, 8 features" in capsys.readouterr().out


def test_wrong_input_ends_in_one_sentence(folder: Path, error_message) -> None:
    out = ("--out", folder / "other", "--device", "cpu")
    message = error_message("extract_features.py", folder / "config.py", *out)
    assert "The 'checkpoint' argument of extract_features must be given, unless" in message
    message = error_message("extract_features.py", folder / "config.py", folder / "absent.pth", *out)
    assert "The 'checkpoint' argument must be an existing file." in message
    assert not (folder / "other").exists()
