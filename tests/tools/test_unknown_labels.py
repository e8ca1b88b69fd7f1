"""Commands of this package and of MMPretrain with a loss or metric that does not support unknown labels."""

from __future__ import annotations

import runpy
import sys
from contextlib import nullcontext
from pathlib import Path

import mmpretrain
import pytest
from mmengine.config import Config

from tests.configs.partial_table import follow_advice, table_config

MMPRETRAIN_TRAIN = Path(mmpretrain.__file__).parent / ".mim" / "tools" / "train.py"


def written(cfg: Config, path: Path) -> Path:
    cfg.dump(path)
    return path


def test_train_without_the_hook(error_message, run_in_process, tiny_config: Path, tmp_path: Path) -> None:
    loss = dict(type="FocalLoss", gamma=1.0)
    cfg = table_config(tiny_config, tmp_path / "run", loss)
    printed = error_message("train.py", written(cfg, tmp_path / "focal.py"))
    line, hint = printed.splitlines()[-2:]
    assert line.startswith(
        "train.py: error: The 'loss' argument of MultiLabelLinearClsHead must be a loss that"
    )
    assert "because the training set has 16 unknown labels (33.3% of all). Got FocalLoss instead" in line
    assert "--traceback" in hint
    run_in_process("train.py", written(follow_advice(cfg, line), tmp_path / "followed.py"))


def test_data_of_mmpretrain_train_as_before(run_in_process, tiny_config: Path, tmp_path: Path) -> None:
    run_in_process("train.py", tiny_config, "--work-dir", tmp_path, "--no-validate")


def test_test_with_a_metric_of_mmpretrain(error_message, tiny_config: Path, tmp_path: Path) -> None:
    cfg = table_config(tiny_config, tmp_path / "run", dict(type="PartialAsymmetricLoss"))
    folder = Path(cfg.test_dataloader.dataset.data_root)
    (folder / "no_star.csv").write_text("image,circle,square,star\n0.png,1,0,\n1.png,0,1,0\n")
    cfg.test_dataloader.dataset.ann_file = "no_star.csv"
    cfg.test_evaluator = [dict(type="AveragePrecision")]
    (tmp_path / "model.pth").write_bytes(b"")  # the check comes before the checkpoint is read
    printed = error_message("test.py", written(cfg, tmp_path / "star.py"), tmp_path / "model.pth")
    assert (
        "because 1 of 3 classes of the test_dataloader have unknown labels and no known positive" in printed
    )
    assert "such as class 'star'. Got AveragePrecision instead" in printed


def test_train_of_mmpretrain(tiny_config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """MMPretrain's own command, which has none of the hooks of this package."""
    for choice in ("raise", "allow"):
        work_dir = tmp_path / choice
        cfg = table_config(tiny_config, work_dir, unknown_labels=choice)
        cfg.default_hooks.checkpoint = dict(type="CheckpointHook", interval=1)
        config = str(written(cfg, tmp_path / f"{choice}.py"))
        monkeypatch.setattr(sys, "argv", ["train.py", config, "--no-validate", "--no-persistent-workers"])
        monkeypatch.setenv("LOCAL_RANK", "0")
        with (
            nullcontext()
            if choice == "allow"
            else pytest.raises(ValueError, match=r"because a training batch has some. Got CrossEntropyLoss")
        ):
            runpy.run_path(str(MMPRETRAIN_TRAIN), run_name="__main__")
        assert (work_dir / "epoch_2.pth").exists() == (choice == "allow")
