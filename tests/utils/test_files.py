"""Files are written completely or not at all."""

from __future__ import annotations

import errno
import os
import stat

import pytest

from mmpretrain_imbalance.utils.files import atomic_write


@pytest.mark.parametrize(("mode", "content"), [("w", "käse\n"), ("wb", b"\x00\xff")])
def test_replaces_files_and_creates_folders(tmp_path, mode, content):
    path = tmp_path / "new" / "file"
    for _ in range(2):
        with atomic_write(path, mode) as file:
            file.write(content)
    assert path.read_bytes() == (content if mode == "wb" else content.encode())
    assert os.listdir(path.parent) == ["file"]


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt(), ValueError("x")]
)
def test_error_keeps_the_earlier_file(tmp_path, error):
    path = tmp_path / "file"
    path.write_text("earlier")

    def write_half():
        with atomic_write(path) as file:
            file.write("half")
            raise error

    with pytest.raises(type(error)):
        write_half()
    assert path.read_text() == "earlier"
    assert os.listdir(tmp_path) == ["file"]


def test_full_disk_during_the_last_write(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_text("earlier")

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=r"No space left"), atomic_write(path) as file:
        file.write("later")
    assert path.read_text() == "earlier"
    assert os.listdir(tmp_path) == ["file"]


def test_readers_see_the_old_file_until_the_new_one_is_complete(tmp_path):
    path = tmp_path / "file"
    path.write_text("earlier")
    with atomic_write(path) as file:
        file.write("later")
        file.flush()
        assert path.read_text() == "earlier"
    assert path.read_text() == "later"


def test_has_the_permissions_of_open(tmp_path):
    with open(tmp_path / "plain", "w"):
        pass
    with atomic_write(tmp_path / "atomic"):
        pass
    modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("plain", "atomic")}
    assert len(modes) == 1


@pytest.mark.parametrize("name", ["x" * 255, "ä" * 127])
def test_file_name_of_maximal_length(tmp_path, name):
    with atomic_write(tmp_path / name) as file:
        file.write("x")
    assert os.listdir(tmp_path) == [name]
