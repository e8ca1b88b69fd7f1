"""The command of the fault campaign: the table in the page, the exit status and the repeated case."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.faults import kills
from tests.faults.rows import Row, table
from tests.tools.run_tool import run_tool

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "tests" / "faults" / "campaign.py"
PAGE = "Text.\n<!-- faults openmmlab -->\nold\n<!-- end -->\n<!-- faults onedl -->\nold\n<!-- end -->\nEnd.\n"


@pytest.fixture
def campaign() -> ModuleType:
    spec = importlib.util.spec_from_file_location("campaign", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_table() -> None:
    rows = [Row("train", 1200, 1, "equal bit for bit", ["command"]), Row("convert", 3, 0, "same bytes")]
    assert table("kills", rows).splitlines() == [
        "| scenario | kills | passed | failed | what must hold |",
        "|---|---|---|---|---|",
        "| train | 1,200 | 1,199 | 1 | equal bit for bit |",
        "| convert | 3 | 3 | 0 | same bytes |",
    ]


def test_only_the_table_of_the_stack_is_replaced(campaign: ModuleType) -> None:
    replaced = campaign.replaced(PAGE, "openmmlab", "| new \\1 |\n")
    assert replaced == PAGE.replace("old", "| new \\1 |", 1)
    with pytest.raises(ValueError, match="must have the marks '<!-- faults openmmlab -->'"):
        campaign.replaced("Text.", "openmmlab", "new")
    page = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    for stack in ("openmmlab", "onedl"):
        assert "new" in campaign.replaced(page, stack, "new")


@pytest.mark.parametrize("failures", [[], ["python tests/faults/campaign.py --case train kill@3\n  lost"]])
def test_exit_status_and_page(
    campaign: ModuleType, failures: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    called = []

    def faults(count: int, seed: int, folder: Path, report, jobs: int) -> list[Row]:
        called.append((count, seed, jobs, folder.is_dir()))
        report("train: 5 kills")
        return [Row("train", 5, len(failures), "equal", failures)]

    monkeypatch.setattr(kills, "campaign", faults)
    (tmp_path / "page.md").write_text(PAGE)
    words = f"--kills 5 --files 0 --seed 8 --jobs 2 --page {tmp_path}/page.md".split()
    assert campaign.main(campaign.parse_args(words)) == len(failures)
    assert called == [(5, 8, 2, True)]
    printed = capsys.readouterr().out
    assert printed.startswith("Seed: 8\n")
    assert "train: 5 kills" in printed
    assert all(f"FAILED: {failure}" in printed for failure in failures)
    page = (tmp_path / "page.md").read_text()
    assert f"`python tests/faults/campaign.py --kills 5 --files 0 --seed 8`: {campaign.versions()}" in page
    assert f"| train | 5 | {5 - len(failures)} | {len(failures)} | equal |" in page
    assert page.count("\nold\n") == 1


def test_the_script_starts_in_a_new_python(tmp_path: Path) -> None:
    """It finds this repository, from every folder."""
    command = [sys.executable, SCRIPT, *"--kills 0 --files 0 --seed 8".split()]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Seed: 8\n`python tests/faults/campaign.py")


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux")
def test_a_case_is_repeated() -> None:
    output = run_tool(SCRIPT, "--case", "convert COCO to a label store", "kill@3", "cut@9+5")
    assert "Every law holds." in output.splitlines()
    folder = Path(output.splitlines()[-1].removeprefix("Files: "))
    assert (folder / "run" / "labels").is_dir()
    shutil.rmtree(folder)
