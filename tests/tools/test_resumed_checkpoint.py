"""Checkpoint from which a run is resumed after a kill."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import torch
from mmengine.config import Config

from tests.tools.run_tool import TOOLS


@pytest.fixture
def resumed(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(TOOLS))
    return importlib.import_module("_lib.resumed_checkpoint")


def save(path: Path, epoch: int, **others) -> Path:
    """Write a checkpoint that is older than those of later epochs."""
    content = dict(meta=dict(epoch=epoch, iter=9 * epoch), state_dict={}, message_hub={}, optimizer={})
    torch.save(content | others, path)
    os.utime(path, (epoch, epoch))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Work folder with three epochs, the best weights and the head of a refit."""
    for epoch in (1, 2, 3):
        save(tmp_path / f"epoch_{epoch}.pth", epoch)
    best = dict(meta=dict(epoch=2, iter=18), state_dict={"w": torch.zeros(999)}, message_hub={})
    torch.save(best, tmp_path / "best_mAP_epoch_2.pth")
    torch.save({"fc.weight": torch.zeros(3)}, tmp_path / "head_before_refit.pth")
    (tmp_path / "last_checkpoint").write_text(str(tmp_path / "epoch_3.pth"))
    return tmp_path


def change_byte(path: Path, position: float) -> None:
    content = bytearray(path.read_bytes())
    content[int(position * len(content))] ^= 1
    path.write_bytes(content)


def test_last_checkpoint_names_it(resumed: ModuleType, folder: Path) -> None:
    (folder / "last_checkpoint").write_text(str(folder / "epoch_2.pth"))
    found = resumed.newest_checkpoint(folder)
    assert (found.path, found.warnings) == (str(folder / "epoch_2.pth"), [])


def test_a_copied_work_folder(resumed: ModuleType, folder: Path) -> None:
    (folder / "last_checkpoint").write_text("/gone/epoch_2.pth\n")
    found = resumed.newest_checkpoint(folder)
    assert (found.path, found.warnings) == (str(folder / "epoch_2.pth"), [])


def test_checkpoints_outside_of_the_work_folder(resumed: ModuleType, folder: Path, tmp_path: Path) -> None:
    work_dir = tmp_path / "work"
    work_dir.mkdir()
    (work_dir / "last_checkpoint").write_text(str(folder / "epoch_1.pth"))
    assert resumed.newest_checkpoint(work_dir).path == str(folder / "epoch_1.pth")


@pytest.mark.parametrize("name", ["", "/tmp/run/epo", "epoch_7.pth", "\udcff", ".", "a\0b", "x" * 300])
def test_last_checkpoint_is_damaged(resumed: ModuleType, folder: Path, name: str) -> None:
    (folder / "last_checkpoint").write_bytes(os.fsencode(name))
    found = resumed.newest_checkpoint(folder)
    assert found.path == str(folder / "epoch_3.pth")
    assert found.warnings[0].startswith(f"The file {folder / 'last_checkpoint'} must name an existing")
    assert found.warnings[1:] == [
        f"The run is resumed from {folder / 'epoch_3.pth'}, the newest checkpoint that can be read."
    ]


def test_the_named_checkpoint_is_damaged(resumed: ModuleType, folder: Path) -> None:
    content = (folder / "epoch_3.pth").read_bytes()
    for length in (0, 1, len(content) // 2, len(content) - 1):
        (folder / "epoch_3.pth").write_bytes(content[:length])
        found = resumed.newest_checkpoint(folder)
        assert found.path == str(folder / "epoch_2.pth"), length
        assert len(found.warnings) == 2
        assert "epoch_3.pth" in found.warnings[0]


def test_a_changed_byte_of_the_weights(resumed: ModuleType, folder: Path) -> None:
    """torch itself loads such a file."""
    weights = torch.zeros(100_000)
    path = save(folder / "epoch_3.pth", 3, state_dict={"w": weights})
    change_byte(path, 0.5)
    assert not torch.equal(torch.load(path)["state_dict"]["w"], weights)
    assert resumed.newest_checkpoint(folder).path == str(folder / "epoch_2.pth")


def test_a_checkpoint_without_optimizer_is_resumed_only_if_named(resumed: ModuleType, folder: Path) -> None:
    (folder / "last_checkpoint").write_text(str(folder / "best_mAP_epoch_2.pth"))
    assert resumed.newest_checkpoint(folder).path == str(folder / "best_mAP_epoch_2.pth")
    (folder / "last_checkpoint").write_text("")
    assert resumed.newest_checkpoint(folder).path == str(folder / "epoch_3.pth")


def test_no_checkpoint_can_be_read(resumed: ModuleType, folder: Path) -> None:
    for epoch in (1, 2, 3):
        (folder / f"epoch_{epoch}.pth").write_bytes(b"x")
    error = resumed.newest_checkpoint(folder)
    assert str(error).startswith(f"The work folder {folder} must contain a checkpoint that can be read")
    assert all(f"epoch_{epoch}.pth" in str(error) for epoch in (1, 2, 3))
    # Without the file, no checkpoint was ever finished: the run begins again, as after any early kill.
    (folder / "last_checkpoint").unlink()
    assert resumed.newest_checkpoint(folder).path is None


def runner_of(folder: Path, load_from: str | None) -> SimpleNamespace:
    loader = dict(batch_size=16)
    logged: list[str] = []
    return SimpleNamespace(
        _resume=True,
        _load_from=load_from,
        work_dir=str(folder),
        cfg=Config(dict(train_dataloader=dict(loader))),
        _train_dataloader=loader,
        logger=SimpleNamespace(warning=logged.append, info=lambda text: None),
        logged=logged,
    )


def test_a_run_without_checkpoints_starts_from_the_one_of_its_config(
    resumed: ModuleType, tmp_path: Path
) -> None:
    (tmp_path / "run").mkdir()
    named = str(save(tmp_path / "pretrained.pth", 1))
    for resume in (False, True):
        runner = runner_of(tmp_path / "run", None)
        resumed.prepare_resume(runner, named, resume)
        assert (runner._resume, runner._load_from) == (resume, named)
    own = str(save(tmp_path / "run" / "epoch_2.pth", 2))
    for resume in (False, True):
        runner = runner_of(tmp_path / "run", None)
        resumed.prepare_resume(runner, named, resume)
        assert (runner._resume, runner._load_from) == (True, own)
    runner = runner_of(tmp_path / "run", "https://example.org/a.pth")
    resumed.prepare_resume(runner)
    assert (runner._resume, runner._load_from) == (True, "https://example.org/a.pth")


def test_last_checkpoint_is_repaired(resumed: ModuleType, folder: Path, tmp_path: Path) -> None:
    """A finished run writes it no more, so it would be empty for good."""
    last, named = folder / "last_checkpoint", str(folder / "epoch_2.pth")
    last.write_text(named)
    resumed.prepare_resume(runner_of(folder, None))
    assert last.read_text() == named
    last.write_text("")
    resumed.prepare_resume(runner_of(folder, named))  # of another checkpoint, by its name
    assert last.read_text() == ""
    runner = runner_of(folder, None)
    resumed.prepare_resume(runner)
    assert last.read_text() == runner._load_from == str(folder / "epoch_3.pth")
    assert resumed.newest_checkpoint(folder).warnings == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            dict(state_dict={}),
            "must be one that a training saved, to resume from it. Got a file without 'meta'",
        ),
        ([], "Got a file without 'meta' instead"),
        (dict(meta={}, state_dict={}, message_hub={}), "a dict with integers as epoch and iter. Got dict"),
        (dict(meta=3, state_dict={}, message_hub={}), "Got int without them instead"),
    ],
)
def test_a_named_checkpoint_of_no_training(
    resumed: ModuleType, tmp_path: Path, content: object, message: str
) -> None:
    torch.save(content, tmp_path / "a.pth")
    with pytest.raises(ValueError, match=r"a\.pth") as raised:
        resumed.prepare_resume(runner_of(tmp_path, str(tmp_path / "a.pth")))
    assert message in str(raised.value)
    assert "Resume from another checkpoint" in str(raised.value)


@pytest.mark.parametrize(
    ("saved", "batch_size", "logged"),
    [
        (dict(processes=2, per_process=16), 32, "so that the total batch size remains 32."),
        (dict(processes=1, per_process=16), 16, ""),  # the same number of processes
        (dict(processes=2, per_process=8), 16, ""),  # another batch size was chosen for this run
        (None, 16, ""),  # a checkpoint of another version
        ("two", 16, ""),
        (dict(processes="2", per_process=16), 16, ""),
    ],
)
def test_total_batch_size(
    resumed: ModuleType, tmp_path: Path, saved: object, batch_size: int, logged: str
) -> None:
    path = save(tmp_path / "epoch_1.pth", 1, meta=dict(epoch=1, iter=9, batch_size=saved))
    runner = runner_of(tmp_path, str(path))
    resumed.prepare_resume(runner)
    assert runner._train_dataloader["batch_size"] == runner.cfg.train_dataloader.batch_size == batch_size
    assert [logged in text for text in runner.logged] == [True] * bool(logged)


def test_a_total_batch_size_that_cannot_be_kept(resumed: ModuleType) -> None:
    size, text = resumed.kept_batch_size({"batch_size": dict(processes=4, per_process=4)}, 3, 4)
    assert size == 4
    assert "must be 16, as in the run of the checkpoint. Got 3 processes with 4 images each instead" in text
