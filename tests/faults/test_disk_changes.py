"""A fault comes exactly at the n-th change of the disk, and a wrong writer is found."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mmpretrain_imbalance.utils.files import atomic_write
from tests.faults.disk_changes import DiskChanges, Fault
from tests.faults.forked import Forked, orphans, run_forked
from tests.processes import run_ranks

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux")

#: Names in the folder after each of the changes below.
STATES = [
    [],
    ["a"],
    ["a", "b"],
    ["a", "b", "b/c"],
    ["b", "b/c", "d"],
    ["b", "d"],
    ["d"],
    ["d", "e"],
    ["d", "e"],
    ["d", "e", "f"],
]


def change(folder: Path) -> None:
    """Change the disk nine times, in every way; nothing else counts."""
    open(folder / "a", "w").close()
    (folder.parent / "outside").write_text("x")
    (folder / "b").mkdir()
    os.close(os.open(folder / "b" / "c", os.O_CREAT | os.O_WRONLY))
    (folder / "a").read_text()
    (folder / "a").replace(folder / "d")
    shutil.rmtree(folder / "b")  # two changes, relative to an open folder
    (folder / "e").symlink_to("d")
    os.utime(folder / "d")
    os.link(folder / "d", folder / "f")


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def states_after_kills(folder: Path) -> list[tuple[int | None, list[str]]]:
    found = []
    for number in range(1, 11):
        own = folder / str(number) / "own"
        own.mkdir(parents=True)

        def killed(own: Path = own, number: int = number) -> None:
            DiskChanges(own, Fault("kill", number))
            os.chdir(own.parent)
            change(Path("own"))

        found.append((run_forked(killed).status, names(own)))
    return found


def test_kills_before_exactly_the_nth_change(tmp_path: Path) -> None:
    (found,) = run_ranks(states_after_kills, 1, tmp_path)
    assert found == [(-signal.SIGKILL, STATES[number]) for number in range(9)] + [(0, STATES[9])]


def cut_files(folder: Path) -> list[tuple[int | None, list[tuple[str, int]]]]:
    def write() -> None:
        for name in "abc":
            (folder / name).write_bytes(b"x" * 1000)

    def run(fault: Fault) -> tuple[int | None, list[tuple[str, int]]]:
        def process() -> None:
            DiskChanges(folder, fault)
            write()

        ended = run_forked(process)
        found = [(path.name, path.stat().st_size) for path in sorted(folder.iterdir())]
        for path in folder.iterdir():
            path.unlink()
        return ended.status, found

    faults = ["cut@2+300", "cut@2", "cut@1+1000", "full@2+300", "nofiles@2"]
    return [run(Fault.parse(fault)) for fault in faults]


def test_cut_files_and_full_disks(tmp_path: Path) -> None:
    (found,) = run_ranks(cut_files, 1, tmp_path)
    assert found == [
        (-signal.SIGXFSZ, [("a", 1000), ("b", 300)]),
        (-signal.SIGXFSZ, [("a", 1000), ("b", 0)]),
        (-signal.SIGKILL, [("a", 1000)]),
        (1, [("a", 1000), ("b", 300)]),
        (1, [("a", 1000)]),
    ]


def limited_process(folder: Path) -> tuple[int | None, int]:
    """Return the status of the process and the size of the file that its child has written."""

    def process() -> None:
        DiskChanges(folder, Fault.parse("cut@1+17"))
        file = open(folder / "a", "wb", buffering=0)
        multiprocessing.Lock()
        child = os.fork()
        if child == 0:
            (folder / "b").write_bytes(b"x" * 1000)
            os._exit(0)
        os.waitpid(child, 0)
        file.write(b"x" * 17)
        file.write(b"x")

    return run_forked(process).status, (folder / "b").stat().st_size


def test_files_in_memory_have_no_limit(tmp_path: Path) -> None:
    """A semaphore is a file of 32 bytes, and data loader processes pass batches through larger ones."""
    assert run_ranks(limited_process, 1, tmp_path) == [(-signal.SIGXFSZ, 1000)]


def left_processes() -> tuple[list[str], float]:
    sleep = [sys.executable, "-c", "import time; time.sleep(1000)"]
    parent = Forked(lambda: (subprocess.Popen(sleep), os.kill(os.getpid(), signal.SIGKILL)))
    assert parent.end().status == -signal.SIGKILL
    start = time.monotonic()
    return orphans(timeout=1), time.monotonic() - start


def test_a_process_that_is_left_behind_is_found_and_ended() -> None:
    ((left, seconds),) = run_ranks(left_processes, 1)
    assert len(left) == 1
    assert "time.sleep(1000)" in left[0]
    assert seconds >= 1


def late_and_failing() -> list[tuple[int | None, str]]:
    ended = [Forked(lambda: time.sleep(1000)).end(timeout=0.5), run_forked(lambda: 1 / 0)]
    return [(one.status, one.output) for one in ended]


def test_a_process_that_hangs_or_fails() -> None:
    ((late, failing),) = run_ranks(late_and_failing, 1)
    assert late == (None, "")
    assert failing[0] == 1
    assert "ZeroDivisionError" in failing[1]


def test_texts_of_faults() -> None:
    for text in ("kill@3", "cut@12+500", "full@1", "nofiles@7", "lose@2"):
        assert str(Fault.parse(text)) == text
    for text in ("kill@0", "kill", "kill@-1", "stop@3", "kill@3+"):
        with pytest.raises(ValueError, match="A fault must be KIND@CHANGE"):
            Fault.parse(text)


def changes_of_an_atomic_write(folder: Path) -> int:
    changes = DiskChanges(folder)
    with atomic_write(folder / "a.json") as file:
        file.write("{}")
    return changes.count


def test_changes_of_an_atomic_write(tmp_path: Path) -> None:
    """It makes the file, opens it for the lock and to write, chmod, rename, and tries to remove it."""
    assert run_ranks(changes_of_an_atomic_write, 1, tmp_path) == [6]
