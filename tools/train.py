"""Train the model of a config."""

from __future__ import annotations

import argparse

from _lib.command_options import common_parser
from _lib.quiet_import import import_mmpretrain


def parse_args() -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    """Parse the command line. All options of MMPretrain's script exist under the same names."""
    parser = common_parser(__doc__)
    parser.add_argument(
        "--resume",
        nargs="?",
        const="auto",
        metavar="CHECKPOINT",
        help="resume from this checkpoint; without a path, from the newest one in the work folder, if any",
    )
    parser.add_argument("--no-validate", action="store_true", help="do not evaluate during training")
    parser.add_argument(
        "--auto-scale-lr",
        action="store_true",
        help="scale the learning rate by the total batch size divided by auto_scale_lr.base_batch_size of "
        "the config",
    )
    parser.add_argument(
        "--no-persistent-workers",
        action="store_true",
        help="start the data loader processes again in each epoch",
    )
    return parser, parser.parse_args()


if __name__ == "__main__":
    PARSER, ARGS = parse_args()  # before the slow imports
import_mmpretrain()

from _lib.command_line import (
    build_runner,
    checkpoint_file,
    override,
    read_config,
    set_dataloader_defaults,
)
from _lib.empty_data import check_data
from _lib.input_errors import explain_input_errors
from _lib.own_best_checkpoint_hook import OwnBestCheckpointHook
from _lib.resumed_checkpoint import prepare_resume
from _lib.work_folder import own_work_folder
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.runner import Runner

from mmpretrain_imbalance.hooks import StopOnSignalHook
from mmpretrain_imbalance.hooks.batch_size_hook import BatchSizeHook
from mmpretrain_imbalance.hooks.unvalidated_checkpoint_hook import UnvalidatedCheckpointHook

# Devices that AmpOptimWrapper of MMEngine supports.
_MIXED_PRECISION = ("cuda", "npu", "mlu", "musa")


def apply_options(parser: argparse.ArgumentParser, cfg: Config, args: argparse.Namespace) -> None:
    """Apply the options to the config.

    Args:
        parser: Parser of the command line, which reports errors.
        cfg: The config, changed in place.
        args: The parsed options.
    """
    if args.no_validate:
        cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    if args.amp:
        cfg.optim_wrapper.type = "AmpOptimWrapper"
        cfg.optim_wrapper.setdefault("loss_scale", "dynamic")
    if args.resume is not None:
        cfg.resume = True
        cfg.load_from = None if args.resume == "auto" else checkpoint_file(parser, args.resume, "--resume")
    if args.auto_scale_lr:
        cfg.auto_scale_lr = dict(cfg.get("auto_scale_lr") or {}, enable=True)


def check_base_batch_size(parser: argparse.ArgumentParser, cfg: Config) -> None:
    """End the program if ``--auto-scale-lr`` is used and the config has no base batch size."""
    scaling = cfg.get("auto_scale_lr") or {}
    if scaling.get("enable") and "base_batch_size" not in scaling:
        parser.error(
            "The '--auto-scale-lr' option must come with auto_scale_lr.base_batch_size in the config: the "
            "total batch size over all GPUs for which its learning rate was chosen. Got a config without it "
            "instead."
        )


def check_mixed_precision(parser: argparse.ArgumentParser, cfg: Config) -> None:
    """End the program if mixed precision is used on a machine without a GPU."""
    is_mixed = (cfg.get("optim_wrapper") or {}).get("type") == "AmpOptimWrapper"
    if is_mixed and get_device() not in _MIXED_PRECISION:
        parser.error(
            "The '--amp' option, or optim_wrapper.type='AmpOptimWrapper' of the config, must be used with a "
            f"GPU. Got the device {get_device()!r} instead. Omit the option, or set "
            "optim_wrapper.type='OptimWrapper'."
        )


def scale_one_cycle(runner: Runner) -> None:
    """Scale ``eta_max`` of OneCycleLR. Runner scales the learning rate of the optimizer only.

    Args:
        runner: Runner before its training. The configs of its schedulers are changed in place.
    """
    scaling = runner.auto_scale_lr or {}
    if not scaling.get("enable"):
        return
    batch_size = runner.world_size * runner.cfg.train_dataloader.batch_size
    schedulers = runner.param_schedulers or []
    for scheduler in schedulers if isinstance(schedulers, list) else [schedulers]:
        if scheduler.get("type") == "OneCycleLR":
            scheduler["eta_max"] *= batch_size / scaling["base_batch_size"]


def main(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """Train the model of the config."""
    cfg = read_config(parser, args)
    start = cfg.get("load_from"), bool(cfg.get("resume"))
    apply_options(parser, cfg, args)
    override(parser, cfg, args.cfg_options)
    check_base_batch_size(parser, cfg)
    check_mixed_precision(parser, cfg)
    for name in ("train_dataloader", "val_dataloader", "test_dataloader"):
        set_dataloader_defaults(cfg, name, not args.no_pin_memory, not args.no_persistent_workers)
    with own_work_folder(parser, cfg), explain_input_errors(parser, args.traceback, cfg):
        runner = build_runner(parser, cfg)
        for hook in (BatchSizeHook(), OwnBestCheckpointHook(), UnvalidatedCheckpointHook()):
            runner.register_hook(hook)
        prepare_resume(runner, *start)
        check_data(runner, "train_dataloader", "val_dataloader")
        scale_one_cycle(runner)
        if not any(isinstance(hook, StopOnSignalHook) for hook in runner.hooks):
            runner.register_hook(StopOnSignalHook())
        runner.train()


if __name__ == "__main__":
    main(PARSER, ARGS)
