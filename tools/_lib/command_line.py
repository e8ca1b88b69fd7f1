"""Config and Runner of a command: the part that train.py, test.py and other commands share."""

from __future__ import annotations

import argparse
import inspect
import os
from pathlib import Path

from _lib.cpu_processes import join_cpu_processes
from _lib.input_errors import input_error_message, suggestion
from _lib.restarted_processes import meet_after_restart
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.registry import RUNNERS
from mmengine.runner import Runner

import mmpretrain_imbalance  # noqa: F401  registers everything, also for configs without custom_imports
from mmpretrain_imbalance.apis.config_text import skip_formatting
from mmpretrain_imbalance.hooks import LabelStatisticsHook
from mmpretrain_imbalance.hooks.checkpoint_classes_hook import CheckpointClassesHook
from mmpretrain_imbalance.hooks.synchronized_buffers_hook import add_synchronized_buffers
from mmpretrain_imbalance.hooks.unknown_labels_hook import UnknownLabelsHook

# Runner reads these keys from the whole config. Every other key that it reads is one of its arguments.
_READ_FROM_CONFIG = {
    "activation_checkpointing",
    "compile",
    "find_unused_parameters",
    "model_wrapper_cfg",
    "runner_type",
    "sync_bn",
}

# Variables of the shipped configs, and the setting that each of them is inserted into. MMEngine reads only
# the settings, so that a changed variable would have no effect.
_SETTING_OF_VARIABLE = {
    "head": "model.head",
    "hooks": "custom_hooks",
    "loss": "model.head.loss",
    "paramwise_cfg": "optim_wrapper.paramwise_cfg",
    "sampler": "train_dataloader.sampler",
    "simulation": "train_dataloader.dataset",
}


def config_file(parser: argparse.ArgumentParser, path: str) -> Config:
    """Read a config, or end the program with an error message if that is not possible.

    Args:
        parser: Parser of the command line, which reports errors.
        path: Path of the config.

    Returns:
        The config.
    """
    if not Path(path).is_file():
        parser.error(f"The 'config' argument must be an existing file. Got {path!r} instead.")
    try:
        return Config.fromfile(path)
    except Exception as error:  # a config is Python code, which may raise any error
        reason = input_error_message(error) or f"{type(error).__name__}: {error}"
        parser.error(
            f"The 'config' argument must be a config that can be read. Got {path!r}, which raised: {reason}"
        )


def checkpoint_file(parser: argparse.ArgumentParser, path: str, argument: str = "checkpoint") -> str:
    """Check that a checkpoint exists, before the model and the datasets are built.

    Args:
        parser: Parser of the command line, which reports errors.
        path: Path or URL of the checkpoint. A URL is not checked.
        argument: Name of the argument for the error message.

    Returns:
        The path or URL.
    """
    if "://" not in path and not Path(path).is_file():
        parser.error(f"The '{argument}' argument must be an existing file. Got {path!r} instead.")
    return path


def check_folder(parser: argparse.ArgumentParser, path: Path, option: str = "--work-dir") -> Path:
    """Check that a folder for the files of a command exists or can be made.

    Args:
        parser: Parser of the command line, which reports errors.
        path: Path of the folder.
        option: Option that names it.

    Returns:
        The path.
    """
    found = next((folder for folder in (path, *path.parents) if folder.exists()), path)
    if found.exists() and not found.is_dir():
        parser.error(
            f"The '{option}' argument must be a folder. Got {str(path)!r} instead, but {found} is a file."
        )
    return path


def read_config(parser: argparse.ArgumentParser, args: argparse.Namespace) -> Config:
    """Read the config, and set its work folder and its launcher.

    Args:
        parser: Parser of the command line, which reports errors.
        args: The parsed options of ``common_parser``.

    Returns:
        The config, without ``--cfg-options``. They are applied by ``override`` after all other options.
    """
    os.environ.setdefault("LOCAL_RANK", str(args.local_rank))
    cfg = config_file(parser, args.config)
    cfg.launcher = args.launcher
    if args.work_dir is not None:
        cfg.work_dir = args.work_dir
    elif cfg.get("work_dir") is None:
        cfg.work_dir = str(Path("work_dirs") / Path(args.config).stem)
    return cfg


def set_dataloader_defaults(
    cfg: Config, name: str, pin_memory: bool, persistent_workers: bool = True
) -> None:
    """Set defaults of a dataloader, and switch off options that this machine or its settings do not support.

    Args:
        cfg: The config, changed in place.
        name: Key of the dataloader. If the config has no such dataloader, nothing is changed.
        pin_memory: Whether pinned memory is allowed; False overrides the config.
        persistent_workers: Whether persistent workers are allowed; False overrides the config.
    """
    loader = cfg.get(name)
    if loader is None:
        return
    possible = {
        "pin_memory": pin_memory and get_device() != "cpu",
        "persistent_workers": persistent_workers and loader.get("num_workers", 0) > 0,
    }
    for option, value in possible.items():
        loader[option] = value and loader.get(option, True)
    loader.setdefault("collate_fn", dict(type="default_collate"))


def override(parser: argparse.ArgumentParser, cfg: Config, options: dict | None) -> None:
    """Merge ``--cfg-options`` into the config.

    The first word of a key must be an argument of Runner, because any other setting would be ignored
    silently. The rest of the key is checked when the object is built from the config.

    Args:
        parser: Parser of the command line, which reports errors.
        cfg: The config, changed in place.
        options: Values by dotted key.
    """
    read = set(inspect.signature(Runner.__init__).parameters) | _READ_FROM_CONFIG
    known = set(cfg) | read
    for key in options or {}:
        name, dot, rest = key.partition(".")
        if name in _SETTING_OF_VARIABLE or (name in cfg and name not in read):
            remedy = "Set the settings that are made of it, or change it in the file."
            if name in _SETTING_OF_VARIABLE:
                remedy = f"Set '{_SETTING_OF_VARIABLE[name]}{dot}{rest}' instead."
            parser.error(
                f"The '--cfg-options' argument must name settings that MMEngine reads. Got {key!r} instead, "
                f"a variable of the config file. {remedy}"
            )
        if name not in known:
            parser.error(
                f"The '--cfg-options' argument must name settings of the config. Got {key!r} instead: "
                f"neither the config nor Runner has {name!r}." + suggestion(name, known)
            )
        try:
            cfg.merge_from_dict({key: options[key]})
        except (AssertionError, IndexError, KeyError, TypeError, ValueError) as error:
            parser.error(
                f"The '--cfg-options' argument must name settings that can be set. Got {key!r} instead: "
                f"{error.args[0]}"
            )


def build_runner(parser: argparse.ArgumentParser, cfg: Config) -> Runner:
    """Build the Runner of a config. Without a GPU, several processes are connected through gloo first.

    Args:
        parser: Parser of the command line, which reports errors.
        cfg: The complete config. Its text is not formatted from now on.

    Returns:
        The Runner, of the class that ``runner_type`` names if the config has it. The Runner raises an error
        if the classes of a loaded checkpoint differ from those of the data, or if a component of the run
        does not support the unknown labels of the data.
    """
    try:
        meet_after_restart(cfg)
        join_cpu_processes(cfg)
    except ValueError as error:
        parser.error(str(error))
    skip_formatting(cfg)
    runner = RUNNERS.build(cfg) if "runner_type" in cfg else Runner.from_cfg(cfg)
    runner.register_hook(CheckpointClassesHook())
    add_synchronized_buffers(runner)
    if not any(isinstance(hook, LabelStatisticsHook) for hook in runner.hooks):
        runner.register_hook(UnknownLabelsHook())
    return runner
