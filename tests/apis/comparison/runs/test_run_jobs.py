"""Jobs run in parallel, fail on their own, and end with the process that started them."""

from __future__ import annotations

import multiprocessing.forkserver
import os
import random
import signal
import sys
import time

import pytest

from mmpretrain_imbalance.apis.comparison.runs.run_jobs import Job, run_jobs
from tests.processes import is_running, start_server


@pytest.fixture(autouse=True)
def _server():
    """Use the server of the other tests, whose imports are then made once."""
    start_server()


def write_environment(folder, name, on_step):
    import torch

    on_step(1)
    names = ("CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS")
    values = [os.environ.get(name) for name in names] + [torch.get_num_threads(), os.getpid()]
    (folder / name).write_text(repr(values))


def fail(message, on_step):
    print("printed before the error")
    raise RuntimeError(message)


def end_by_signal(on_step):
    os.kill(os.getpid(), signal.SIGKILL)


def exit_at_once(on_step):
    os._exit(7)


def wait_for(path, on_step):
    while not path.exists():
        time.sleep(0.01)


def sleep(path, on_step):
    path.write_text(str(os.getpid()))
    time.sleep(300)


def once(*jobs):
    """Return a function that returns the jobs in its first call."""
    waiting = list(jobs)

    def ready():
        found, waiting[:] = list(waiting), []
        return found

    return ready


def wait_until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_job_has_its_process_one_thread_and_no_gpu(tmp_path):
    assert run_jobs(once(Job("a", write_environment, (tmp_path, "a"), 1)), 1) == {}
    *values, pid = eval((tmp_path / "a").read_text())
    assert values == ["", "1", 1]
    assert pid != os.getpid()


def test_failed_jobs_do_not_end_the_others(tmp_path, capfd):
    log = tmp_path / "run" / "job.log"
    reported = []
    failed = run_jobs(
        once(
            Job("error", fail, ("first\nlast line",), 1, log),
            Job("error without a log", fail, ("reason",), 1),
            Job("killed", end_by_signal, (), 1),
            Job("exit", exit_at_once, (), 1),
            Job("good", write_environment, (tmp_path, "good"), 1),
        ),
        num_jobs=2,
        on_failed=lambda name, message: reported.append((name, message)),
    )
    assert dict(reported) == failed
    assert list(failed.keys() ^ {"error", "error without a log", "killed", "exit"}) == []
    assert failed["error"].startswith("RuntimeError: first\nlast line")
    assert str(log) in failed["error"]
    assert log.read_text().startswith("printed before the error\nTraceback")
    assert failed["error without a log"].startswith("RuntimeError: reason\nTraceback")
    assert "SIGKILL" in failed["killed"]
    assert "exit code 7" in failed["exit"]
    assert (tmp_path / "good").exists()
    output = capfd.readouterr()
    assert "printed before" not in output.out + output.err
    assert output.out.count("failed: ") == 4
    assert "5 jobs have ended, 4 of them failed" in output.out


def test_order_and_number_of_simultaneous_jobs(tmp_path):
    """The jobs of a random graph start after those that they need, at most three at the same time."""
    generator = random.Random(0)
    needs = {index: generator.sample(range(index), min(index, 2)) for index in range(8)}
    started: list[int] = []

    def ready():
        new = [
            index
            for index in needs
            if index not in started and all((tmp_path / str(other)).exists() for other in needs[index])
        ]
        started.extend(new)
        return [Job(str(index), write_environment, (tmp_path, str(index)), 1) for index in new]

    assert run_jobs(ready, 3, total_steps=8) == {}
    assert sorted(started) == list(range(8))
    assert all((tmp_path / str(index)).exists() for index in needs)
    written = {index: (tmp_path / str(index)).stat().st_mtime_ns for index in needs}
    assert all(written[index] > written[other] for index in needs for other in needs[index])


def test_jobs_run_at_the_same_time(tmp_path):
    """The first job ends only if the second one runs meanwhile."""
    jobs = [Job("a", wait_for, (tmp_path / "b",), 1), Job("b", write_environment, (tmp_path, "b"), 1)]
    assert run_jobs(once(*jobs), 2) == {}


def test_error_of_the_caller_ends_the_jobs(tmp_path):
    calls = []

    def ready():
        calls.append(1)
        if len(calls) == 2:
            wait_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
            raise KeyboardInterrupt
        return [Job("long", sleep, (tmp_path / "pid",), 1), Job("b", write_environment, (tmp_path, "b"), 1)]

    with pytest.raises(KeyboardInterrupt):
        run_jobs(ready, 2)
    assert not is_running(int((tmp_path / "pid").read_text()))


def run_long_job(path):
    sys.stdout = open(os.devnull, "w")
    # This process is a fork and not the parent of the server, but may use it.
    multiprocessing.forkserver._forkserver.ensure_running = lambda: None
    run_jobs(once(Job("long", sleep, (path,), 1)), 1)


def test_jobs_end_with_a_killed_process(tmp_path):
    path = tmp_path / "pid"
    # A fork, because it needs no imports.
    parent = multiprocessing.get_context("fork").Process(target=run_long_job, args=(path,))
    parent.start()
    wait_until(lambda: path.exists() and path.read_text())
    assert is_running(int(path.read_text()))
    parent.kill()
    parent.join()
    wait_until(lambda: not is_running(int(path.read_text())))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(num_jobs=0), "'num_jobs' argument of run_jobs"),
        (dict(num_jobs=1, devices=["gpu"]), "'devices' argument of run_jobs"),
        (dict(num_jobs=1, devices=[]), "'devices' argument of run_jobs"),
    ],
)
def test_wrong_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        run_jobs(once(), **options)
