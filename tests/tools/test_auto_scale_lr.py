"""tools/train.py --auto-scale-lr: the learning rate follows the number of images per step."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.tools.run_tool import ROOT

DIGITS = ROOT / "configs" / "partial_bce" / "digits-imbalanced_bce.py"
ONE_CYCLE = "{'type':'OneCycleLR','eta_max':0.1,'total_steps':2,'by_epoch':True,'convert_to_iter_based':True}"


def rates(work_dir: Path) -> list[float]:
    """The learning rates of all steps of the only run in a folder."""
    (log,) = work_dir.glob("*/vis_data/scalars.json")
    lines = map(json.loads, log.read_text().splitlines())
    return [line["lr"] for line in lines if "lr" in line]


@pytest.mark.parametrize("schedule", ["constant", "one cycle"])
def test_learning_rate_follows_the_batch(
    run_in_process, tiny_config: Path, tmp_path: Path, schedule: str
) -> None:
    path = tmp_path / "scaled.py"
    scheduler = f"param_scheduler = {ONE_CYCLE}\n" if schedule == "one cycle" else ""
    scaling = "auto_scale_lr = dict(base_batch_size=32)\n"  # the config has batches of 8
    path.write_text(f"_base_ = {str(tiny_config)!r}\n{scheduler}{scaling}")
    run_in_process("train.py", path, "--work-dir", tmp_path / "plain", "--no-validate")
    run_in_process("train.py", path, "--work-dir", tmp_path / "scaled", "--no-validate", "--auto-scale-lr")
    plain, scaled = rates(tmp_path / "plain"), rates(tmp_path / "scaled")
    assert len(plain) == 4
    assert scaled == pytest.approx([rate / 4 for rate in plain])


def test_a_config_that_names_no_batch_is_refused(refusal, tiny_config: Path, tmp_path: Path) -> None:
    message = refusal("train.py", tiny_config, "--work-dir", tmp_path, "--auto-scale-lr")
    assert "The '--auto-scale-lr' option needs auto_scale_lr.base_batch_size in the config" in message


@pytest.mark.parametrize(
    ("option", "place"),
    [("loss.gamma_neg=2", "model.head.loss.gamma_neg"), ("sampler.type=A", "train_dataloader.sampler.type")],
)
def test_a_name_that_only_configs_refer_to_is_refused(refusal, option: str, place: str) -> None:
    assert f"set '{place}'" in refusal("train.py", DIGITS, "--cfg-options", option)
