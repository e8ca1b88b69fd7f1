"""Options that name a dataset: a config, an annotation file or a label store."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_source_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what :func:`labels_of_source.labels_of_source` builds.

    Args:
        parser: The parser of a tool.
    """
    parser.add_argument("source", help="a config, an annotation file (.json, .csv), or a label store")
    parser.add_argument("--split", choices=["train", "val", "test"], default="train", help="of a config")
    parser.add_argument(
        "--default-label",
        choices=["unknown", "negative"],
        default="unknown",
        help="what a JSON file means by a class that a sample does not list",
    )
    parser.add_argument(
        "--repeated-images",
        choices=["raise", "join", "keep"],
        default="raise",
        help="images that a CSV or JSON file names again: raise an error, join their labels, or keep all",
    )


def name_of_output(source: str, split: str) -> str:
    """Name what a tool writes about a source: files of one name in different folders are told apart.

    Args:
        source: What the user named.
        split: Which dataset of a config.

    Returns:
        The name of the folder and that of the file or label store, and the split of a config.

    Example:
        >>> name_of_output("data/pets/train.csv", "train"), name_of_output("configs/pets.py", "val")
        ('pets-train', 'configs-pets-val')
    """
    path = Path(source).resolve()
    own = path.name if path.is_dir() else path.stem
    return "-".join([path.parent.name, own, *([split] if path.suffix == ".py" else [])])
