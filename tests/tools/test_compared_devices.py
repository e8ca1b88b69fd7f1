"""Number of simultaneous runs: that of the command line, or one per GPU or CPU core."""

import importlib.util
import os
from pathlib import Path

import pytest

PATH = Path(__file__).resolve().parents[2] / "tools" / "_lib" / "compared_devices.py"
SPEC = importlib.util.spec_from_file_location("compared_devices", PATH)
MODULE = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(MODULE)


@pytest.mark.parametrize(
    ("jobs", "devices", "expected"),
    [(3, ["cpu"], 3), (None, ["cuda:0", "cuda:1"], 2), (5, ["cuda:0"], 5), (None, ["cpu"], 2)],
)
def test_number_of_jobs(monkeypatch, jobs, devices, expected):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    assert MODULE.number_of_jobs(jobs, devices) == expected


def test_a_large_machine_does_not_start_a_run_per_core(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    assert MODULE.number_of_jobs(None, ["cpu"]) == 4
