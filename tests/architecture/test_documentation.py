"""Existence of every path and command that the documentation mentions."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.source_tree import ROOT

FOLDERS = ("configs", "docs", "mmpretrain_imbalance", "tests", "tools")
PAGES = sorted({*ROOT.glob("*.md"), *(page for folder in FOLDERS for page in (ROOT / folder).rglob("*.md"))})
# A path of the repository in text or code. Words in capitals such as METHOD are placeholders.
PATH = re.compile(rf"(?<![\w./-])(?:{'|'.join(FOLDERS)}|\.ci)/[\w./*-]*[\w*/]")
# The first line of a code block for a new file: a comment with the path of the file.
NEW_FILE = re.compile(r"^```python\n# .*$", re.MULTILINE)
LINK = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)")
MAKE = re.compile(r"^\s*(?:\$ )?make ((?:[a-z]+ )*[a-z]+)|`make ([a-z]+)", re.MULTILINE)
TOOL = re.compile(r"tools/[\w/]+\.(?:py|sh)(?:[^`\n]|\\\n)*")
MIM = re.compile(r"mim (?:train|test) \w+ ([\w./-]+)")


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_paths_exist(page: Path) -> None:
    text = NEW_FILE.sub("", page.read_text(encoding="utf-8"))
    mentioned = {path.rstrip(".") for path in PATH.findall(text)}
    placeholders = {
        path for path in mentioned if re.search(r"[A-Z]{2}|\.\.\.", path) and not path.endswith(".md")
    }
    assert sorted(path for path in mentioned - placeholders if not any(ROOT.glob(path.rstrip("/")))) == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_exist(page: Path) -> None:
    links = LINK.findall(page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_make_targets_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    mentioned = {
        word for pair in MAKE.findall(page.read_text(encoding="utf-8")) for word in " ".join(pair).split()
    }
    assert sorted(mentioned - targets) == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_options_of_tools_exist(page: Path) -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tools").rglob("*.py"))
    commands = TOOL.findall(page.read_text(encoding="utf-8"))
    options = {option for command in commands for option in re.findall(r"(?<=\s)--[a-z][\w-]*", command)}
    assert sorted(option for option in options if f'"{option}"' not in sources) == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_configs_of_mim_commands_exist(page: Path) -> None:
    configs = {path.name for path in (ROOT / "configs").rglob("*.py")}
    mentioned = {Path(config).name for config in MIM.findall(page.read_text(encoding="utf-8"))}
    assert sorted(config for config in mentioned if config.endswith(".py") and config not in configs) == []
