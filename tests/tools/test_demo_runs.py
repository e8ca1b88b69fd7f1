"""Order of the runs of tools/demo.py, and the use of finished ones."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"


@pytest.fixture
def demo_runs(monkeypatch: pytest.MonkeyPatch):
    """Return the module of the runs."""
    monkeypatch.syspath_prepend(str(TOOLS))
    from _lib import demo_runs

    yield demo_runs
    for name in [name for name in sys.modules if name.split(".")[0] == "_lib"]:
        del sys.modules[name]


def planned(module) -> list:
    return [
        module.DemoRun("rps", "ignore", 0, "partial_bce/digits-rps50_ignore.py"),
        module.DemoRun("rps", "csl", 0, "class_aware_selective/digits-rps50_csl.py", "ignore"),
        module.DemoRun("rps", "ignore", 1, "partial_bce/digits-rps50_ignore.py"),
    ]


def finish(module, run, root: Path, code: str) -> None:
    run.folder(root).mkdir(parents=True)
    (run.folder(root) / module.RESULT_FILE).write_text(json.dumps({"code": code}))


def test_a_run_that_needs_a_prior_waits_for_the_run_of_its_seed(demo_runs, tmp_path: Path) -> None:
    runs = planned(demo_runs)
    schedule = demo_runs.DemoRuns(runs, tmp_path)
    assert [job.name for job in schedule.ready()] == ["rps ignore, seed 0", "rps ignore, seed 1"]
    finish(demo_runs, runs[2], tmp_path, demo_runs.code_digest())
    assert schedule.ready() == []
    finish(demo_runs, runs[0], tmp_path, demo_runs.code_digest())
    (job,) = schedule.ready()
    assert job.arguments[3] == str(tmp_path / "seed_0" / "rps_ignore" / "class_prior.json")
    assert schedule.ready() == []
    assert schedule.unfinished() == [runs[1]]


def test_a_finished_run_of_the_same_code_is_not_trained_again(demo_runs, tmp_path: Path) -> None:
    runs = planned(demo_runs)
    finish(demo_runs, runs[0], tmp_path, demo_runs.code_digest())
    finish(demo_runs, runs[2], tmp_path, "another digest")
    schedule = demo_runs.DemoRuns(runs, tmp_path)
    assert [job.name for job in schedule.ready()] == ["rps csl, seed 0", "rps ignore, seed 1"]
    assert schedule.result(runs[2]) is None


def test_every_run_of_the_demo_has_a_shipped_config(demo_runs) -> None:
    text = (TOOLS / "demo.py").read_text(encoding="utf-8")
    names = [word for word in text.split('"') if word.endswith(".py") and "/" in word]
    assert len(names) == 10
    assert [name for name in names if not (demo_runs.CONFIGS / name).is_file()] == []
