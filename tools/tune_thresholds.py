"""Choose the decision threshold of each class on the validation set, and write them by class name."""

from __future__ import annotations

import argparse

from _lib.command_options import common_parser
from _lib.quiet_import import import_mmpretrain


def parse_args() -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    """Parse the options."""
    parser = common_parser(__doc__)
    parser.add_argument("checkpoint", help="path of the checkpoint")
    target = parser.add_mutually_exclusive_group()
    target.add_argument("--precision", type=float, help="the precision to reach, instead of the best F1")
    target.add_argument("--recall", type=float, help="the recall to reach, instead of the best F1")
    parser.add_argument(
        "--shrinkage",
        type=float,
        default=10.0,
        help="known positives with which a class is half way to the threshold of all classes, by default 10",
    )
    parser.add_argument(
        "--out", default="thresholds.json", help=".json or .csv, in the work folder unless it is absolute"
    )
    return parser, parser.parse_args()


if __name__ == "__main__":
    PARSER, ARGS = parse_args()  # before the imports, which take seconds
import_mmpretrain()

import numpy as np
from _lib.command_line import (
    build_runner,
    checkpoint_file,
    override,
    read_config,
    set_dataloader_defaults,
)
from _lib.user_faults import explained_faults
from mmengine.dist import is_main_process
from rich.console import Console
from rich.table import Table

from mmpretrain_imbalance.functional import class_scores
from mmpretrain_imbalance.hooks import BestThresholdsHook
from mmpretrain_imbalance.metrics.known_predictions import KnownPredictions
from mmpretrain_imbalance.utils.argument_checks import type_name


def gain_table(predictions: KnownPredictions, thresholds: np.ndarray, rows: int = 40) -> Table:
    """The classes whose F1 the thresholds change most, and the mean.

    Args:
        predictions: What was predicted on the validation set.
        thresholds: The chosen thresholds, of shape (C,).
        rows: How many classes at most.

    Returns:
        The table, for a terminal.
    """
    before, after = (
        class_scores(
            predictions.scores >= reached.astype(predictions.scores.dtype)[predictions.classes],
            predictions.labels,
            predictions.classes,
            num_classes=predictions.num_classes,
        )
        for reached in (np.full(len(thresholds), 0.5), thresholds)
    )
    table = Table("class", title="On the validation set that chose them, in percent", title_justify="left")
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
        table.caption = f"the {rows} of {len(thresholds)} classes whose F1 changes most"
    return table


def main(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """Evaluate the validation set, write the thresholds."""
    with explained_faults(parser, args.traceback):
        hook = BestThresholdsHook(args.precision, args.recall, args.shrinkage, args.out)
    cfg = read_config(parser, args)
    override(parser, cfg, args.cfg_options)
    if cfg.get("val_dataloader") is None:
        parser.error("The config has no val_dataloader, which the thresholds are chosen on.")
    set_dataloader_defaults(cfg, "val_dataloader", not args.no_pin_memory)
    cfg.load_from = checkpoint_file(parser, args.checkpoint)
    cfg.custom_hooks = [
        hook
        for hook in cfg.get("custom_hooks") or []
        if type_name(hook.get("type")) != BestThresholdsHook.__name__
    ]
    with explained_faults(parser, args.traceback):
        runner = build_runner(parser, cfg)
        runner.register_hook(hook)
        runner.val()
    if not is_main_process():
        return
    if hook.chosen is None:
        parser.exit(1, "No thresholds were chosen: the validation set has no known positive.\n")
    console = Console(markup=False, emoji=False)  # class names are no markup
    console.print(gain_table(hook.predictions, np.array(hook.chosen["thresholds"])))
    console.print(f"Thresholds: {hook.path(runner)}", soft_wrap=True)


if __name__ == "__main__":
    main(PARSER, ARGS)
