"""The commands of each page: the tool or target exists, and its own parser accepts the options.

Nothing is trained here. The commands of the README run in tests/tools/test_readme_commands.py.
"""

from __future__ import annotations

import argparse
import re
import runpy
import shlex
import sys

import pytest

from tests.docs.code_blocks import BLOCKS, ROOT

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
# Words before the options of the tool that a script starts; those that the tool does not see are dropped.
SCRIPTS = {
    "tools/dist_train.sh": ("train.py", ["config", None]),
    "tools/dist_test.sh": ("test.py", ["config", "checkpoint", None]),
    "tools/slurm_train.sh": ("train.py", [None, None, "config", None]),
    "tools/slurm_test.sh": ("test.py", [None, None, "config", "checkpoint"]),
}


class ParsedError(Exception):
    """The parser accepted the command line."""


@pytest.fixture
def accept(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Start a tool up to the end of its parser, and return the complaint of the parser, if any."""
    original = argparse.ArgumentParser.parse_args

    def parse_and_stop(parser: argparse.ArgumentParser, *args, **kwargs) -> None:
        original(parser, *args, **kwargs)
        raise ParsedError

    def run(tool: str, words: list[str]) -> str:
        path = ROOT / tool
        if not path.is_file():
            return f"{tool} does not exist"
        with monkeypatch.context() as patched:
            patched.setattr(argparse.ArgumentParser, "parse_args", parse_and_stop)
            patched.setattr(sys, "argv", [str(path), *words])
            patched.setenv("LOCAL_RANK", "0")
            for folder in (path.parent, ROOT / "tools"):
                patched.syspath_prepend(str(folder))
            try:
                runpy.run_path(str(path), run_name="__main__")
            except ParsedError:
                return ""
            except SystemExit as ended:
                return capsys.readouterr().err if ended.code else ""
        return f"{tool} did not parse its command line"

    return run


def commands(text: str) -> list[list[str]]:
    """The words of each command of a block, without comments and without leading variables."""
    lines = [shlex.split(line, comments=True) for line in text.replace("\\\n", " ").splitlines()]
    for words in lines:
        while words and re.fullmatch(r"[A-Z_]+=\S*", words[0]):
            words.pop(0)
    return [words for words in lines if words]


def complaint(words: list[str], accept) -> str:
    """What is wrong with a command, if anything."""
    program, *rest = words
    if program in ("python", "torchrun"):
        tool = next((row for row, word in enumerate(rest) if not word.startswith("-")), None)
        return "no tool" if tool is None else accept(rest[tool], rest[tool + 1 :])
    if program in SCRIPTS:
        tool, places = SCRIPTS[program]
        if len(rest) < len(places) or any(word.startswith("-") for word in rest[: len(places)]):
            return f"{program} takes {len(places)} words before the options"
        if not (ROOT / program).is_file():
            return f"{program} does not exist"
        first = [word for word, place in zip(rest, places) if place]
        return accept(f"tools/{tool}", first + rest[len(places) :])
    if program == "bash":
        return "" if (ROOT / rest[0]).is_file() else f"{rest[0]} does not exist"
    if program == "make":
        names = [word.split("=")[0] for word in rest]
        missing = [one for one in names if not re.search(rf"^{one}( \?=|:)", MAKEFILE, re.MULTILINE)]
        return f"the Makefile has no {missing}" if missing else ""
    if program == "mim" and rest[0] in ("train", "test"):
        found = [path.name for path in (ROOT / "configs").rglob("*.py")]
        return "" if rest[2].split("/")[-1] in found else f"no config {rest[2]}"
    if program == "pip" and rest[0] == "install":
        extras = re.findall(r"\[([\w,]+)\]", " ".join(rest))
        missing = [one for one in ",".join(extras).split(",") if f"\n{one} = [" not in PYPROJECT]
        return f"pyproject.toml has no extra {missing}" if missing else ""
    return "" if words == ["source", ".venv/bin/activate"] else "no test knows this command"


@pytest.mark.parametrize("page", BLOCKS)
def test_commands_are_accepted(page: str, accept) -> None:
    wrong = {}
    for block in BLOCKS[page]:
        if block.language == "bash" and not block.mark:
            for words in commands(block.text):
                if said := complaint(words, accept):
                    wrong[f"{block}: {shlex.join(words)}"] = said
    assert wrong == {}


@pytest.mark.parametrize(
    "command",
    [
        "python tools/train.py config.py --no-such-option",
        "python tools/no_such_tool.py config.py",
        "python tools/dataset_converters/convert.py lvis labels.json --outt x",
        "tools/dist_train.sh config.py --amp",
        "tools/slurm_test.sh PARTITION bce config.py a.pth --no-such-option",
        "torchrun --nproc_per_node=2 tools/train.py --launcher pytorch",
        "make no-such-target",
        "make demo NO_SUCH=1",
        "mim train mmpretrain no_such_config.py",
        "pip install '.[no_such_extra]'",
        "conda install mmpretrain",
    ],
)
def test_a_wrong_command_is_found(command: str, accept) -> None:
    assert complaint(shlex.split(command), accept) != ""
