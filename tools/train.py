"""Train the model of a config."""

from __future__ import annotations

import argparse

from _lib.command_options import common_parser
from _lib.quiet_import import import_mmpretrain


def parse_args() -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    """Parse the options: those of MMPretrain's script, under the same names."""
    parser = common_parser(__doc__)
    parser.add_argument(
        "--resume",
        nargs="?",
        const="auto",
        metavar="CHECKPOINT",
        help="go on from this checkpoint, or from the latest one in the work folder if none is named",
    )
    parser.add_argument("--no-validate", action="store_true", help="do not evaluate while training")
    parser.add_argument("--auto-scale-lr", action="store_true", help="scale the learning rate with the batch")
    parser.add_argument("--no-persistent-workers", action="store_true", help="start workers anew each epoch")
    return parser, parser.parse_args()


if __name__ == "__main__":
    PARSER, ARGS = parse_args()  # before the imports, which take seconds
import_mmpretrain()

from _lib.command_line import (
    build_runner,
    checkpoint_file,
    override,
    read_config,
    set_dataloader_defaults,
)
from _lib.user_faults import explained_faults
from mmengine.config import Config
from mmengine.runner import Runner


def apply_options(parser: argparse.ArgumentParser, cfg: Config, args: argparse.Namespace) -> None:
    """Write what the options ask for into the config.

    Args:
        parser: Where errors are reported.
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


def refuse_scaling_without_base(parser: argparse.ArgumentParser, cfg: Config) -> None:
    """Refuse ``--auto-scale-lr`` where the config does not say which batch its learning rate is for."""
    scaling = cfg.get("auto_scale_lr") or {}
    if scaling.get("enable") and "base_batch_size" not in scaling:
        parser.error(
            "The '--auto-scale-lr' option needs auto_scale_lr.base_batch_size in the config: the number of "
            "images per step, over all GPUs, that its learning rate is for."
        )


def scale_one_cycle(runner: Runner) -> None:
    """Scale the largest learning rate of OneCycleLR, which Runner leaves as it is, like the optimizer's.

    Args:
        runner: Before its training; the configs of its schedulers are changed.
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
    """Train what the config describes."""
    cfg = read_config(parser, args)
    apply_options(parser, cfg, args)
    override(parser, cfg, args.cfg_options)
    refuse_scaling_without_base(parser, cfg)
    for name in ("train_dataloader", "val_dataloader", "test_dataloader"):
        set_dataloader_defaults(cfg, name, not args.no_pin_memory, not args.no_persistent_workers)
    with explained_faults(parser, args.traceback):
        runner = build_runner(parser, cfg)
        scale_one_cycle(runner)
        runner.train()


if __name__ == "__main__":
    main(PARSER, ARGS)
