"""Environment, messages and end of the process of a job."""

from __future__ import annotations

import multiprocessing
import os
import sys
from multiprocessing.connection import wait

import pytest

from mmpretrain_imbalance.apis.comparison.runs import job_process
from mmpretrain_imbalance.apis.comparison.runs.job_process import Job, JobProcess
from tests.processes import start_server


def report(steps, on_step):
    for step in range(1, steps + 1):
        on_step(step)


@pytest.mark.parametrize(
    ("device", "visible", "expected"),
    [
        ("cpu", "0,1", ""),
        ("cuda", None, "0"),
        ("cuda:2", None, "2"),
        # Numbers count the devices that this process sees.
        ("cuda:1", "4,GPU-5", "GPU-5"),
    ],
)
def test_job_sees_one_device(monkeypatch, device, visible, expected):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert job_process._variables(device)["CUDA_VISIBLE_DEVICES"] == expected


def test_missing_device(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4")
    with pytest.raises(ValueError, match=r"'cuda:1'.* 1 visible"):
        job_process._variables("cuda:1")


def test_start_methods(monkeypatch):
    assert job_process._start_method("cuda:0") == "spawn"
    assert job_process._start_method("cpu") == "forkserver"
    monkeypatch.setattr(job_process.multiprocessing, "get_all_start_methods", lambda: ["spawn"])
    assert job_process._start_method("cpu") == "spawn"


def test_environment_of_the_caller_does_not_change(monkeypatch):
    start_server()
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    before = dict(os.environ)
    process = JobProcess(Job("job", report, (3,), 3), "cpu")
    while not process.update():
        wait(process.waitables())
    assert (process.finished_steps, process.error) == (3, None)
    assert dict(os.environ) == before
    process.stop()


def check_start_method(on_step):
    assert multiprocessing.get_start_method() == "fork"


@pytest.mark.skipif(sys.platform != "linux", reason="processes of data loaders are forks on Linux only")
def test_data_loaders_of_a_job_start_their_processes_as_forks():
    """A server of their own would import everything again, and would outlive a killed job."""
    start_server()
    process = JobProcess(Job("job", check_start_method, (), 1), "cpu")
    while not process.update():
        wait(process.waitables())
    assert process.error is None


def test_the_warning_of_mmcv_lite_is_hidden_and_filters_of_the_user_stay(monkeypatch):
    monkeypatch.setenv("PYTHONWARNINGS", "ignore::DeprecationWarning")
    filters = job_process._variables("cpu")["PYTHONWARNINGS"].split(",")
    assert filters == ["ignore::DeprecationWarning", job_process.QUIET_IMPORT]
    monkeypatch.delenv("PYTHONWARNINGS")
    assert job_process._variables("cpu")["PYTHONWARNINGS"] == job_process.QUIET_IMPORT


def test_package_of_the_caller_is_found_first():
    folder = job_process._variables("cpu")["PYTHONPATH"].split(os.pathsep)[0]
    assert os.path.samefile(
        os.path.join(folder, "mmpretrain_imbalance"), sys.modules["mmpretrain_imbalance"].__path__[0]
    )
