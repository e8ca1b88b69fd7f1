"""The newest checkpoint that can be loaded is found."""

from __future__ import annotations

import json

import pytest
import torch

from mmpretrain_imbalance.apis.comparison.runs.run_checkpoints import (
    checkpoints,
    keep_only,
    newest_complete_checkpoint,
    store_thresholds,
)
from mmpretrain_imbalance.utils.safe_checkpoints import load_weights_only


def save(path, epoch):
    torch.save({"meta": {"epoch": epoch, "iter": 10 * epoch}, "state_dict": {"weight": torch.ones(50)}}, path)
    return path


def damage(path, kind):
    content = path.read_bytes()
    path.write_bytes({"cut": content[: len(content) // 2], "empty": b"", "other": b"no checkpoint"}[kind])


def test_no_checkpoint(tmp_path):
    assert newest_complete_checkpoint(tmp_path / "missing") == (None, 0, [])


def test_order_is_that_of_the_numbers(tmp_path):
    for epoch in (2, 10, 9):
        save(tmp_path / f"epoch_{epoch}.pth", epoch)
    save(tmp_path / "best_epoch_11.pth", 11)
    save(tmp_path / "epoch_12.pth.part", 12)
    assert [path.name for path in checkpoints(tmp_path)] == ["epoch_10.pth", "epoch_9.pth", "epoch_2.pth"]
    assert newest_complete_checkpoint(tmp_path) == (tmp_path / "epoch_10.pth", 10, [])


@pytest.mark.parametrize("kind", ["cut", "empty", "other"])
def test_damaged_checkpoints_are_skipped_with_a_sentence(tmp_path, kind):
    for epoch in (1, 2, 3):
        save(tmp_path / f"epoch_{epoch}.pth", epoch)
    damage(tmp_path / "epoch_3.pth", kind)
    path, epoch, sentences = newest_complete_checkpoint(tmp_path)
    assert (path, epoch) == (tmp_path / "epoch_2.pth", 2)
    assert len(sentences) == 1
    assert "epoch_3.pth is not complete" in sentences[0]
    damage(tmp_path / "epoch_2.pth", kind)
    damage(tmp_path / "epoch_1.pth", kind)
    path, epoch, sentences = newest_complete_checkpoint(tmp_path)
    assert (path, epoch, len(sentences)) == (None, 0, 3)


def test_file_that_is_not_a_checkpoint_of_a_run(tmp_path):
    torch.save([1], tmp_path / "epoch_1.pth")
    assert newest_complete_checkpoint(tmp_path)[0] is None


def test_other_checkpoints_are_deleted(tmp_path):
    for epoch in (1, 2):
        save(tmp_path / f"epoch_{epoch}.pth", epoch)
    (tmp_path / "last_checkpoint").write_text("")
    keep_only(tmp_path / "epoch_2.pth")
    assert [path.name for path in checkpoints(tmp_path)] == ["epoch_2.pth"]
    assert (tmp_path / "last_checkpoint").read_text() == str(tmp_path / "epoch_2.pth")


def test_thresholds_are_stored_once(tmp_path):
    path, thresholds = save(tmp_path / "epoch_1.pth", 1), tmp_path / "thresholds.json"
    store_thresholds(path, thresholds)
    assert "thresholds" not in load_weights_only(path)["meta"]
    chosen = {"classes": ["a"], "thresholds": [0.25]}
    thresholds.write_text(json.dumps(chosen))
    store_thresholds(path, thresholds)
    assert load_weights_only(path)["meta"] == {"epoch": 1, "iter": 10, "thresholds": chosen}
    before = path.stat().st_mtime_ns
    store_thresholds(path, thresholds)
    assert path.stat().st_mtime_ns == before
