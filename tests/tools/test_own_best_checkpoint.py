"""A run that is resumed in a copy of its work folder changes nothing in the original folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from tests.tools.run_tool import TOOLS, run_tool

HOOK = "default_hooks.checkpoint"


@pytest.mark.parametrize("metrics", ["multi-label/f1-score", "[multi-label/f1-score,multi-label/recall]"])
def test_the_best_checkpoint_of_the_original_folder_remains(
    tiny_config: Path, tmp_path: Path, metrics: str
) -> None:
    original, copy = tmp_path / "original", tmp_path / "copy"
    options = [
        "--cfg-options",
        f"{HOOK}.type=CheckpointHook",
        f"{HOOK}.save_best={metrics}",
        f"{HOOK}.rule=greater",
    ]
    run_tool(TOOLS / "train.py", tiny_config, "--work-dir", original, *options, "train_cfg.max_epochs=1")
    shutil.copytree(original, copy)
    before = {path.name: path.read_bytes() for path in original.glob("*.pth")}
    checkpoint = torch.load(copy / "epoch_1.pth", weights_only=False)
    for name in checkpoint["message_hub"]["runtime_info"]:
        if name.startswith("best_score"):
            checkpoint["message_hub"]["runtime_info"][name] = -1.0  # so that the next epoch is better
    torch.save(checkpoint, copy / "epoch_1.pth")
    run_tool(TOOLS / "train.py", tiny_config, "--work-dir", copy, "--resume", *options)
    assert {path.name: path.read_bytes() for path in original.glob("*.pth")} == before
    best = sorted(path.name for path in copy.glob("best_*.pth"))
    assert best
    assert all(name.endswith("_epoch_2.pth") for name in best)
