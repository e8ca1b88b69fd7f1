"""Errors of the command that runs experiments, and the commit that its results name."""

from __future__ import annotations

import importlib
import subprocess
from pathlib import Path

import pytest

from tests.tools.run_tool import TOOLS

TOOL = "run_experiment.py"


def test_wrong_input_is_explained(error_message, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    experiments = TOOLS.parent / "configs" / "_base_" / "experiments"
    names = ", ".join(sorted(path.stem for path in experiments.glob("*.py")))
    assert f"must be one of {names}, or the path" in error_message(TOOL, "no_experiment")
    found = error_message(TOOL, "single_positive_methods")
    assert "such as features/corel5k/config.py in this folder" in found
    (tmp_path / "other.py").touch()
    assert "Got 'other.py' instead, whose name is 'other'" in error_message(
        TOOL, "single_positive_methods", "--base-configs", "other.py"
    )
    (tmp_path / "corel5k.py").touch()
    words = ("single_positive_methods", "--base-configs", "corel5k.py", "--settings", "rps:0.5")
    assert "of the experiment, single_positive. Got 'rps:0.5' instead" in error_message(TOOL, *words)


def test_the_commit_says_whether_the_code_has_changes(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.syspath_prepend(str(TOOLS))
    commit_of = importlib.import_module("_lib.commit").commit_of
    assert commit_of(tmp_path) is None
    for words in (
        ["init", "-q"],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "a"],
    ):
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True)
    commit = commit_of(tmp_path)
    assert len(commit) == 9
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "results.json").touch()
    assert commit_of(tmp_path) == commit
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "a.py").touch()
    assert commit_of(tmp_path) == commit + "+"
