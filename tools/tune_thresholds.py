"""Choose the decision threshold of each class on the validation set and write them to a file."""

from __future__ import annotations

import argparse

from _lib.command_options import check_one_checkpoint, common_parser
from _lib.quiet_import import import_mmpretrain


def parse_args() -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    """Parse the command line."""
    parser = common_parser(__doc__)
    parser.add_argument("checkpoint", help="path of the checkpoint file")
    target = parser.add_mutually_exclusive_group()
    target.add_argument("--precision", type=float, help="reach this precision instead of maximizing F1")
    target.add_argument("--recall", type=float, help="reach this recall instead of maximizing F1")
    parser.add_argument(
        "--shrinkage",
        type=float,
        default=10.0,
        help="shrinkage of the number of predictions per known positive toward the one that is best for all "
        "classes together: with this number of known positives, both have equal weight (default: 10)",
    )
    parser.add_argument(
        "--out",
        default="thresholds.json",
        help="output file, .json or .csv; a relative path is relative to the work folder (default: "
        "thresholds.json)",
    )
    check_one_checkpoint(parser)
    return parser, parser.parse_args()


if __name__ == "__main__":
    PARSER, ARGS = parse_args()  # before the slow imports
import_mmpretrain()

import numpy as np
from _lib.command_line import (
    build_runner,
    checkpoint_file,
    override,
    read_config,
    set_dataloader_defaults,
)
from _lib.empty_data import check_data
from _lib.input_errors import explain_input_errors
from mmengine.dist import is_main_process
from rich.table import Table

from mmpretrain_imbalance.functional import class_scores
from mmpretrain_imbalance.hooks import BestThresholdsHook
from mmpretrain_imbalance.metrics.known_predictions import KnownPredictions
from mmpretrain_imbalance.utils.argument_checks import type_name
from mmpretrain_imbalance.utils.printable import PrintableConsole


def gain_table(predictions: KnownPredictions, thresholds: np.ndarray, rows: int = 40) -> Table:
    """Build a table of the classes whose F1 changes most through the thresholds, and of the mean.

    Args:
        predictions: Predictions on the validation set.
        thresholds: The chosen thresholds, of shape (C,).
        rows: Maximum number of classes.

    Returns:
        The table for the terminal.
    """
    before, after = (
        class_scores(
            predictions.scores >= values.astype(predictions.scores.dtype)[predictions.classes],
            predictions.labels,
            predictions.classes,
            num_classes=predictions.num_classes,
        )
        for values in (np.full(len(thresholds), 0.5), thresholds)
    )
    table = Table(
        "class",
        title="Percent, on the validation set on which the thresholds were chosen",
        title_justify="left",
    )
    for heading in ("positives", "threshold", "F1 at 0.5", "F1", "precision", "recall"):
        table.add_column(heading, justify="right")
    columns = (before.f1, after.f1, after.precision, after.recall)
    gain = np.abs(np.nan_to_num(after.f1 - before.f1, nan=-1))
    for index in np.sort(np.argsort(-gain, kind="stable")[:rows]):
        cells = [f"{100 * values[index]:.1f}" for values in columns]
        table.add_row(
            predictions.class_names[index], str(before.positives[index]), f"{thresholds[index]:.3f}", *cells
        )
    table.add_section()
    table.add_row("mean", "", "", *(f"{100 * np.nanmean(values):.1f}" for values in columns))
    if len(thresholds) > rows:
        table.caption = f"The {rows} of {len(thresholds)} classes whose F1 changes most"
    return table


def main(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """Evaluate the validation set, and write the thresholds."""
    with explain_input_errors(parser, args.traceback):
        hook = BestThresholdsHook(args.precision, args.recall, args.shrinkage, args.out)
    cfg = read_config(parser, args)
    override(parser, cfg, args.cfg_options)
    if cfg.get("val_dataloader") is None:
        parser.error(
            "The 'config' argument must be a config with val_dataloader, on which the thresholds are "
            "chosen. Got one without val_dataloader instead."
        )
    set_dataloader_defaults(cfg, "val_dataloader", not args.no_pin_memory)
    cfg.load_from = checkpoint_file(parser, args.checkpoint)
    cfg.custom_hooks = [
        hook
        for hook in cfg.get("custom_hooks") or []
        if type_name(hook.get("type")) != BestThresholdsHook.__name__
    ]
    with explain_input_errors(parser, args.traceback, cfg):
        runner = build_runner(parser, cfg)
        check_data(runner, "val_dataloader")
        runner.register_hook(hook)
        runner.val()
    if not is_main_process():
        return
    if hook.chosen is None:
        parser.exit(1, "No thresholds were chosen, because the validation set has no known positive label.\n")
    console = PrintableConsole(markup=False, emoji=False)  # class names are no markup
    console.print(gain_table(hook.predictions, np.array(hook.chosen["thresholds"])))
    console.print(f"Thresholds: {hook.path(runner)}", soft_wrap=True)


if __name__ == "__main__":
    main(PARSER, ARGS)
