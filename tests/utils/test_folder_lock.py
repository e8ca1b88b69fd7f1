"""Only one process holds the lock of a folder, and it ends with its process."""

from __future__ import annotations

import errno
import os
import signal
import threading
import time

import pytest

from mmpretrain_imbalance.utils import folder_lock as module
from mmpretrain_imbalance.utils.folder_lock import folder_lock
from tests.processes import exit_code


def test_second_holder_gets_an_error_that_names_folder_and_process(tmp_path):
    folder = tmp_path / "new" / "run"
    with folder_lock(folder):
        start = time.monotonic()
        with pytest.raises(TimeoutError, match=rf"{folder}.*process {os.getpid()} on .*choose another"):
            with folder_lock(folder, timeout=0.15):
                pass
        assert time.monotonic() - start >= 0.15
    with folder_lock(folder):
        assert (folder / ".lock").read_text().startswith(str(os.getpid()))


def test_second_holder_waits(tmp_path):
    release = threading.Timer(0.2, lambda: first.__exit__(None, None, None))
    first = folder_lock(tmp_path)
    first.__enter__()
    release.start()
    with folder_lock(tmp_path, timeout=10):
        release.join()


def hold_and_die(folder):
    with folder_lock(folder):
        os.kill(os.getpid(), signal.SIGKILL)


def test_lock_ends_with_a_killed_process(tmp_path):
    assert exit_code(hold_and_die, tmp_path) == -signal.SIGKILL
    with folder_lock(tmp_path):
        pass


def test_a_forked_process_does_not_hold_the_lock(tmp_path):
    """Data loader processes live for some seconds after a training was killed."""
    started, start = os.pipe()
    with folder_lock(tmp_path):
        child = os.fork()
        if not child:
            os.write(start, b"x")
            time.sleep(60)
            os._exit(0)
        os.read(started, 1)
    try:
        with folder_lock(tmp_path):
            pass
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_error_inside_releases_the_lock(tmp_path):
    with pytest.raises(KeyError), folder_lock(tmp_path):
        raise KeyError
    with folder_lock(tmp_path):
        pass


def test_system_without_locks(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "fcntl", None)
    with folder_lock(tmp_path), folder_lock(tmp_path):
        pass


def test_file_system_without_locks(tmp_path, monkeypatch):
    def unsupported(*arguments):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(module.fcntl, "flock", unsupported)
    with folder_lock(tmp_path), folder_lock(tmp_path):
        pass
