"""List known labels that look wrong and unknown labels that are worth asking for, as a table to fill in.

A person fills the column 'correct' of the table with 1, 0 or -1 (cannot be decided); empty cells stay as they
are.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from _lib.command_options import (
    add_cfg_options,
    add_device_option,
    add_thresholds_option,
    add_traceback_option,
    check_one_checkpoint,
)
from _lib.quiet_import import import_mmpretrain


def parse_args() -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", help="path of the config with which the model was trained")
    parser.add_argument(
        "checkpoint", nargs="?", help="path of the checkpoint file of the model; omitted with --folds"
    )
    parser.add_argument("--out", default="suspects.csv", help="output file, .csv (default: suspects.csv)")
    parser.add_argument(
        "--split", choices=["train", "val", "test"], default="train", help="images to check (default: train)"
    )
    parser.add_argument(
        "--top", type=int, default=200, metavar="K", help="number of labels of each kind (default: 200)"
    )
    parser.add_argument("--per-class", action="store_true", help="list --top labels of each kind and class")
    parser.add_argument(
        "--method",
        choices=["self_confidence", "cleanlab"],
        default="self_confidence",
        help="score of known labels (default: self_confidence)",
    )
    parser.add_argument(
        "--folds",
        type=int,
        metavar="K",
        help="train K models on the training set, each without one fold of the images, and score each image "
        "by the model that has not seen it; the same command resumes a stopped training",
    )
    parser.add_argument(
        "--work-dir", help="folder for the models of --folds (default: work_dirs/CONFIG_NAME/folds)"
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of the folds (default: 0)")
    add_thresholds_option(parser)
    add_device_option(parser)
    add_cfg_options(parser)
    add_traceback_option(parser)
    check_one_checkpoint(parser)
    args = parser.parse_args()
    if Path(args.out).suffix != ".csv":
        parser.error(f"The '--out' argument must end in .csv. Got {args.out!r} instead.")
    if os.path.exists(args.out):
        parser.error(
            f"The '--out' argument must be a file that does not exist. Got {args.out!r} instead, which may "
            "contain the answers of a person."
        )
    if (args.checkpoint is None) == (args.folds is None):
        parser.error(
            "The 'checkpoint' argument must be given, or else '--folds', which trains its own models. Got "
            f"{'neither' if args.folds is None else 'both'} instead."
        )
    return parser, args


if __name__ == "__main__":
    PARSER, ARGS = parse_args()  # before the slow imports
import_mmpretrain()

from _lib.command_line import checkpoint_file, config_file, override
from _lib.input_errors import explain_input_errors
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from mmpretrain_imbalance.apis import SuspectLabels, suspect_labels
from mmpretrain_imbalance.utils.printable import PrintableConsole

BASIS = {
    "in-sample": "The model was trained on these labels (in-sample): it may have memorized wrong labels, "
    "which then look right. '--folds 5' scores each image by a model that has not seen it.",
    "out-of-fold": "Each image was scored by a model that has not seen it (out-of-fold).",
    "held-out": "The images were not used for training (held-out).",
}


def report(found: SuspectLabels, out: str) -> list[str]:
    """Describe the result, one line each."""
    wrong = sum(item.kind == "wrong?" for item in found.labels)
    lines = [
        f"{wrong} of {found.num_known} known labels look most wrong, and {len(found.labels) - wrong} of "
        f"{found.num_unknown} unknown labels are most worth asking for: {out}",
        BASIS[found.basis],
    ]
    if found.num_issues is not None:
        lines.append(
            f"Confident learning (cleanlab) finds {found.num_issues} of the known labels to be wrong."
        )
    lines.append(
        "Fill the column 'correct' with 1, 0, or -1 if it cannot be decided; leave it empty if you did not "
        "check the label."
    )
    return lines


def main(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """Score the labels, write the table, and print a summary."""
    cfg = config_file(parser, args.config)
    if args.checkpoint is not None:
        checkpoint_file(parser, args.checkpoint)
    override(parser, cfg, args.cfg_options)
    if cfg.get("work_dir") is None:
        cfg.work_dir = str(Path("work_dirs") / Path(args.config).stem)
    thresholds = args.thresholds
    try:
        thresholds = float(thresholds)
    except (TypeError, ValueError):
        pass  # no thresholds, or a file
    console = PrintableConsole(markup=False, emoji=False, soft_wrap=True, highlight=False)
    columns = (TextColumn("scoring"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    states = {"new": "training", "resumed": "resuming the training", "finished": "already trained"}
    with explain_input_errors(parser, args.traceback):
        with Progress(*columns, console=console) as progress:
            task = progress.add_task("", total=None)
            found = suspect_labels(
                cfg,
                args.checkpoint,
                split=args.split,
                top=args.top,
                per_class=args.per_class,
                method=args.method,
                num_folds=args.folds,
                work_dir=args.work_dir,
                seed=args.seed,
                thresholds=thresholds,
                device=args.device,
                on_progress=lambda done, total: progress.update(task, completed=done, total=total),
                on_fold=lambda fold, state: console.print(
                    f"Fold {fold + 1} of {args.folds}: {states[state]}"
                ),
            )
        try:
            found.save(args.out)
        except OSError as error:
            parser.exit(1, f"The table could not be written to {args.out}: {error.strerror or error}.\n")
    for line in report(found, args.out):
        console.print(line)


if __name__ == "__main__":
    main(PARSER, ARGS)
