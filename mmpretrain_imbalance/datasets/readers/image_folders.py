"""Reader of image folders with one folder per class."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from ...functional.labels import LABEL_WORDS
from ...utils.argument_checks import check_choice
from ..annotations.label_rows import LabelRows, parts_of_images

_IMAGE_ENDINGS = (".bmp", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp")


def read_image_folders(root: str | os.PathLike[str], *, others: str) -> LabelRows:
    """Read class folders: an image is positive for the class of its folder.

    Files and folders whose name begins with a dot are ignored.

    Args:
        root: The folder that contains the class folders; images may be in subfolders of these.
        others: Label of all other classes of an image: ``'unknown'``, or ``'negative'`` if every image shows
            only one class.

    Returns:
        The labels, classes and images in alphabetical order, with image names relative to ``root``. Files
        that are not images are left out and counted.

    Raises:
        FileNotFoundError: If there is no such folder.
        ValueError: If ``others`` is invalid, a class has no image, or a name is not in UTF-8.
    """
    check_choice("read_image_folders", ("unknown", "negative"), others=others)
    root = Path(root)
    notes: dict[str, int] = {}
    if not root.is_dir():
        raise FileNotFoundError(f"The folder of class folders must exist. Got {root} instead.")
    folders = sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))

    def images() -> Iterator[tuple[str, list[int], list[int]]]:
        left_out: list[str] = []
        for number, folder in enumerate(folders):
            names = [_name_below(root, path) for path in _visible_files(folder)]
            image_names = [name for name in names if name.lower().endswith(_IMAGE_ENDINGS)]
            if not image_names:
                raise ValueError(f"Each class folder must have images. Got no image in {folder} instead.")
            left_out += [name for name in names if not name.lower().endswith(_IMAGE_ENDINGS)]
            for name in image_names:
                yield name, [number], [1]
        if left_out:
            endings = ", ".join(_IMAGE_ENDINGS)
            notes[f"files left out that do not end with {endings}; the first: {left_out[0]}"] = len(left_out)

    if not folders:
        raise ValueError(f"The folder {root} must have one folder per class. Got no folder instead.")
    classes = [_name_below(root, folder) for folder in folders]
    return LabelRows(classes, parts_of_images(images()), LABEL_WORDS[others], notes=notes, source=root)


def _visible_files(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if not path.is_dir() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def _name_below(root: Path, path: Path) -> str:
    name = path.relative_to(root).as_posix()
    try:
        name.encode()
    except UnicodeEncodeError:
        raise ValueError(
            f"The names of files and folders below {root} must be in UTF-8. Got {os.fsencode(name)!r} "
            "instead."
        ) from None
    return name
