"""Learning rates with tools/train.py --auto-scale-lr, which scales them by the batch size."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.tools.run_tool import ROOT, TOOLS, run_tool

DIGITS = ROOT / "configs" / "partial_bce" / "digits-imbalanced_bce.py"
ONE_CYCLE = "{'type':'OneCycleLR','eta_max':0.1,'total_steps':2,'by_epoch':True,'convert_to_iter_based':True}"


def rates(work_dir: Path) -> list[float]:
    """Return the learning rates of all steps of the only run in a folder."""
    (log,) = work_dir.glob("*/vis_data/scalars.json")
    lines = map(json.loads, log.read_text().splitlines())
    return [line["lr"] for line in lines if "lr" in line]


@pytest.mark.parametrize("schedule", ["constant", "one cycle"])
def test_learning_rate_is_scaled_by_the_batch_size(tiny_config: Path, tmp_path: Path, schedule: str) -> None:
    path = tmp_path / "scaled.py"
    scheduler = f"param_scheduler = {ONE_CYCLE}\n" if schedule == "one cycle" else ""
    scaling = "auto_scale_lr = dict(base_batch_size=32)\n"  # the config has batches of 8
    path.write_text(f"_base_ = {str(tiny_config)!r}\n{scheduler}{scaling}")
    train = [TOOLS / "train.py", path, "--no-validate", "--work-dir"]
    run_tool(*train, tmp_path / "plain")
    run_tool(*train, tmp_path / "scaled", "--auto-scale-lr")
    plain, scaled = rates(tmp_path / "plain"), rates(tmp_path / "scaled")
    assert len(plain) == 4
    assert scaled == pytest.approx([rate / 4 for rate in plain])


def test_a_config_without_base_batch_size_raises_an_error(
    error_message, tiny_config: Path, tmp_path: Path
) -> None:
    message = error_message("train.py", tiny_config, "--work-dir", tmp_path, "--auto-scale-lr")
    assert "option must come with auto_scale_lr.base_batch_size in the config" in message


@pytest.mark.parametrize(
    ("option", "setting"),
    [("loss.gamma_neg=2", "model.head.loss.gamma_neg"), ("sampler.type=A", "train_dataloader.sampler.type")],
)
def test_a_variable_of_the_config_cannot_be_set(error_message, option: str, setting: str) -> None:
    assert f"Set '{setting}'" in error_message("train.py", DIGITS, "--cfg-options", option)
