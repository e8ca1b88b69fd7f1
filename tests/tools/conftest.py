"""Fixtures that run tools in the test process."""

from __future__ import annotations

import importlib
import runpy
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.tools.run_tool import TOOLS


@pytest.fixture
def command_line(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(TOOLS))
    return importlib.import_module("_lib.command_line")


@pytest.fixture
def run_in_process(monkeypatch: pytest.MonkeyPatch):
    """Run a tool in this process."""

    def run(tool: str, *arguments: str | Path) -> None:
        monkeypatch.syspath_prepend(str(TOOLS))
        monkeypatch.setattr(sys, "argv", [tool, *map(str, arguments)])
        monkeypatch.setenv("LOCAL_RANK", "0")
        runpy.run_path(str(TOOLS / tool), run_name="__main__")

    return run


@pytest.fixture
def error_message(run_in_process, capsys: pytest.CaptureFixture[str]):
    """Run a tool in this process, which must end with exit status 2, and return its error message."""

    def run(tool: str, *arguments: str | Path) -> str:
        with pytest.raises(SystemExit) as ended:
            run_in_process(tool, *arguments)
        assert ended.value.code == 2
        return capsys.readouterr().err

    return run
