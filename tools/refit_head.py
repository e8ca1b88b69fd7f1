"""Compute the last linear layer of a checkpoint again from the features of its training images.

Validation chooses between several heads and the trained one. The same command resumes a stopped extraction.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from _lib.command_options import (
    add_cfg_options,
    add_device_option,
    add_traceback_option,
)
from _lib.quiet_import import import_mmpretrain


def parse_args() -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", help="path of the config of the model and its data")
    parser.add_argument("checkpoint", help="path of the checkpoint file")
    parser.add_argument(
        "--out", help="path of the new checkpoint (default: CHECKPOINT_refit.pth beside the checkpoint)"
    )
    parser.add_argument(
        "--features", help="folder for the features (default: CHECKPOINT_features beside the checkpoint)"
    )
    add_device_option(parser)
    add_cfg_options(parser, "test_dataloader.batch_size=256")
    add_traceback_option(parser)
    return parser, parser.parse_args()


if __name__ == "__main__":
    PARSER, ARGS = parse_args()  # before the slow imports
import_mmpretrain()

from _lib.command_line import check_folder, checkpoint_file, config_file, override
from _lib.input_errors import explain_input_errors
from rich.table import Table

from mmpretrain_imbalance.apis import RefittedHead, refit_head
from mmpretrain_imbalance.functional.refit import RefitResult
from mmpretrain_imbalance.utils.printable import PrintableConsole


def candidate_table(result: RefitResult) -> Table:
    """Build the table of the candidates for the terminal, with the chosen one in bold.

    Args:
        result: The result of the refit.

    Returns:
        The table.
    """
    title = "Average precision over known validation labels, percent"
    table = Table("head", title=title, title_justify="left")
    for heading in ("score", "difference", "95 % interval"):
        table.add_column(heading, justify="right")
    for candidate in result.candidates:
        cells = [candidate.name, f"{100 * candidate.score:.1f}", "", ""]
        if candidate is not result.candidates[0]:
            cells[2] = f"{100 * candidate.difference:+.1f}"
            cells[3] = f"{100 * candidate.low:+.1f} to {100 * candidate.high:+.1f}"
        table.add_row(*cells, style="bold" if candidate.name == result.chosen else None)
    return table


def report(config: str, refitted: RefittedHead) -> list[str]:
    """Describe the files, one line each."""
    result = refitted.result
    lines = [f"Chosen: {result.chosen}. {result.reason}"]
    if result.kept_classes:
        number = len(result.kept_classes)
        lines.append(f"Classes without a known positive, which keep their trained weights: {number}")
    return [
        *lines,
        f"Report: {refitted.report}",
        f"Features, which no later command needs: {refitted.features}",
        f"Test it: python tools/test.py {config} {refitted.checkpoint}",
    ]


def main(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """Refit the head, and print the candidates."""
    cfg = config_file(parser, args.config)
    checkpoint_file(parser, args.checkpoint)
    for option in ("out", "features"):
        if getattr(args, option) is not None:
            check_folder(parser, Path(getattr(args, option)).resolve().parent, f"--{option}")
    override(parser, cfg, args.cfg_options)
    with explain_input_errors(parser, args.traceback, cfg):
        refitted = refit_head(
            cfg, args.checkpoint, out=args.out, features=args.features, device=args.device, progress=True
        )
    console = PrintableConsole(highlight=False, markup=False, emoji=False)
    if refitted.result.candidates:
        console.print(candidate_table(refitted.result))
    for line in report(args.config, refitted):
        console.print(line, soft_wrap=True)


if __name__ == "__main__":
    main(PARSER, ARGS)
