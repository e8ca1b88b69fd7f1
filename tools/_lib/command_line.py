"""What train.py and test.py have in common after their options: the config, and the Runner made of it."""

from __future__ import annotations

import argparse
import inspect
import os
from pathlib import Path

from _lib.cpu_processes import join_cpu_processes
from _lib.user_faults import fault_of_input, suggestion
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.registry import RUNNERS
from mmengine.runner import Runner

import mmpretrain_imbalance  # noqa: F401  registers everything, also for configs without custom_imports
from mmpretrain_imbalance.hooks.checkpoint_classes_hook import CheckpointClassesHook

# Runner reads these from the whole config; all else that it reads is an argument of its own.
_READ_FROM_CONFIG = {
    "activation_checkpointing",
    "compile",
    "find_unused_parameters",
    "model_wrapper_cfg",
    "runner_type",
    "sync_bn",
}

# Names that configs refer to, and where they put them; nothing reads the names themselves.
_PLACES = {
    "head": "model.head",
    "hooks": "custom_hooks",
    "loss": "model.head.loss",
    "paramwise_cfg": "optim_wrapper.paramwise_cfg",
    "sampler": "train_dataloader.sampler",
    "simulation": "train_dataloader.dataset",
}


def config_file(parser: argparse.ArgumentParser, path: str) -> Config:
    """Read the config.

    Args:
        parser: Where errors are reported.
        path: Of the config.

    Returns:
        The config.
    """
    if not Path(path).is_file():
        parser.error(f"The 'config' argument must be an existing file. Got {path!r} instead.")
    try:
        return Config.fromfile(path)
    except Exception as error:  # a config is a program, which may raise anything
        reason = fault_of_input(error) or f"{type(error).__name__}: {error}"
        parser.error(f"The config {path!r} cannot be read: {reason}")


def checkpoint_file(parser: argparse.ArgumentParser, path: str, argument: str = "checkpoint") -> str:
    """Refuse a checkpoint that is not there before anything is built.

    Args:
        parser: Where errors are reported.
        path: Of the checkpoint, or its address.
        argument: Who named it, for the message.

    Returns:
        The path.
    """
    if "://" not in path and not Path(path).is_file():
        parser.error(f"The '{argument}' argument must be an existing file. Got {path!r} instead.")
    return path


def read_config(parser: argparse.ArgumentParser, args: argparse.Namespace) -> Config:
    """Read the config, and settle where the run writes and how it was launched.

    Args:
        parser: Where errors are reported.
        args: The parsed options of :func:`_lib.command_options.common_parser`.

    Returns:
        The config; ``--cfg-options`` are left for :func:`override`, since they come last.
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
    """Fill in what a dataloader of the config leaves open, and switch off what cannot work here.

    Args:
        cfg: The config, changed in place.
        name: Which dataloader; nothing happens where the config has none of that name.
        pin_memory: False overrules the config.
        persistent_workers: False overrules the config.
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

    A setting that nobody reads would be ignored in silence, so its first word must be a name of the config or
    of Runner. What follows is checked by whatever is built from it.

    Args:
        parser: Where errors are reported.
        cfg: The config, changed in place.
        options: Dotted keys and their values.
    """
    known = set(cfg) | set(inspect.signature(Runner.__init__).parameters) | _READ_FROM_CONFIG
    for key in options or {}:
        name, dot, rest = key.partition(".")
        if name in _PLACES:
            parser.error(
                f"The '--cfg-options' argument must name settings that are read. Got {key!r} instead, which "
                f"other settings are made from: set '{_PLACES[name]}{dot}{rest}'."
            )
        if name not in known:
            parser.error(
                f"The '--cfg-options' argument must name settings of the config. Got {key!r} instead, "
                f"and nothing would read {name!r}." + suggestion(name, known)
            )
        try:
            cfg.merge_from_dict({key: options[key]})
        except (AssertionError, IndexError, KeyError, TypeError, ValueError) as error:
            parser.error(f"The '--cfg-options' argument cannot set {key!r}: {error.args[0]}")


def build_runner(parser: argparse.ArgumentParser, cfg: Config) -> Runner:
    """Build the Runner that the config asks for, after the processes of a run without a GPU have met.

    Args:
        parser: Where errors are reported.
        cfg: The complete config.

    Returns:
        The Runner, or the class that ``runner_type`` names; it evaluates a checkpoint on its classes only.
    """
    try:
        join_cpu_processes(cfg)
    except ValueError as error:
        parser.error(str(error))
    runner = RUNNERS.build(cfg) if "runner_type" in cfg else Runner.from_cfg(cfg)
    runner.register_hook(CheckpointClassesHook())
    return runner
