"""Runs of every benchmark with small data. The measured times are not checked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.tools.run_tool import ROOT, run_tool

SMALLEST = {
    "active_classes": "--images 4 --channels 8 --classes 30 --repeats 1",
    "average_precision": "--dense 200 5 --sparse 100 20 --known 3 --repeat 1",
    "gpu_report": "--device cpu --parts losses training evaluation --images 4 --classes 30 --pixels 32 "
    "--repeats 1 --evaluated 100 3",
    "dense_labels": "--images 4 --classes 30 --known 2 --repeats 1",
    "label_store": "--parts store --images 2000 --classes 50 --labels 3",
    "losses": "--images 4 --classes 30 --known 0.5 --repeats 1 --dtype bfloat16 --labels int8 --sync-error",
    "step_operations": "--only BCE PartialLabelLinearClsHead PartialLabelDataPreprocessor --list",
    "training_step": "--images 2 --pixels 32 --classes 30 --repeats 1 --amp",
}


PATHS = sorted((ROOT / "tools" / "benchmarks").glob("*.py"))
#: Benchmarks that take about 10 seconds or more, also with the smallest data.
LONG = {"average_precision", "gpu_report", "label_store", "training_step"}


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, id=path.stem, marks=[pytest.mark.long] * (path.stem in LONG)) for path in PATHS],
)
def test_benchmark_runs_and_prints_a_table(path: Path, tmp_path: Path):
    printed = run_tool(path, *SMALLEST[path.stem].split(), cwd=tmp_path)
    assert "━" in printed or "─" in printed
    assert "Traceback" not in printed


def test_torch_s_own_loss_takes_8_operations():
    """tests/common/test_gpu_first.py checks the host reads and graph breaks of all losses."""
    printed = run_tool(ROOT / "tools" / "benchmarks" / "step_operations.py", "--only", "torch", "BCE")
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in printed.splitlines()]
    cells = {name: others for name, *others in rows if others}
    assert cells["torch's binary_cross_entropy_with_logits"][1] == "8 (2)"
    assert cells["BCE"][4:] == ["0", "0", "1", "0"]


@pytest.mark.long
def test_compiled_losses_are_compared_with_torch_s_own():
    size = "--images 4 --classes 30 --known 0.5 --repeats 1".split()
    name = "PartialAsymmetricLoss (BCE)"
    printed = run_tool(ROOT / "tools" / "benchmarks" / "losses.py", *size, "--compile", "--only", name)
    assert "entropy_with_logits, compiled" in printed
    assert name in printed


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_the_script_prints_a_message():
    script = ROOT / "tools" / "benchmarks" / "gpu.sh"
    done = subprocess.run([script, sys.executable], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (1, "There is no GPU, so nothing was tested or measured.\n")
