"""Start of the commands: ``-h`` imports nothing slow, and the first printed line is their own."""

from __future__ import annotations

import argparse
import ast
import importlib
import importlib.util
import sys
from pathlib import Path

import pytest

from mmpretrain_imbalance.datasets.annotations.repeated_images import REPEATED_IMAGES
from mmpretrain_imbalance.functional.simulation import PROTOCOLS
from tests.architecture.source_tree import python_files
from tests.forked_programs import BEFORE_MMPRETRAIN, run_forked
from tests.tools.run_convert import convert_module
from tests.tools.run_tool import ROOT, TOOLS

COMMANDS = [path for path in python_files("tools") if 'if __name__ == "__main__":' in path.read_text("utf-8")]
OURS = {"mmpretrain_imbalance"}
SLOW_TO_IMPORT = {"cv2", "matplotlib", "mmcv", "mmengine", "mmpretrain", "numpy", "torch"} | OURS
# Runs a tool like `python tool ARGUMENTS`.
RUN = """
import runpy, sys
from pathlib import Path
del sys.argv[0]
sys.path[0] = str(Path(sys.argv[0]).parent)
runpy.run_path(sys.argv[0], run_name="__main__")
"""
# Also prints the names of the imported packages.
PRINT_IMPORTS = f"""
try:
    exec({RUN!r})
finally:
    print(*{{module.partition(".")[0] for module in sys.modules}})
"""


def test_there_are_commands() -> None:
    assert len(COMMANDS) >= 20


def test_help_imports_nothing_slow() -> None:
    """The time is not measured, because the imports determine it."""
    done = run_forked("", [(PRINT_IMPORTS, [str(path), "-h"]) for path in COMMANDS])
    for path, (status, printed, errors) in zip(COMMANDS, done):
        assert (path, status, errors) == (path, 0, "")
        assert printed.startswith("usage: "), path
        assert (path, SLOW_TO_IMPORT & set(printed.splitlines()[-1].split())) == (path, set())


@pytest.mark.parametrize("path", COMMANDS, ids=lambda path: path.relative_to(TOOLS).as_posix())
def test_options_are_parsed_first_and_then_mmpretrain_is_imported(path: Path) -> None:
    """The first import of MMPretrain prints messages unless import_mmpretrain hides them."""
    statements = [ast.unparse(node) for node in ast.parse(path.read_text("utf-8")).body]
    quiet = statements.index("import_mmpretrain()")
    assert statements[quiet - 1].startswith("if __name__ == '__main__':")
    assert statements[quiet - 1].endswith("ARGS = parse_args()")


@pytest.mark.parametrize("path", COMMANDS, ids=lambda path: path.relative_to(TOOLS).as_posix())
def test_parse_args_uses_no_later_definition(path: Path) -> None:
    body = ast.parse(path.read_text("utf-8")).body
    read = next(index for index, node in enumerate(body) if getattr(node, "name", None) == "parse_args")
    needed = {node.id for node in ast.walk(body[read]) if isinstance(node, ast.Name)}
    later = {name for node in body[read + 1 :] for name in names_bound_by(node)}
    assert needed & later == set()


def names_bound_by(node: ast.stmt) -> set[str]:
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return {alias.asname or alias.name.partition(".")[0] for alias in node.names}
    if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
        return {node.name}
    names = [name for name in ast.walk(node) if isinstance(name, ast.Name)]
    return {name.id for name in names if isinstance(name.ctx, ast.Store)}


def test_choices_are_those_of_the_package() -> None:
    """The commands repeat the choices, because they do not import the package for their help."""
    assert convert_module.PROTOCOLS == list(PROTOCOLS)
    assert convert_module.REPEATED_IMAGES == list(REPEATED_IMAGES)
    path = TOOLS / "_lib" / "source_arguments.py"
    spec = importlib.util.spec_from_file_location("source_arguments", path)
    arguments = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(arguments)
    parser = argparse.ArgumentParser()
    arguments.add_source_arguments(parser)
    repeated = next(action for action in parser._actions if action.dest == "repeated_images")
    assert repeated.choices == list(REPEATED_IMAGES)


@pytest.mark.slow
def test_training_and_browsing_start_with_their_own_output(tiny_config: Path, tmp_path: Path) -> None:
    config = ROOT / "configs" / "partial_bce" / "digits-rps50_ignore.py"
    commands = [
        [TOOLS / "train.py", tiny_config, "--work-dir", tmp_path / "train"],
        [TOOLS / "analysis_tools" / "browse_labels.py", config, "--num", "1", "--out", tmp_path / "browse"],
    ]
    # MMPretrain, whose first import prints messages, is imported by the commands.
    done = run_forked(BEFORE_MMPRETRAIN, [(RUN, list(map(str, command))) for command in commands])
    (trained, log, errors), (browsed, printed, other_errors) = done
    assert (trained, browsed) == (0, 0), errors + other_errors
    assert " - mmengine - INFO - " in (errors + log).splitlines()[0]
    assert "UserWarning" not in log + errors
    assert (other_errors + printed).splitlines()[0].startswith("1 of ")


def test_several_checkpoints_are_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A pattern such as best_*.pth may match those of two trainings, of which the older one comes first."""
    monkeypatch.syspath_prepend(str(TOOLS))
    options = importlib.import_module("_lib.command_options")
    monkeypatch.setattr(
        sys, "argv", ["predict.py", "config.py", "best_epoch_1.pth", "best_epoch_7.pth", "photos"]
    )
    with pytest.raises(SystemExit):
        options.check_one_checkpoint(argparse.ArgumentParser())
    assert "one file. Got best_epoch_1.pth, best_epoch_7.pth instead" in capsys.readouterr().err
    monkeypatch.setattr(sys, "argv", ["test.py", "config.py", "a.pth", "--cfg-options", "load_from=b.pth"])
    options.check_one_checkpoint(argparse.ArgumentParser())


def test_commands_for_a_checkpoint_of_a_project_check_it() -> None:
    for command in ("predict", "suspects", "test", "tune_thresholds"):
        assert "    check_one_checkpoint(parser)\n" in (TOOLS / f"{command}.py").read_text("utf-8")
