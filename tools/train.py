"""Train the model of a config."""

from __future__ import annotations

import argparse

from _lib.command_line import (
    build_runner,
    checkpoint_file,
    common_parser,
    override,
    read_config,
    set_dataloader_defaults,
)
from _lib.user_faults import explained_faults
from mmengine.config import Config


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
        cfg.setdefault("auto_scale_lr", {})["enable"] = True


def main() -> None:
    """Read the command line, then train."""
    parser, args = parse_args()
    cfg = read_config(parser, args)
    apply_options(parser, cfg, args)
    override(parser, cfg, args.cfg_options)
    for name in ("train_dataloader", "val_dataloader", "test_dataloader"):
        set_dataloader_defaults(cfg, name, not args.no_pin_memory, not args.no_persistent_workers)
    with explained_faults(parser, args.traceback):
        build_runner(parser, cfg).train()


if __name__ == "__main__":
    main()
