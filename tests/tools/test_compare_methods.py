"""`compare_methods.py`: parts of a job array, and a comparison that is killed twice and continued."""

from __future__ import annotations

import multiprocessing
import os
import runpy
import shlex
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mmpretrain_imbalance.apis import new_project
from tests.apis.project.drawn_photos import draw_photos, draw_table, draw_truth
from tests.processes import is_running, start_server
from tests.tools.run_tool import ROOT, TOOLS

PROTOCOL = ROOT / "configs" / "_base_" / "protocols" / "digits_all_known.py"


def test_commands_of_the_parts(run_in_process, capsys: pytest.CaptureFixture[str]) -> None:
    options = (PROTOCOL, "--methods", "hill_loss", "my method.py", "--seeds", "2")
    run_in_process("compare_methods.py", *options, "--print-commands", "3")
    lines = capsys.readouterr().out.splitlines()
    expected = ["python", str(TOOLS / "compare_methods.py"), *map(str, options)]
    assert [shlex.split(line) for line in lines] == [
        *([*expected, "--shard", f"{index}/3"] for index in (1, 2, 3)),
        [*expected, "--collect"],
    ]
    run_in_process("compare_methods.py", "--print-commands=3", *options)
    assert capsys.readouterr().out.splitlines() == lines


@pytest.mark.parametrize("shard", ["0/3", "4/3", "2", "1/0", "a/b", "-1/3", "1/2/3"])
def test_wrong_parts(error_message, shard: str) -> None:
    message = " ".join(error_message("compare_methods.py", PROTOCOL, f"--shard={shard}").split())
    assert f"The '--shard' argument must be I/N, with I from 1 to N, such as 2/8. Got {shard!r}" in message


@pytest.mark.parametrize("option", [("--print-commands", "0"), ("--collect", "--shard", "1/2")])
def test_options_that_contradict_each_other(error_message, option: tuple[str, ...], tmp_path: Path) -> None:
    message = " ".join(error_message("compare_methods.py", PROTOCOL, *option, "--work-dir", tmp_path).split())
    assert f"The '{option[0]}' argument must" in message


def test_wrong_input_ends_in_one_sentence(error_message, tmp_path: Path) -> None:
    options = ("--work-dir", tmp_path / "work")
    message = " ".join(error_message("compare_methods.py", tmp_path / "config.py", *options).split())
    assert "The 'config' argument must be an existing file" in message
    message = " ".join(error_message("compare_methods.py", PROTOCOL, *options, "--collect").split())
    assert "must have a finished run before its results can be written. Got none instead." in message


# ------------------------------------------------------------------ a comparison that is killed
@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder with a short path: MMEngine takes seconds to format a config with long strings."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@pytest.fixture
def comparison(tmp_path: Path) -> tuple[str | Path, ...]:
    """The arguments of a comparison on the table and the photographs of a user."""
    truth = draw_truth(36)
    draw_photos(tmp_path / "photos", truth, size=32)
    draw_table(truth).to_csv(tmp_path / "labels.csv", index=False)
    options = dict(model="timm/test_efficientnet", weights="none", image_size=32, batch_size=8, max_epochs=2)
    new_project(tmp_path / "labels.csv", tmp_path / "photos", tmp_path / "birds", **options)
    (tmp_path / "own.py").write_text("loss = dict(type='TwoWayLoss')\n")
    methods = ("--methods", "HillLoss", tmp_path / "own.py")
    return (
        *(tmp_path / "birds" / "config.py", *methods, "--settings", "rps:0.5"),
        *("--seeds", "2", "--jobs", "2", "--cfg-options"),
        *(f"{split}_dataloader.num_workers=0" for split in ("train", "val", "test")),
    )


def run_in_fork(arguments: tuple[str | Path, ...], output: Path) -> None:
    with open(output, "w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)
    # This process is a fork and not the parent of the server, but may use it.
    multiprocessing.forkserver._forkserver.ensure_running = lambda: None
    sys.path.insert(0, str(TOOLS))
    sys.argv = ["compare_methods.py", *map(str, arguments)]
    runpy.run_path(str(TOOLS / "compare_methods.py"), run_name="__main__")


def run_and_kill(arguments: tuple[str | Path, ...], work_dir: Path, num_finished: int) -> None:
    """Kill the command when some runs are finished and another one is between two epochs."""
    output = work_dir.parent / "output.txt"
    # A fork, because it needs no imports.
    command = multiprocessing.get_context("fork").Process(target=run_in_fork, args=(arguments, output))
    command.start()
    runs, deadline = work_dir / "runs", time.monotonic() + 120
    while not (len(list(runs.rglob("finished.json"))) >= num_finished and list(runs.rglob("epoch_1.pth"))):
        assert command.is_alive(), output.read_text()
        assert time.monotonic() < deadline, output.read_text()
        time.sleep(0.01)
    trainings = {
        int(text.split()[0])
        for path in runs.rglob(".lock")
        if not (path.parent / "finished.json").exists() and (text := path.read_text())
    }
    assert trainings
    command.kill()
    command.join()
    assert command.exitcode == -signal.SIGKILL
    while any(map(is_running, trainings)):
        assert time.monotonic() < deadline, "a training has survived the command"
        time.sleep(0.01)


def result_bytes(work_dir: Path) -> dict[str, bytes]:
    files = {path.name: path.read_bytes() for path in work_dir.iterdir() if path.is_file()}
    assert b"seconds" in files.pop("timing.csv")
    return files


@pytest.mark.slow
def test_a_killed_comparison_and_a_job_array_have_the_same_bytes(
    comparison: tuple[str | Path, ...],
    tmp_path: Path,
    run_in_process,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """The trainings of the array are never interrupted, so that it is the unbroken comparison as well."""

    def run(*arguments: str | Path) -> str:
        with pytest.raises(SystemExit) as ended:
            run_in_process("compare_methods.py", *arguments)
        assert ended.value.code == 0
        return capfd.readouterr().out

    start_server()
    killed = (*comparison, "--work-dir", tmp_path / "killed")
    run_and_kill(killed, tmp_path / "killed", 1)
    run_and_kill(killed, tmp_path / "killed", 2)
    finished = {path: path.stat().st_mtime_ns for path in (tmp_path / "killed").rglob("finished.json")}
    assert 2 <= len(finished) < 4
    printed = run(*killed)
    assert {path: path.stat().st_mtime_ns for path in finished} == finished  # they were not trained again
    for text in ("birds, rps_0.5", "HillLoss", "(yardstick)", "own", "over 2 seeds"):
        assert text in printed

    array = (*comparison, "--work-dir", tmp_path / "array")
    for index in (1, 2):
        assert f"Part {index} of 2 is finished." in run(*array, "--shard", f"{index}/2")
        assert not (tmp_path / "array" / "results.json").exists()
    run(*array, "--collect")
    files = result_bytes(tmp_path / "killed")
    assert {"results.csv", "results.json", "results.md", "results.tex", "comparison.png"} <= set(files)
    assert files == result_bytes(tmp_path / "array")
