"""Estimate the prior of each class from the predictions of a trained model on its training images."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from _lib.command_options import add_cfg_options, add_device_option, add_traceback_option
from _lib.quiet_import import import_mmpretrain


def check_out(parser: argparse.ArgumentParser, out: str) -> None:
    """Check that the output file can be written, before the model predicts all images.

    Args:
        parser: Parser of the command line, which reports errors.
        out: Path of the output file.
    """
    folder = Path(out).absolute().parent
    while not folder.exists():  # it is created later
        folder = folder.parent
    if Path(out).is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        parser.error(f"The '--out' argument must be a file that can be written. Got {out!r} instead.")


def parse_args() -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", help="path of the config with which the model was trained")
    parser.add_argument("checkpoint", help="path of the checkpoint file of the model")
    parser.add_argument(
        "--out", default="class_prior.json", help="output file, .json or .csv (default: class_prior.json)"
    )
    parser.add_argument(
        "--full-labels",
        metavar="FILE",
        help="compare the estimate with fully annotated labels: a config whose training set has these "
        "labels, or the label_counts.json of a run that was trained on them",
    )
    add_device_option(parser)
    add_cfg_options(parser)
    add_traceback_option(parser)
    args = parser.parse_args()
    if Path(args.out).suffix not in (".json", ".csv"):
        parser.error(f"The '--out' argument must end in .json or .csv. Got {args.out!r} instead.")
    check_out(parser, args.out)
    return parser, args


if __name__ == "__main__":
    PARSER, ARGS = parse_args()  # before the slow imports
import_mmpretrain()

import numpy as np
from _lib.command_line import checkpoint_file, config_file, override
from _lib.input_errors import explain_input_errors
from mmengine.config import Config
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from mmpretrain_imbalance.apis.estimate_class_prior import (
    ClassPriorEstimate,
    build_training_set,
    estimate_class_prior,
)
from mmpretrain_imbalance.datasets import label_counts
from mmpretrain_imbalance.datasets.wrapped import class_names
from mmpretrain_imbalance.utils.class_values import read_named_values, write_named_values
from mmpretrain_imbalance.utils.printable import PrintableConsole


def full_frequencies(path: str, classes: tuple[str, ...]) -> np.ndarray:
    """Return the frequency of each class in fully annotated labels.

    Args:
        path: Path of a config (.py) with a training set, or of a ``.json`` or ``.csv`` file with label
            counts.
        classes: Class names in the order of the result.

    Returns:
        Positives divided by known labels, of shape (C,); NaN for a class without known labels.

    Raises:
        ValueError: If a class is missing.
    """
    if Path(path).suffix == ".py":
        dataset = build_training_set(Config.fromfile(path))
        counts, names = label_counts(dataset), class_names(dataset)
        missing = sorted(set(classes) - set(names or ()))
        if missing:
            raise ValueError(
                "The '--full-labels' argument must have every class of the model in its training set. Got "
                f"{path} instead, without {len(missing)} of the classes, such as {missing[0]!r}."
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
    """Describe the estimate and its rank correlations with the label frequencies, one line each."""
    low, high = estimate.class_prior.min(), estimate.class_prior.max()
    lines = [
        f"Class prior of {len(estimate.class_prior)} classes, estimated from {estimate.num_images} images, "
        f"between {low:.4f} and {high:.4f}: {out}"
    ]
    if estimate.is_corrected:
        lines.append(
            "A fixed number of labels per class is annotated, so the prior is corrected by the method of "
            "Saerens et al. (2002); the model must have ignored unknown labels, without class weights."
        )
    for labels, correlation in estimate.correlations.items():
        value = f"{correlation:.3f}"
        if np.isnan(correlation):
            value = "undefined, because there are too few classes or all values are equal"
        lines.append(f"Spearman rank correlation with the frequencies of the {labels}: {value}")
    return lines


def main(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """Predict the training images, write the prior, and print a summary."""
    cfg = config_file(parser, args.config)
    checkpoint_file(parser, args.checkpoint)
    full_labels = args.full_labels
    if full_labels is not None and not Path(full_labels).is_file():
        parser.error(f"The '--full-labels' argument must be an existing file. Got {full_labels!r} instead.")
    override(parser, cfg, args.cfg_options)
    console = PrintableConsole(markup=False, emoji=False)
    columns = (TextColumn("predicting"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with explain_input_errors(parser, args.traceback):
        full = None
        if full_labels is not None:
            names = class_names(build_training_set(cfg))
            if names is None:
                parser.error(
                    "The '--full-labels' argument must come with a training set that has class names. Got a "
                    "training set without class names instead."
                )
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
        parser.exit(1, f"The class prior could not be written to {args.out}: {error.strerror or error}.\n")
    for line in report(estimate, args.out):
        console.print(line, soft_wrap=True, highlight=False)


if __name__ == "__main__":
    main(PARSER, ARGS)
