"""Command-line options that select a dataset: a config, an annotation file or a label store."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_source_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that ``labels_of_source`` needs.

    Args:
        parser: Parser of the command line.
    """
    parser.add_argument(
        "source", help="path of a config (.py), an annotation file (.json, .csv) or a label store"
    )
    parser.add_argument(
        "--split",
        choices=["train", "val", "test"],
        default="train",
        help="split of a config (default: train)",
    )
    parser.add_argument(
        "--default-label",
        choices=["unknown", "negative"],
        default="unknown",
        help="label of the classes that a sample of a JSON file does not list (default: unknown)",
    )
    parser.add_argument(
        "--repeated-images",
        choices=["raise", "join", "keep"],
        default="raise",
        help="if a CSV or JSON file lists an image more than once: raise an error, join the labels of the "
        "image, or keep every line as a separate sample (default: raise)",
    )


def name_of_output(source: str, split: str) -> str:
    """Return a name for the output of a tool; equal file names in different folders give different names.

    Args:
        source: Path of the config, annotation file or label store.
        split: Split of a config.

    Returns:
        The name of the folder, the name of the source without its suffix and, for a config, the split.

    Example:
        >>> name_of_output("data/pets/train.csv", "train"), name_of_output("configs/pets.py", "val")
        ('pets-train', 'configs-pets-val')
    """
    path = Path(source).resolve()
    name = path.name if path.is_dir() else path.stem
    return "-".join([path.parent.name, name, *([split] if path.suffix == ".py" else [])])
