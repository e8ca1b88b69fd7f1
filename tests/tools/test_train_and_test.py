"""Runs of tools/train.py and tools/test.py: one process, two processes with torchrun, and resumed."""

from __future__ import annotations

import json
from pathlib import Path

import mmengine
import pytest
import torch

from mmpretrain_imbalance.utils.safe_checkpoints import load_weights_only
from tests.tools.run_tool import ROOT, run_tool

TRAIN = ROOT / "tools" / "train.py"
TEST = ROOT / "tools" / "test.py"


def weights(checkpoint: Path) -> dict[str, torch.Tensor]:
    return load_weights_only(checkpoint)["state_dict"]


@pytest.fixture(scope="module")
def trained(tiny_config: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Work folder of two epochs in one process."""
    work_dir = tmp_path_factory.mktemp("trained")
    run_tool(TRAIN, tiny_config, "--work-dir", work_dir)
    return work_dir


def test_resumed_run_equals_uninterrupted_run(trained: Path, tiny_config: Path, tmp_path: Path) -> None:
    run_tool(TRAIN, tiny_config, "--work-dir", tmp_path, "--cfg-options", "train_cfg.max_epochs=1")
    log = run_tool(TRAIN, tiny_config, "--work-dir", tmp_path, "--resume")

    assert "resumed epoch: 1" in log
    torch.testing.assert_close(
        weights(tmp_path / "epoch_2.pth"), weights(trained / "epoch_2.pth"), rtol=0, atol=0
    )


def test_resume_from_a_named_checkpoint(trained: Path, tiny_config: Path, tmp_path: Path) -> None:
    run_tool(TRAIN, tiny_config, "--work-dir", tmp_path, "--no-validate", "--resume", trained / "epoch_1.pth")

    assert not (tmp_path / "epoch_1.pth").exists()
    torch.testing.assert_close(
        weights(tmp_path / "epoch_2.pth"), weights(trained / "epoch_2.pth"), rtol=0, atol=0
    )


def test_two_resumed_gloo_processes_equal_one(trained: Path, tiny_config: Path, tmp_path: Path) -> None:
    """Two processes with half of the batch each take the same step as one process with the whole batch."""
    arguments = [TRAIN, tiny_config, "--work-dir", tmp_path, "--launcher", "pytorch"]
    options = ["--cfg-options", "train_dataloader.batch_size=4"]
    run_tool(*arguments, *options, "train_cfg.max_epochs=1", processes=2)
    log = run_tool(*arguments, "--resume", *options, processes=2)

    assert "resumed epoch: 1" in log
    torch.testing.assert_close(weights(tmp_path / "epoch_2.pth"), weights(trained / "epoch_2.pth"))


@pytest.mark.parametrize("processes", [1, 2])
def test_checkpoint_has_the_logged_metrics(
    trained: Path, tiny_config: Path, tmp_path: Path, processes: int
) -> None:
    launcher = ["--launcher", "pytorch"] if processes > 1 else []
    arguments = [TEST, tiny_config, trained / "epoch_2.pth", "--work-dir", tmp_path, *launcher]
    run_tool(*arguments, "--out", tmp_path / "metrics.json", "--out-item", "metrics", processes=processes)

    logged = [
        json.loads(line) for line in next(trained.glob("*/vis_data/scalars.json")).read_text().splitlines()
    ]
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert metrics
    assert metrics == pytest.approx({name: logged[-1][name] for name in metrics})


def test_predictions_are_written(trained: Path, tiny_config: Path, tmp_path: Path) -> None:
    out = tmp_path / "predictions.pkl"
    run_tool(TEST, tiny_config, trained / "epoch_2.pth", "--work-dir", tmp_path, "--out", out, "--tta")

    predictions = mmengine.load(out)
    assert len(predictions) == 16
    assert predictions[0]["pred_score"].shape == (3,)
