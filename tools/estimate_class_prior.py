"""Estimate the prior of each class: one pass of a trained model over its training images."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from _lib.command_options import KeyValues, add_traceback_option
from _lib.quiet_import import import_mmpretrain


def check_out(parser: argparse.ArgumentParser, out: str) -> None:
    """Refuse a file that cannot be written before the images are predicted.

    Args:
        parser: Where errors are reported.
        out: The file.
    """
    folder = Path(out).absolute().parent
    while not folder.exists():  # it will be made
        folder = folder.parent
    if Path(out).is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        parser.error(f"The '--out' argument must be a file that can be written. Got {out!r} instead.")


def parse_args() -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    """Parse the options."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", help="path of the config that the model was trained with")
    parser.add_argument("checkpoint", help="path of its checkpoint")
    parser.add_argument("--out", default="class_prior.json", help=".json (the default) or .csv")
    parser.add_argument(
        "--full-labels",
        metavar="FILE",
        help="fully annotated labels to compare with: a config whose training set has them, or the "
        "label_counts.json of a run on them",
    )
    parser.add_argument("--device", help="such as cpu or cuda:1; by default a GPU where there is one")
    parser.add_argument(
        "--cfg-options",
        nargs="+",
        action=KeyValues,
        metavar="KEY=VALUE",
        help="replace settings of the config",
    )
    add_traceback_option(parser)
    args = parser.parse_args()
    if Path(args.out).suffix not in (".json", ".csv"):
        parser.error(f"The '--out' argument must end in .json or .csv. Got {args.out!r} instead.")
    check_out(parser, args.out)
    return parser, args


if __name__ == "__main__":
    PARSER, ARGS = parse_args()  # before the imports, which take seconds
import_mmpretrain()

import numpy as np
from _lib.command_line import checkpoint_file, config_file, override
from _lib.user_faults import explained_faults
from mmengine.config import Config
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from mmpretrain_imbalance.apis.estimate_class_prior import (
    ClassPriorEstimate,
    build_training_set,
    estimate_class_prior,
)
from mmpretrain_imbalance.datasets import label_counts
from mmpretrain_imbalance.datasets.wrapped import class_names
from mmpretrain_imbalance.utils.class_values import read_named_values, write_named_values


def full_frequencies(path: str, classes: tuple[str, ...]) -> np.ndarray:
    """Read the share of positives of each class from a config or from a file of label counts.

    Args:
        path: A config in Python, or a ``.json`` / ``.csv`` file by class name.
        classes: Class names in the order wanted.

    Returns:
        Positives over known labels, of shape (C,); NaN for a class without any.

    Raises:
        ValueError: If the file lacks a class.
    """
    if Path(path).suffix == ".py":
        dataset = build_training_set(Config.fromfile(path))
        counts, names = label_counts(dataset), class_names(dataset)
        missing = sorted(set(classes) - set(names or ()))
        if missing:
            raise ValueError(
                f"{path}: expected the class {missing[0]!r} and {len(missing) - 1} more in its training set, "
                "found none of that name."
            )
        order = [names.index(name) for name in classes]
        positives, negatives = counts.positives[order], counts.negatives[order]
    else:
        positives, negatives = (
            np.array(read_named_values(path, column, classes)) for column in ("positives", "negatives")
        )
    known = positives + negatives
    return np.where(known > 0, positives / np.maximum(known, 1), np.nan)


def report(estimate: ClassPriorEstimate, out: str) -> list[str]:
    """Lines that say what was found, and what it is worth."""
    low, high = estimate.class_prior.min(), estimate.class_prior.max()
    lines = [
        f"Class prior of {len(estimate.class_prior)} classes over {estimate.num_images} images, from "
        f"{low:.4f} to {high:.4f}: {out}"
    ]
    for labels, correlation in estimate.correlations.items():
        value = "undefined: too few classes, or all equal" if np.isnan(correlation) else f"{correlation:.3f}"
        lines.append(f"Rank correlation (Spearman) with the frequencies of the {labels}: {value}")
    return lines


def main(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """Predict, write the file and say what was found."""
    cfg = config_file(parser, args.config)
    checkpoint_file(parser, args.checkpoint)
    full_labels = args.full_labels
    if full_labels is not None and not Path(full_labels).is_file():
        parser.error(f"The '--full-labels' argument must be an existing file. Got {full_labels!r} instead.")
    override(parser, cfg, args.cfg_options)
    console = Console(markup=False, emoji=False)
    columns = (TextColumn("predicting"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with explained_faults(parser, args.traceback):
        full = None
        if full_labels is not None:
            names = class_names(build_training_set(cfg))
            if names is None:
                parser.error("The '--full-labels' argument needs class names, and the training set has none.")
            full = full_frequencies(full_labels, names)
        with Progress(*columns, console=console) as progress:
            task = progress.add_task("", total=None)
            estimate = estimate_class_prior(
                cfg,
                args.checkpoint,
                full,
                args.device,
                lambda done, total: progress.update(task, completed=done, total=total),
            )
    columns = {"class_prior": estimate.class_prior.tolist()}
    try:
        write_named_values(args.out, estimate.class_names, columns)
    except OSError as error:
        parser.exit(1, f"The prior could not be written to {args.out}: {error.strerror or error}.\n")
    for line in report(estimate, args.out):
        console.print(line, soft_wrap=True, highlight=False)


if __name__ == "__main__":
    main(PARSER, ARGS)
