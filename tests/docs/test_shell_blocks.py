"""Commands of each page: the tool or target exists, and its parser accepts the options.

These tests train nothing. The commands of the README run in tests/tools/test_readme_commands.py.
"""

from __future__ import annotations

import argparse
import re
import runpy
import shlex
import sys

import pytest
import yaml

from tests.docs.code_blocks import BLOCKS, ROOT

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
# The tool that each script starts, and the words before its options; the tool does not receive words that are
# None here.
SCRIPTS = {
    "tools/dist_train.sh": ("train.py", ["config", None]),
    "tools/dist_test.sh": ("test.py", ["config", "checkpoint", None]),
    "tools/slurm_train.sh": ("train.py", [None, None, "config", None]),
    "tools/slurm_job.sh": ("train.py", ["config", None]),
    "tools/slurm_test.sh": ("test.py", [None, None, "config", "checkpoint"]),
}


class ParsedError(Exception):
    """Raised after the parser has accepted the command line."""


@pytest.fixture
def accept(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Run a tool until its parser has finished, and return the error of the parser, or an empty string."""
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
    """Return the words of each command of a block, without comments and leading variables."""
    lines = [shlex.split(line, comments=True) for line in text.replace("\\\n", " ").splitlines()]
    for words in lines:
        while words and re.fullmatch(r"[A-Z_]+=\S*", words[0]):
            words.pop(0)
    return [words for words in lines if words]


def command_error(words: list[str], accept) -> str:
    """Return the error in a command, or an empty string."""
    program, *rest = words
    if program in ("python", "torchrun"):
        tool = next((row for row, word in enumerate(rest) if not word.startswith("-")), None)
        return "no tool" if tool is None else accept(rest[tool], rest[tool + 1 :])
    if program in SCRIPTS:
        tool, positions = SCRIPTS[program]
        if len(rest) < len(positions) or any(word.startswith("-") for word in rest[: len(positions)]):
            return f"{program} needs {len(positions)} words before the options"
        if not (ROOT / program).is_file():
            return f"{program} does not exist"
        first = [word for word, position in zip(rest, positions) if position]
        return accept(f"tools/{tool}", first + rest[len(positions) :])
    if program == "sbatch":
        if "--wrap" in rest:
            inner = rest[rest.index("--wrap") + 1].replace("$SLURM_ARRAY_TASK_ID", "1")
            return command_error(shlex.split(inner), accept)
        script = next((row for row, word in enumerate(rest) if not word.startswith("-")), None)
        return "no script" if script is None else command_error(rest[script:], accept)
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
    return "" if words == ["source", ".venv/bin/activate"] else "unknown command"


@pytest.mark.parametrize("page", BLOCKS)
def test_commands_are_accepted(page: str, accept) -> None:
    wrong = {}
    for block in BLOCKS[page]:
        if block.language == "bash" and not block.mark:
            for words in commands(block.text):
                if error := command_error(words, accept):
                    wrong[f"{block}: {shlex.join(words)}"] = error
    assert wrong == {}


def test_manifest_for_kubernetes(accept) -> None:
    (block,) = (block for block in BLOCKS["docs/clusters.md"] if block.language == "yaml")
    spec = yaml.safe_load(block.text)["spec"]
    worker = spec["pytorchReplicaSpecs"]["Worker"]
    assert worker["replicas"] == spec["elasticPolicy"]["minReplicas"] == spec["elasticPolicy"]["maxReplicas"]
    pod = worker["template"]["spec"]
    (container,) = pod["containers"]
    assert command_error(container["command"], accept) == ""
    assert {one["name"] for one in container["volumeMounts"]} == {one["name"] for one in pod["volumes"]}
    variables = {one["name"]: one["value"] for one in container["env"]}
    assert variables["TORCH_DISABLE_SHARE_RDZV_TCP_STORE"] == "1"
    assert int(variables["TORCH_ELASTIC_SHUTDOWN_TIMEOUT"]) < pod["terminationGracePeriodSeconds"]


@pytest.mark.parametrize(
    "command",
    [
        "python tools/train.py config.py --no-such-option",
        "python tools/no_such_tool.py config.py",
        "python tools/dataset_converters/convert.py lvis labels.json --outt x",
        "tools/dist_train.sh config.py --amp",
        "tools/slurm_test.sh PARTITION bce config.py a.pth --no-such-option",
        "torchrun --nproc_per_node=2 tools/train.py --launcher pytorch",
        "sbatch --nodes=2 tools/slurm_job.sh config.py work_dirs/a --no-such-option",
        "sbatch --array=1-2 --wrap 'python tools/compare_methods.py a.py --no-such-option'",
        "make no-such-target",
        "make demo NO_SUCH=1",
        "mim train mmpretrain no_such_config.py",
        "pip install '.[no_such_extra]'",
        "conda install mmpretrain",
    ],
)
def test_wrong_command_is_found(command: str, accept) -> None:
    assert command_error(shlex.split(command), accept) != ""
