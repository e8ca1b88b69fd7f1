"""Save images of a dataset together with the names of their positive, negative and unknown classes."""

from __future__ import annotations

import argparse
import difflib
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1]))  # the folder of _lib

from _lib.quiet_import import import_mmpretrain
from _lib.source_arguments import add_source_arguments, name_of_output


def parse_args() -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_source_arguments(parser)
    parser.add_argument(
        "--data-root", default="", help="folder of the images; omit it with a config, which defines its own"
    )
    parser.add_argument("--data-prefix", default="", help="folder of the images within --data-root")
    parser.add_argument(
        "--num", type=int, default=16, help="number of images, chosen at random (default: 16)"
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of the random choice (default: 0)")
    parser.add_argument(
        "--class",
        action="append",
        default=[],
        metavar="NAME",
        help="only images for which this class is positive; can be repeated",
    )
    parser.add_argument(
        "--negative-of",
        action="append",
        default=[],
        metavar="NAME",
        help="only images for which this class is negative; can be repeated",
    )
    parser.add_argument(
        "--unknown-of",
        action="append",
        default=[],
        metavar="NAME",
        help="only images for which this class is unknown; can be repeated",
    )
    parser.add_argument(
        "--max-names", type=int, default=24, help="maximum number of class names per list (default: 24)"
    )
    parser.add_argument("--sheet", action="store_true", help="save all images in one file, sheet.png")
    parser.add_argument(
        "-o",
        "--out",
        type=Path,
        help="output folder (default: work_dirs/browse_labels/FOLDER-NAME)",
    )
    return parser, parser.parse_args()


if __name__ == "__main__":
    PARSER, ARGS = parse_args()  # before the slow imports
import_mmpretrain()

import numpy as np
from _lib.file_system_errors import error_text, explain_file_system_errors
from _lib.labels_of_source import labels_of_source
from _lib.sample_image import image_in_memory, read_image
from rich.progress import track
from torch.utils.data import Subset

from mmpretrain_imbalance.datasets import class_names, images_with_labels
from mmpretrain_imbalance.datasets.image_problems import names_backend
from mmpretrain_imbalance.datasets.simulate_store import label_source
from mmpretrain_imbalance.datasets.wrapped import resolve_wrapped_indices
from mmpretrain_imbalance.utils.files import atomic_write
from mmpretrain_imbalance.visualization import known_label_picture, known_label_sheet


def wanted_labels(args: argparse.Namespace, classes: tuple[str, ...]) -> dict[int, int]:
    """Convert the class names of the options to class indices with their required labels.

    Args:
        args: The parsed options.
        classes: The class names.

    Returns:
        The required label by class index.

    Raises:
        ValueError: If a class does not exist, or two options name the same class.
    """
    wanted: dict[int, int] = {}
    for option, label in (("class", 1), ("negative_of", 0), ("unknown_of", -1)):
        for name in getattr(args, option):
            argument = f"The '--{option.replace('_', '-')}' argument"
            if name not in classes:
                close = difflib.get_close_matches(name, classes, n=1)
                hint = f" Did you mean {close[0]!r}?" if close else ""
                raise ValueError(f"{argument} must be a class of the dataset. Got {name!r} instead.{hint}")
            if wanted.setdefault(classes.index(name), label) != label:
                raise ValueError(
                    f"{argument} must be a class that no other option names. Got {name!r} instead."
                )
    return wanted


def pictures_of(dataset: Any, indices: np.ndarray, focus: list[str]) -> list[tuple]:
    """Read images and labels.

    Args:
        dataset: The dataset.
        indices: Indices of the samples.
        focus: Names of the classes to highlight.

    Returns:
        Image, labels, title and focus of each sample.
    """
    pictures: list[tuple] = [()] * len(indices)
    for part in resolve_wrapped_indices(Subset(dataset, indices)):
        source = label_source(part.leaf, part.indices)
        for index, row, position in zip(part.indices, source.rows, part.positions):
            info = part.leaf.get_data_info(int(index))
            name = source.store.image_name(row) or info.get("img_path", "")
            title = f"{indices[position]}: {Path(name).name[-34:]}"
            image = image_in_memory(info)
            if image is None:
                image = read_image(info["img_path"], names_backend(part.leaf))
            pictures[position] = image, source.store.dense(row), title, focus
    return pictures


def main(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """Choose images and save their pictures."""
    try:
        folders = args.data_root, args.data_prefix
        dataset, name = labels_of_source(
            args.source, args.split, args.default_label, args.repeated_images, *folders
        )
        classes = class_names(dataset) or ()
        wanted = wanted_labels(args, classes)
        found = images_with_labels(dataset, wanted)
        if not len(found):
            raise ValueError("The options must match at least one image of the dataset. Got none instead.")
        rng = np.random.default_rng(args.seed)
        chosen = np.sort(rng.choice(found, min(max(1, args.num), len(found)), replace=False))
        pictures = pictures_of(dataset, chosen, [classes[c] for c in wanted])
    except (OSError, TypeError, ValueError) as error:
        parser.error(error_text(error))
    out = args.out or Path("work_dirs") / "browse_labels" / name_of_output(args.source, args.split)
    print(f"{len(chosen)} of {len(found):,} matching images, from {len(dataset):,} images in {name}")
    if args.sheet:
        figures = {"sheet.png": known_label_sheet(pictures, classes, args.max_names)}
    else:
        figures = {
            f"{index:08d}.png": (image, labels, classes, title, focus, args.max_names)
            for index, (image, labels, title, focus) in zip(chosen, pictures)
        }
    for file_name, figure in track(figures.items(), "saving pictures"):
        picture = known_label_picture(*figure) if isinstance(figure, tuple) else figure
        with atomic_write(out / file_name, "wb") as file:
            picture.savefig(file, format="png")
    print(out)


if __name__ == "__main__":
    with explain_file_system_errors(PARSER):
        main(PARSER, ARGS)
