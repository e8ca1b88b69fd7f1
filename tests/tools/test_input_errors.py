"""Messages for wrong configs and wrong data, and tracebacks for other errors."""

from __future__ import annotations

import argparse
import errno
import gc
import importlib
import linecache
import logging
import os
import re
from pathlib import Path
from types import ModuleType
from urllib.error import URLError

import pytest
import torch
from mmengine.registry import Registry
from mmengine.runner import CheckpointLoader
from torch.utils.data import DataLoader, Dataset

from mmpretrain_imbalance.functional.labels import hard_labels
from mmpretrain_imbalance.utils.argument_checks import check_choice
from tests.full_disk import file_size_limit
from tests.tools.run_tool import TOOLS


@pytest.fixture
def input_errors(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(TOOLS))
    return importlib.import_module("_lib.input_errors")


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
            "Got 'gama_neg' instead. Did you mean 'gamma_neg'? The arguments are",
        ),
        (
            "type='StatisticsBalancedLoss', loss=dict(type='PartialAsymmetricLoss'), reductoin='mean_known'",
            "config of StatisticsBalancedLoss must use arguments of this class. Got 'reductoin' instead. "
            "Did you mean 'reduction'?",
        ),
        ("type='PartialAssymetricLoss'", "Did you mean 'PartialAsymmetricLoss'?"),
        ("type='Crossentropyloss'", "Did you mean 'CrossEntropyLoss'?"),
        (
            "type='ClassBalancedLoss'",
            "of ClassBalancedLoss must match the arguments of its type: missing 1 required positional",
        ),
        (
            "type='PartialAsymmetricLoss', unknown='maybe'",
            "error: The 'unknown' argument of PartialAsymmetric",
        ),
    ],
)
def test_wrong_loss(error_message, tiny_config: Path, tmp_path: Path, loss: str, message: str) -> None:
    printed = error_message(
        "train.py", with_loss(tiny_config, tmp_path, loss), "--work-dir", tmp_path / "run"
    )
    *_, line, hint = printed.splitlines()
    assert line.startswith("train.py: error: The ")
    assert message in line
    assert "--traceback" in hint


# Settings of a base config, settings of the config that inherits from it, and words of the message.
FORGOTTEN_DELETE = {
    "loss": (
        "model = dict(head=dict(loss=dict(type='CrossEntropyLoss', use_sigmoid=True)))",
        "model = dict(head=dict(loss=dict(type='PartialAsymmetricLoss', unknown='ignore')))",
        "config of PartialAsymmetricLoss must use arguments of this class. Got 'use_sigmoid' instead",
    ),
    "head": (
        "model = dict(head=dict(type='MultiLabelLinearClsHead', lam=0.1, num_heads=1))",
        "model = dict(head=dict(type='PartialLabelLinearClsHead'))",
        "config of PartialLabelLinearClsHead must use arguments of this class. Got 'lam' instead",
    ),
    "preprocessor": (
        "data_preprocessor = dict(type='SelfSupDataPreprocessor', view_labels=True)",
        "data_preprocessor = dict(type='PartialLabelDataPreprocessor')",
        "config of PartialLabelDataPreprocessor must use arguments of this class. Got 'view_labels' instead",
    ),
    "dataset": (
        "train_dataloader = dict(dataset=dict(type='VOC', split='train'))",
        "train_dataloader = dict(dataset=dict(type='PartialLabelDataset'))",
        "config of PartialLabelDataset must use arguments of this class. Got 'split' instead",
    ),
    "metric": (
        "val_evaluator = dict(type='MultiLabelMetric', thr=0.5)",
        "val_evaluator = dict(type='PartialLabelAveragePrecision')",
        "config of PartialLabelAveragePrecision must use arguments of this class. Got 'thr' instead",
    ),
}


@pytest.mark.parametrize("kind", FORGOTTEN_DELETE)
def test_forgotten_delete(error_message, tiny_config: Path, tmp_path: Path, kind: str) -> None:
    base, own, message = FORGOTTEN_DELETE[kind]
    (tmp_path / "base.py").write_text(f"_base_ = {str(tiny_config)!r}\n{base}\n")
    (tmp_path / "own.py").write_text(f"_base_ = 'base.py'\n{own}\n")
    printed = error_message("train.py", tmp_path / "own.py", "--work-dir", tmp_path / "run")
    assert f"{message}, which is inherited from a base config. Add _delete_=True, which removes" in printed
    (name,) = re.findall(r"config of (\w+) must", message)
    assert f"dict(_delete_=True, type='{name}', ...)" in printed


def test_delete_without_anything_to_delete(error_message, tiny_config: Path, tmp_path: Path) -> None:
    text = tiny_config.read_text().replace(
        "type='CrossEntropyLoss'", "_delete_=True, type='CrossEntropyLoss'"
    )
    (tmp_path / "whole.py").write_text(text)
    printed = error_message("train.py", tmp_path / "whole.py", "--work-dir", tmp_path / "run")
    assert (
        "config of CrossEntropyLoss must use arguments of this class. Got '_delete_' instead. Remove it"
        in printed
    )


def test_an_option_of_the_command_is_not_called_inherited(
    error_message, tiny_config: Path, tmp_path: Path
) -> None:
    path = with_loss(tiny_config, tmp_path, "type='PartialAsymmetricLoss'")
    options = ["--cfg-options", "model.head.loss.gama_neg=2"]
    printed = error_message("train.py", path, "--work-dir", tmp_path / "run", *options)
    assert "Got 'gama_neg' instead. Did you mean 'gamma_neg'?" in printed


def test_traceback_on_request(tiny_config: Path, tmp_path: Path, run_in_process) -> None:
    path = with_loss(tiny_config, tmp_path, "type='PartialAsymmetricLoss', gama_neg=2")
    with pytest.raises(TypeError, match="gama_neg"):
        run_in_process("train.py", path, "--work-dir", tmp_path / "run", "--traceback")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model = dict(", "that can be read. Got '{path}', which raised: SyntaxError"),
        ("_base_ = './nobody.py'", "which raised: FileNotFoundError"),
        ("number = 1 / 0", "which raised: ZeroDivisionError: division by zero"),
    ],
)
def test_config_that_cannot_be_read(error_message, tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "wrong.py"
    path.write_text(text + "\n")
    message = message.format(path=path)
    assert message in error_message("train.py", path)
    assert message in error_message("estimate_class_prior.py", path, "epoch_1.pth")


def test_weights_that_cannot_be_fetched(
    error_message, tiny_config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise URLError("no route to host")

    monkeypatch.setattr(CheckpointLoader, "load_checkpoint", staticmethod(fail))
    path = tmp_path / "pretrained.py"
    weights = "dict(type='Pretrained', checkpoint='https://example.org/a.pth')"
    path.write_text(
        f"_base_ = {str(tiny_config)!r}\n"
        f"backbone = dict(_delete_=True, type='ResNet', depth=18, init_cfg={weights})\n"
        "loss = dict(_delete_=True, type='PartialAsymmetricLoss', unknown='ignore')\n"
        "model = dict(backbone=backbone, head=dict(loss=loss))\n"
    )
    message = error_message("train.py", path, "--work-dir", tmp_path / "run")
    assert "could not be fetched (no route to host). Give a file with --cfg-options" in message
    assert "Traceback" not in message
    assert not list((tmp_path / "run").glob("*.pth"))


def test_missing_checkpoint(error_message, tiny_config: Path) -> None:
    message = "The 'checkpoint' argument must be an existing file. Got 'nowhere.pth' instead."
    for tool in ("test.py", "tune_thresholds.py", "estimate_class_prior.py"):
        assert message in error_message(tool, tiny_config, "nowhere.pth")


def raised(function, *arguments) -> Exception | None:
    try:
        function(*arguments)
    except Exception as error:
        return error


class WrongSamples(Dataset):
    """Dataset whose samples raise an argument error of the package, or another error."""

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
def test_error_in_a_data_loader_process(
    input_errors: ModuleType, num_workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # After an error, PyTorch would wait five seconds for the process of the loader.
    monkeypatch.setattr("torch.utils.data._utils.MP_STATUS_CHECK_INTERVAL", 0.1)
    for bug, expected in (
        (False, "The 'word' argument of WrongSamples must be one of 'a', 'b'. Got 'c' instead."),
        (True, None),
    ):
        error = raised(list, DataLoader(WrongSamples(bug), num_workers=num_workers))
        assert isinstance(error, ValueError)
        assert input_errors.input_error_message(error) == expected
        del error
        gc.collect()  # the data loader, which the traceback has kept


def test_cause_of_another_error_is_found(input_errors: ModuleType) -> None:
    def wrap() -> None:
        try:
            check_choice("Owner", ("a",), word="b")
        except ValueError as error:
            raise RuntimeError("building failed") from error

    assert input_errors.input_error_message(raised(wrap)).startswith("The 'word' argument of Owner")


def test_a_folder_with_a_similar_name_is_not_part_of_the_package(input_errors: ModuleType) -> None:
    source = "raise ValueError('on purpose')\n"
    for folder, expected in ((TOOLS, "on purpose"), (f"{TOOLS}_elsewhere", None)):
        path = f"{folder}/script.py"
        linecache.cache[path] = (len(source), None, [source], path)
        assert input_errors.input_error_message(raised(exec, compile(source, path, "exec"))) == expected


def test_a_last_batch_of_one_image(input_errors: ModuleType) -> None:
    norm = torch.nn.BatchNorm2d(3)
    message = input_errors.input_error_message(raised(norm, torch.zeros(1, 3, 1, 1)))
    assert message is not None
    assert "must have more than one image" in message
    assert "train_dataloader.drop_last=True" in message


def raise_during(error: Exception, cause: Exception) -> None:
    try:
        raise cause
    except Exception:
        raise error  # noqa: B904


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk(input_errors: ModuleType, number: int) -> None:
    space = "The disk must have space for the files of this command. Got "
    full = OSError(number, os.strerror(number))
    assert input_errors.input_error_message(full).startswith(f"{space}'{full.strerror}' instead. Free some")
    named = OSError(number, os.strerror(number), "/run/a.json")
    assert f"{space}'{full.strerror}' instead for '/run/a.json'." in input_errors.input_error_message(named)
    # torch.save raises such errors.
    of_torch = raised(raise_during, RuntimeError("unexpected pos 704 vs 598"), full)
    assert input_errors.input_error_message(of_torch).startswith(space)
    assert input_errors.input_error_message(RuntimeError("unexpected pos 704 vs 598")) is None


def test_files_that_cannot_be_accessed(input_errors: ModuleType) -> None:
    for number in (errno.EACCES, errno.EPERM, errno.EROFS):
        error = OSError(number, os.strerror(number), "/run/a.json")
        message = (
            f"The file or folder '/run/a.json' must be accessible to this process. Got '{error.strerror}'"
        )
        assert input_errors.input_error_message(error).startswith(message)
    assert input_errors.input_error_message(OSError(errno.EIO, "Input/output error")) is None


def test_a_full_disk_ends_a_training(error_message, tiny_config: Path, tmp_path: Path) -> None:
    with file_size_limit(100_000):  # less than a checkpoint
        message = error_message("train.py", tiny_config, "--work-dir", tmp_path)
    assert "train.py: error: The disk must have space for the files of this command. Got 'File too" in message
    assert "Traceback" not in message


def test_lines_of_a_log_file_on_a_full_disk_are_left_out(
    error_message, tiny_config: Path, tmp_path: Path
) -> None:
    """Python's logging would print a traceback for each line."""
    own_log = ("--cfg-options", "experiment_name=full_disk")
    with file_size_limit(3000):  # more than the config, less than the log
        message = error_message("train.py", tiny_config, "--work-dir", tmp_path, *own_log)
    assert "The disk must have space for the files of this command" in message
    assert "Traceback" not in message
    assert "Logging error" not in message


def test_other_errors_of_logging_are_printed(input_errors: ModuleType, tmp_path: Path, capsys) -> None:
    errors = importlib.import_module("_lib.file_system_errors")
    logger = logging.Logger("a log of its own")
    logger.addHandler(logging.FileHandler(tmp_path / "a.log"))
    with errors.log_without_tracebacks():
        logger.warning("%d", "no number")
    logger.handlers[0].close()
    assert "Logging error" in capsys.readouterr().err


def test_a_full_disk_ends_other_commands(input_errors: ModuleType, capsys) -> None:
    errors = importlib.import_module("_lib.file_system_errors")
    with pytest.raises(SystemExit) as ended, errors.explain_file_system_errors(argparse.ArgumentParser()):
        raise OSError(errno.ENOSPC, "No space left on device", "a\x1b[2J.json")
    assert ended.value.code == 1
    assert r"error: The disk must have space" in capsys.readouterr().err
    with pytest.raises(OSError, match="output"):
        with errors.explain_file_system_errors(argparse.ArgumentParser()):
            raise OSError(errno.EIO, "Input/output error")
    assert errors.error_text(ValueError("cat\x1b[2J")) == r"cat\x1b[2J"


@pytest.mark.parametrize(
    "message",
    [
        "Caught RuntimeError in DataLoader worker process 0.\nOriginal Traceback (most recent call last):\n"
        "RuntimeError: unable to allocate shared memory(shm) for file </torch_7_8_0>: No space left on "
        "device (28)\n",
        "unable to resize file </torch_7_8_0> to the right size: File too large (27)",
        "DataLoader worker (pid 7) is killed by signal: Bus error. It is possible that dataloader's workers "
        "are out of shared memory.",
    ],
)
def test_a_full_shared_memory_ends_in_one_sentence(input_errors: ModuleType, message: str) -> None:
    assert "larger /dev/shm (docker run --shm-size)" in input_errors.input_error_message(
        RuntimeError(message)
    )


def test_other_errors_of_shared_memory_keep_their_traceback(input_errors: ModuleType) -> None:
    for message in (
        "unable to allocate shared memory(shm) for file </torch_7_8_0>: Interrupted system call (4)",
        "DataLoader worker (pid 7) is killed by signal: Killed.",
    ):
        assert input_errors.input_error_message(RuntimeError(message)) is None


def test_names_in_messages_do_not_control_the_terminal(input_errors: ModuleType, capsys) -> None:
    with pytest.raises(SystemExit):
        with input_errors.explain_input_errors(argparse.ArgumentParser(), keep_traceback=False):
            check_choice("Owner", ("a\x1b]0;title\x07",), word="b")
    message = capsys.readouterr().err
    assert "\x1b" not in message
    assert "title" in message


def test_other_errors_keep_their_traceback(input_errors: ModuleType) -> None:
    """An error without a raise statement, and errors of objects that a registry builds."""
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
        assert input_errors.input_error_message(error) is None
        with pytest.raises(type(error)):
            with input_errors.explain_input_errors(argparse.ArgumentParser(), keep_traceback=False):
                raise error


def test_argument_names_include_those_of_base_classes(input_errors: ModuleType) -> None:
    class Base:
        def __init__(self, base: int, scale: float = 1.0) -> None: ...

    class Between(Base): ...

    class Last(Between):
        def __init__(self, *args, last: int, **kwargs) -> None: ...

    assert input_errors.argument_names(Last) == ["last", "base", "scale"]
    assert input_errors.argument_names(Between) == ["base", "scale"]
