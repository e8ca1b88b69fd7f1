"""Command lines of train.py and test.py: error messages, and effect on the config."""

from __future__ import annotations

import argparse
import importlib
import json
import runpy
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from mmengine.config import Config

from mmpretrain_imbalance.utils.folder_lock import folder_lock
from tests.full_disk import file_size_limit
from tests.tools.run_tool import TOOLS


def test_missing_config(error_message) -> None:
    message = "The 'config' argument must be an existing file. Got 'nowhere.py' instead."
    assert message in error_message("train.py", "nowhere.py")
    assert message in error_message("test.py", "nowhere.py", "epoch_2.pth")


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("lr", "must be KEY=VALUE pairs. Got 'lr' instead."),
        ("train_cfg.val_begin=[(1,2]", "must have matching brackets in every value. Got"),
        (
            "custom_hooks=[{'type':'EMAHook'}]",
            "Got the dictionary \"custom_hooks=[{'type':'EMAHook'}]\" instead",
        ),
        ("model.head.loss=dict(type='CrossEntropyLoss')", "Set its keys one by one"),
        ("trian_dataloader.batch_size=2", "Did you mean 'train_dataloader'?"),
        ("zzz=2", "neither the config nor Runner has 'zzz'"),
        ("train_cfg.max_epochs.x=1", "settings that can be set. Got 'train_cfg.max_epochs.x' instead: "),
        ("train_dataloader.dataset.pipeline.7.type=A", "Index 7 exceeds the length"),
    ],
)
def test_wrong_setting(error_message, tiny_config: Path, option: str, message: str) -> None:
    assert message in error_message("train.py", tiny_config, "--cfg-options", option)


@pytest.mark.parametrize("launcher", ["pytorch", "slurm", "mpi"])
def test_launcher_that_did_not_start_this_process(error_message, tiny_config: Path, launcher: str) -> None:
    message = f"must be the program that started this process. Got '{launcher}' instead"
    assert message in error_message("train.py", tiny_config, "--launcher", launcher)


def test_folder_that_is_a_file(error_message, tiny_config: Path, tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("mine")
    folder = tmp_path / "notes" / "comparison"
    message = (
        f"The '--work-dir' argument must be a folder. Got '{folder}' instead, but {tmp_path / 'notes'} is"
    )
    assert message in error_message("compare_methods.py", tiny_config, "--work-dir", folder)
    message = f"The '--out' argument must be a folder. Got '{folder}' instead"
    assert message in error_message("extract_features.py", tiny_config, "--out", folder)


def test_folder_that_cannot_be_written(error_message, tiny_config: Path) -> None:
    folder = "/proc/nothing/run"
    message = f"The '--work-dir' argument must be a folder that can be written. Got '{folder}' instead: "
    assert message in error_message("train.py", tiny_config, "--work-dir", folder)


def test_work_folder_on_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(TOOLS))
    work_folder = importlib.import_module("_lib.work_folder")
    cfg = Config(dict(work_dir=str(tmp_path), launcher="none"))
    with file_size_limit(0), pytest.raises(SystemExit):  # no space for the file of the lock
        with work_folder.own_work_folder(argparse.ArgumentParser(), cfg):
            pass
    assert (
        "error: The disk must have space for the files of this command. Got 'File too"
        in capsys.readouterr().err
    )


def test_folder_of_another_training(error_message, tiny_config: Path, tmp_path: Path) -> None:
    with folder_lock(tmp_path):
        message = error_message("train.py", tiny_config, "--work-dir", tmp_path)
    assert f"The folder '{tmp_path}' must not be in use by another process. Got a folder that" in message
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]


def test_mixed_precision_without_a_gpu(
    error_message, tiny_config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mmengine.device.get_device", lambda: "cpu")
    for options in (["--amp"], ["--cfg-options", "optim_wrapper.type=AmpOptimWrapper"]):
        message = error_message("train.py", tiny_config, "--work-dir", tmp_path / "run", *options)
        assert "The '--amp' option, or optim_wrapper.type='AmpOptimWrapper' of the config, must be" in message
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("name", ["train_dataloader", "val_dataloader", "test_dataloader"])
def test_data_without_images(error_message, tiny_config: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "empty.json").write_text('{"metainfo": {"classes": ["a", "b", "c"]}, "data_list": []}')
    (tmp_path / "weights.pth").touch()
    tool = ["test.py", tiny_config, tmp_path / "weights.pth"] if "test" in name else ["train.py", tiny_config]
    empty = f"{name}.dataset.ann_file={tmp_path / 'empty.json'}"
    for options in ([empty], [empty, f"{name}.dataset.serialize_data=False"]):
        message = error_message(*tool, "--work-dir", tmp_path / "run", "--cfg-options", *options)
        assert f"The dataset of {name} must have at least one image. Got none instead." in message


def test_data_without_a_batch(error_message, tiny_config: Path, tmp_path: Path) -> None:
    options = ["train_dataloader.batch_size=17", "train_dataloader.drop_last=True"]
    message = error_message("train.py", tiny_config, "--work-dir", tmp_path, "--cfg-options", *options)
    assert "must have at least one batch. Got 16 images, a batch size of 17 and drop_last=True" in message


def test_comparison_that_cannot_start(error_message, tiny_config: Path, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text("model = dict(")
    message = f"must be a config that can be read. Got '{tmp_path / 'own.py'}', which raised: SyntaxError"
    assert message in error_message("compare_methods.py", tmp_path / "own.py")
    message = "The '--print-commands' argument must be at least 1. Got 0 instead."
    assert message in error_message("compare_methods.py", tiny_config, "--print-commands", "0")


def test_out_item_without_out(error_message, tiny_config: Path) -> None:
    assert "must come with '--out'" in error_message("test.py", tiny_config, "a.pth", "--out-item", "pred")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["a.json"], "must end in .pkl, .pickle for --out-item pred (the default). Got 'a.json' instead."),
        (["a.txt", "--out-item", "metrics"], "must end in .json, .yaml, .yml, .pkl, .pickle for --out-item"),
    ],
)
def test_out_with_a_wrong_extension(
    error_message, tiny_config: Path, options: list[str], message: str
) -> None:
    assert message in error_message("test.py", tiny_config, "a.pth", "--out", *options)


def test_nan_is_null_in_json(command_line: ModuleType, tmp_path: Path) -> None:
    metrics = {"mAP": 50.0, "tail": float("nan"), "classwise": np.array([1, np.inf]), "one": np.float32(2)}
    write = runpy.run_path(str(TOOLS / "test.py"))["write_metrics"]
    write(metrics, str(tmp_path / "metrics.json"))
    found = json.loads((tmp_path / "metrics.json").read_text(), parse_constant=pytest.fail)
    assert found == {"mAP": 50.0, "tail": None, "classwise": [1.0, None], "one": 2.0}


def test_resume_from_a_missing_checkpoint(error_message, tiny_config: Path) -> None:
    message = "The '--resume' argument must be an existing file. Got 'nowhere.pth' instead."
    assert message in error_message("train.py", tiny_config, "--resume", "nowhere.pth")


def test_a_config_without_test_data(error_message, tiny_config: Path, tmp_path: Path) -> None:
    cfg = Config.fromfile(tiny_config)
    cfg.test_dataloader = cfg.test_evaluator = cfg.test_cfg = None
    cfg.dump(tmp_path / "config.py")
    for options in ([], ["--tta"], ["--amp"]):
        assert "must be a config with test_dataloader. Got" in error_message(
            "test.py", tmp_path / "config.py", "a.pth", *options
        )


def test_flips_of_a_wrapped_test_set(command_line: ModuleType, tiny_config: Path, capsys) -> None:
    cfg = Config.fromfile(tiny_config)
    inner = cfg.test_dataloader.dataset
    cfg.test_dataloader.dataset = dict(type="SimulatePartialLabels", dataset=inner)
    flip = runpy.run_path(str(TOOLS / "test.py"))["use_test_time_augmentation"]
    flip(argparse.ArgumentParser(), cfg)
    assert cfg.test_dataloader.dataset.dataset.pipeline[-1].type == "TestTimeAug"
    cfg.test_dataloader.dataset = dict(type="ConcatDataset", datasets=[inner, inner])
    with pytest.raises(SystemExit):
        flip(argparse.ArgumentParser(), cfg)
    assert "The '--tta' option must come with a pipeline in" in capsys.readouterr().err


def test_pictures_without_the_hook(error_message, tiny_config: Path) -> None:
    assert "must come with default_hooks.visualization" in error_message(
        "test.py", tiny_config, "a.pth", "--show-dir", "pictures"
    )


@pytest.mark.parametrize("tool", ["train.py", "test.py"])
def test_all_options_of_mmpretrain_exist(tool: str) -> None:
    """A command line for MMPretrain's script works with ours, too."""
    import mmpretrain

    theirs = (Path(mmpretrain.__file__).parent / ".mim" / "tools" / tool).read_text(encoding="utf-8")
    ours = "".join((TOOLS / file).read_text(encoding="utf-8") for file in ("_lib/command_options.py", tool))
    options = {
        word for word in theirs.replace('"', "'").split("'") if word.startswith("--") and " " not in word
    }
    assert options
    assert {option for option in options if f'"{option}"' not in ours} == set()


def test_settings_are_merged_into_the_config(command_line: ModuleType) -> None:
    cfg = Config(dict(train_cfg=dict(max_epochs=2), custom_hooks=[dict(type="A"), dict(type="B")]))
    options = {"train_cfg.max_epochs": 5, "custom_hooks.1.type": "C", "find_unused_parameters": True}
    command_line.override(argparse.ArgumentParser(), cfg, options)
    assert (cfg.train_cfg.max_epochs, cfg.custom_hooks[1].type, cfg.find_unused_parameters) == (5, "C", True)


def test_a_variable_of_the_config_file_is_no_setting(command_line: ModuleType, capsys) -> None:
    """It was inserted into the settings when the file was read, so that a new value would have no effect."""
    cfg = Config(dict(max_epochs=2, train_cfg=dict(max_epochs=2)))
    with pytest.raises(SystemExit):
        command_line.override(argparse.ArgumentParser(), cfg, {"max_epochs": 5})
    message = " ".join(capsys.readouterr().err.split())
    assert (
        "Got 'max_epochs' instead, a variable of the config file. Set the settings that are made" in message
    )


@pytest.mark.parametrize(("num_workers", "expected"), [(0, False), (2, True)])
def test_workers_persist_if_there_are_any(command_line: ModuleType, num_workers: int, expected: bool) -> None:
    """MMPretrain's script sets persistent workers by default, for which torch needs workers."""
    cfg = Config(dict(train_dataloader=dict(num_workers=num_workers)))
    command_line.set_dataloader_defaults(cfg, "train_dataloader", pin_memory=True)
    assert cfg.train_dataloader.persistent_workers is expected


def test_options_override_the_config(command_line: ModuleType) -> None:
    cfg = Config(dict(train_dataloader=dict(num_workers=2, pin_memory=True, persistent_workers=True)))
    command_line.set_dataloader_defaults(cfg, "train_dataloader", pin_memory=False, persistent_workers=False)
    assert not cfg.train_dataloader.pin_memory
    assert not cfg.train_dataloader.persistent_workers
