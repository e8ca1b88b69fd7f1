"""The next call removes what a killed process has left of a file or folder, and nothing else."""

from __future__ import annotations

import errno
import os
import signal
from pathlib import Path

import pytest

from mmpretrain_imbalance.datasets import LabelStore
from mmpretrain_imbalance.datasets.label_store.writer import LabelStoreWriter
from mmpretrain_imbalance.utils import unfinished as module
from mmpretrain_imbalance.utils.files import atomic_write
from mmpretrain_imbalance.utils.unfinished import unfinished
from tests.processes import exit_code


@pytest.fixture(autouse=True)
def new_process():
    """Forget the folders that this process has listed, as a new process."""
    module._earlier_parts.cache_clear()


def write_and_die(folder: Path) -> None:
    with atomic_write(folder / "counts.json") as file, LabelStoreWriter(folder / "labels", ["cat"]) as writer:
        file.write("half")
        writer.add("a.jpg", [0], [1])
        with unfinished(folder / "labels", is_folder=True) as part:  # as save_arrays
            (part / "values.npy").write_bytes(b"x")
            os.kill(os.getpid(), signal.SIGKILL)


def test_the_next_call_removes_what_a_killed_process_left(tmp_path: Path) -> None:
    others = [".counts.json.x.part", "counts.json.abcdefgh.part", ".counts.jsonabcdefgh.part"]
    others += [".other.json.abcdefgh.part", ".counts.json.abcdefgh.tmp"]
    for name in others:
        (tmp_path / name).write_text("of another program")
    assert exit_code(write_and_die, tmp_path) == -signal.SIGKILL
    left = {path.name for path in tmp_path.iterdir()} - {*others}
    assert len(left) == 3

    with atomic_write(tmp_path / "counts.json") as file:
        file.write("{}")
    with LabelStoreWriter(tmp_path / "labels", ["cat"]) as writer:
        writer.add("a.jpg", [0], [1])

    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*others, "counts.json", "labels"])
    assert (tmp_path / "counts.json").read_text() == "{}"
    assert len(LabelStore.open(tmp_path / "labels")) == 1


def test_what_another_process_writes_remains(tmp_path: Path) -> None:
    """A second opening of a file is independent of the first, as that of another process."""
    with unfinished(tmp_path / "a") as file, unfinished(tmp_path / "a", is_folder=True) as folder:
        file.write_text("half")
        module._earlier_parts.cache_clear()
        with atomic_write(tmp_path / "a") as other:
            other.write("whole")
        assert file.read_text() == "half"
        assert folder.is_dir()
    assert os.listdir(tmp_path) == ["a"]


def leave_parts(folder: Path, names: list[str]) -> None:
    for name in names:
        (folder / name).write_text("left")


def test_long_and_strange_names(tmp_path: Path) -> None:
    for target in ("x" * 200, "[a]*", "a\nb", "ä"):
        part = f".{target[:32]}.ab_12345.part"
        leave_parts(tmp_path, [part])
        module._earlier_parts.cache_clear()
        with atomic_write(tmp_path / target) as file:
            file.write("x")
        assert not (tmp_path / part).exists(), target


def test_a_folder_is_listed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of pictures are written to one folder."""
    listed = []
    monkeypatch.setattr(os, "scandir", lambda path, scan=os.scandir: listed.append(path) or scan(path))
    for index in range(3):
        with atomic_write(tmp_path / f"{index}.png") as file:
            file.write("x")
    assert listed == [str(tmp_path)]


@pytest.mark.parametrize("locks", ["no module", "not on this file system"])
def test_without_locks_nothing_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, locks: str
) -> None:
    def unsupported(*arguments: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    if locks == "no module":
        monkeypatch.setattr(module, "fcntl", None)
    else:
        monkeypatch.setattr(module.fcntl, "flock", unsupported)
    leave_parts(tmp_path, [".a.abcdefgh.part"])
    with atomic_write(tmp_path / "a") as file:
        file.write("x")
    assert sorted(os.listdir(tmp_path)) == [".a.abcdefgh.part", "a"]


@pytest.mark.parametrize("is_folder", [False, True])
def test_another_process_removes_it_before_it_is_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_folder: bool
) -> None:
    made = []

    def open_late(part: Path, opened=module._open) -> int:
        made.append(part)
        if len(made) == 1:
            module._remove(part)
        descriptor = opened(part)
        if len(made) == 2:
            module._remove(part)
        return descriptor

    monkeypatch.setattr(module, "_open", open_late)
    with unfinished(tmp_path / "a", is_folder) as part:
        assert part.exists()
        assert len(made) == 3
    assert os.listdir(tmp_path) == []
