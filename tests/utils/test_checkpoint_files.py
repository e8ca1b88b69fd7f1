"""Checkpoint files are written as a whole, and damaged ones are rejected."""

from __future__ import annotations

import errno
import os
import pickle
import random
import zipfile
from pathlib import Path

import pytest
import torch

from mmpretrain_imbalance.utils.checkpoint_files import read_complete_checkpoint, write_checkpoint
from tests.full_disk import file_size_limit

CONTENT = {"state_dict": {"w": torch.arange(5000.0)}, "meta": {"epoch": 1}}


def test_a_full_disk_keeps_the_earlier_file(tmp_path: Path) -> None:
    path = tmp_path / "epoch_1.pth"
    write_checkpoint(path, {"step": 3})
    for limit in (0, 1, 1000, 15_000):
        with file_size_limit(limit), pytest.raises(OSError, match="File too large"):
            write_checkpoint(path, CONTENT)
        assert os.listdir(tmp_path) == ["epoch_1.pth"]
        assert read_complete_checkpoint(path) == {"step": 3}


def test_other_errors_of_torch_stay(tmp_path: Path) -> None:
    with pytest.raises((AttributeError, pickle.PicklingError)):
        write_checkpoint(tmp_path / "a.pth", lambda: None)
    with pytest.raises(RuntimeError, match="no storage"):
        write_checkpoint(tmp_path / "a.pth", RaisesRuntimeError())
    assert not list(tmp_path.iterdir())


class RaisesRuntimeError:
    def __reduce__(self):
        raise RuntimeError("no storage")


@pytest.mark.parametrize("new_format", [True, False])
def test_damaged_files(tmp_path: Path, new_format: bool) -> None:
    path = tmp_path / "a.pth"
    torch.save(CONTENT, path, _use_new_zipfile_serialization=new_format)
    torch.testing.assert_close(read_complete_checkpoint(path), CONTENT)
    content = path.read_bytes()
    generator = random.Random(0)
    for length in [0, *generator.sample(range(len(content)), 20)]:
        path.write_bytes(content[:length])
        with pytest.raises(pickle.UnpicklingError, match=r"a\.pth"):
            read_complete_checkpoint(path)
    if not new_format:  # a file of torch before 1.6 has no checksums
        return
    for position in generator.sample(range(content.index(b"data/0"), len(content) - 2000), 100):
        path.write_bytes(content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :])
        try:
            found = read_complete_checkpoint(path)
        except pickle.UnpicklingError:
            continue
        torch.testing.assert_close(found, CONTENT, rtol=0, atol=0)  # a byte that has no meaning


def test_an_archive_whose_directory_begins_before_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    torch.save(CONTENT, path)
    content = bytearray(path.read_bytes())
    end = content.rindex(b"PK\6\6")
    content[end + 40 : end + 48] = (2 * len(content)).to_bytes(8, "little")  # size of the directory
    path.write_bytes(content)
    with pytest.raises(pickle.UnpicklingError, match=r"a\.pth' must have the content that was written"):
        read_complete_checkpoint(path)


def test_errors_of_the_disk_are_no_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(archive: zipfile.ZipFile) -> None:
        raise OSError(errno.EIO, "Input/output error")

    torch.save(CONTENT, tmp_path / "a.pth")
    monkeypatch.setattr(zipfile.ZipFile, "testzip", fail)
    with pytest.raises(OSError, match="Input/output error"):
        read_complete_checkpoint(tmp_path / "a.pth")


def test_a_damaged_archive_before_a_whole_one(tmp_path: Path) -> None:
    """zipfile reads the last archive of the file, and torch the first one."""
    path = tmp_path / "a.pth"
    torch.save(CONTENT, path)
    content = path.read_bytes()
    damaged = bytearray(content)
    damaged[content.index(CONTENT["state_dict"]["w"][1000:1100].numpy().tobytes())] ^= 64
    path.write_bytes(bytes(damaged) + content)
    assert not torch.equal(torch.load(path, weights_only=True)["state_dict"]["w"], CONTENT["state_dict"]["w"])
    with pytest.raises(pickle.UnpicklingError, match=r"must have the content that was written"):
        read_complete_checkpoint(path)
