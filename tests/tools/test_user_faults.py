"""Wrong configs and wrong data end with a sentence; a bug keeps its traceback."""

from __future__ import annotations

import argparse
import importlib
import linecache
from pathlib import Path
from types import ModuleType

import pytest
from mmengine.registry import Registry
from torch.utils.data import DataLoader, Dataset

from mmpretrain_imbalance.functional.labels import hard_labels
from mmpretrain_imbalance.utils.argument_checks import check_choice
from tests.tools.run_tool import TOOLS


@pytest.fixture
def user_faults(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(TOOLS))
    return importlib.import_module("_lib.user_faults")


def with_loss(config: Path, folder: Path, loss: str) -> Path:
    """Write a config that inherits from another one and has another loss."""
    path = folder / "with_loss.py"
    path.write_text(f"_base_ = {str(config)!r}\nmodel = dict(head=dict(loss=dict(_delete_=True, {loss})))\n")
    return path


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (
            "type='PartialAsymmetricLoss', gama_neg=2",
            "Got 'gama_neg' instead. Did you mean 'gamma_neg'? It takes",
        ),
        (
            "type='StatisticsBalancedLoss', loss=dict(type='PartialAsymmetricLoss'), reductoin='mean_known'",
            "config of StatisticsBalancedLoss must hold arguments that it has. Got 'reductoin' instead. "
            "Did you mean 'reduction'?",
        ),
        ("type='PartialAssymetricLoss'", "Did you mean 'PartialAsymmetricLoss'?"),
        ("type='Crossentropyloss'", "Did you mean 'CrossEntropyLoss'?"),
        (
            "type='ClassBalancedLoss'",
            "of ClassBalancedLoss does not fit: missing 1 required positional argument",
        ),
        (
            "type='PartialAsymmetricLoss', unknown='maybe'",
            "error: The 'unknown' argument of PartialAsymmetric",
        ),
    ],
)
def test_wrong_loss(refusal, tiny_config: Path, tmp_path: Path, loss: str, message: str) -> None:
    said = refusal("train.py", with_loss(tiny_config, tmp_path, loss), "--work-dir", tmp_path / "run")
    *_, sentence, hint = said.splitlines()
    assert sentence.startswith("train.py: error: The ")
    assert message in sentence
    assert "--traceback" in hint


def test_traceback_on_request(tiny_config: Path, tmp_path: Path, run_in_process) -> None:
    path = with_loss(tiny_config, tmp_path, "type='PartialAsymmetricLoss', gama_neg=2")
    with pytest.raises(TypeError, match="gama_neg"):
        run_in_process("train.py", path, "--work-dir", tmp_path / "run", "--traceback")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model = dict(", "cannot be read: SyntaxError"),
        ("_base_ = './nobody.py'", "cannot be read: FileNotFoundError"),
        ("number = 1 / 0", "cannot be read: ZeroDivisionError: division by zero"),
    ],
)
def test_config_that_cannot_be_read(refusal, tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "wrong.py"
    path.write_text(text + "\n")
    assert message in refusal("train.py", path)
    assert message in refusal("estimate_class_prior.py", path, "epoch_1.pth")


def test_missing_checkpoint(refusal, tiny_config: Path) -> None:
    message = "The 'checkpoint' argument must be an existing file. Got 'nowhere.pth' instead."
    for tool in ("test.py", "tune_thresholds.py", "estimate_class_prior.py"):
        assert message in refusal(tool, tiny_config, "nowhere.pth")


def raised(function, *arguments) -> Exception | None:
    try:
        function(*arguments)
    except Exception as error:
        return error


class WrongSamples(Dataset):
    """A dataset whose samples have a wrong argument, or a bug."""

    def __init__(self, bug: bool) -> None:
        self.bug = bug

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> int:
        if self.bug:
            raise ValueError("not on purpose")
        check_choice("WrongSamples", ("a", "b"), word="c")
        return index


@pytest.mark.parametrize("num_workers", [0, 1])
def test_fault_in_a_process_that_reads_data(user_faults: ModuleType, num_workers: int) -> None:
    for bug, expected in (
        (False, "The 'word' argument of WrongSamples must be one of 'a', 'b'. Got 'c' instead."),
        (True, None),
    ):
        error = raised(list, DataLoader(WrongSamples(bug), num_workers=num_workers))
        assert isinstance(error, ValueError)
        assert user_faults.fault_of_input(error) == expected


def test_a_fault_behind_another_error_is_found(user_faults: ModuleType) -> None:
    def wrap() -> None:
        try:
            check_choice("Owner", ("a",), word="b")
        except ValueError as error:
            raise RuntimeError("building failed") from error

    assert user_faults.fault_of_input(raised(wrap)).startswith("The 'word' argument of Owner")


def test_a_folder_of_a_similar_name_is_not_ours(user_faults: ModuleType) -> None:
    source = "raise ValueError('on purpose')\n"
    for folder, expected in ((TOOLS, "on purpose"), (f"{TOOLS}_of_somebody", None)):
        path = f"{folder}/script.py"
        linecache.cache[path] = (len(source), None, [source], path)
        assert user_faults.fault_of_input(raised(exec, compile(source, path, "exec"))) == expected


def test_a_bug_keeps_its_traceback(user_faults: ModuleType) -> None:
    """An error of our code that nothing raised on purpose, and errors of what a registry builds."""
    bugs = Registry("bug")

    @bugs.register_module()
    class Buggy:
        def __init__(self, count: int) -> None:
            {}[count]

    @bugs.register_module()
    class Adds:
        def __init__(self, count: int) -> None:
            count + "1"

    for error in (
        raised(hard_labels, None),
        raised(bugs.build, dict(type="Buggy", count=1)),
        raised(bugs.build, dict(type="Adds", count=1)),
    ):
        assert user_faults.fault_of_input(error) is None
        with pytest.raises(type(error)):
            with user_faults.explained_faults(argparse.ArgumentParser(), keep_traceback=False):
                raise error


def test_arguments_of_a_class_that_hands_some_on(user_faults: ModuleType) -> None:
    class Base:
        def __init__(self, base: int, scale: float = 1.0) -> None: ...

    class Between(Base): ...

    class Last(Between):
        def __init__(self, *args, last: int, **kwargs) -> None: ...

    assert user_faults.arguments_of(Last) == ["last", "base", "scale"]
    assert user_faults.arguments_of(Between) == ["base", "scale"]
