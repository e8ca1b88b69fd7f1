"""The 312 attributes of Caltech-UCSD Birds-200-2011, with how certain the annotator was."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ...utils.argument_checks import check_choice
from ..annotations.content import open_text
from ..annotations.errors import AnnotationErrors
from ..annotations.label_rows import LabelRows, parts_of_table, settle_faults

_CERTAINTIES = {"not_visible": 1, "guessing": 2, "probably": 3, "definitely": 4}


def read_cub(
    root: str | os.PathLike,
    split: str = "train",
    *,
    unknown: tuple[str, ...] = ("not_visible",),
    skip_malformed: bool = False,
) -> LabelRows:
    """Read the attribute labels of one split.

    Args:
        root: Folder with ``images.txt``, ``train_test_split.txt`` and ``attributes``.
        split: ``'train'``, ``'test'`` or ``'all'``.
        unknown: Certainties whose labels count as unknown, out of ``'not_visible'``, ``'guessing'``,
            ``'probably'`` and ``'definitely'``.
        skip_malformed: Whether to leave out wrong lines and count them, instead of refusing the file. Where
            two lines contradict each other the attribute is then unknown.

    Returns:
        The labels, in the order of ``images.txt`` and of the ids in ``attributes.txt``. What no line speaks
        about is unknown.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If an argument has no meaning or a line is wrong.
    """
    check_choice("read_cub", ("train", "test", "all"), split=split)
    for word in unknown:
        check_choice("read_cub", tuple(_CERTAINTIES), unknown=word)
    root, notes = Path(root), {}
    images = dict(_pairs(root / "images.txt"))
    in_train = _read_split(root / "train_test_split.txt", images, skip_malformed, notes)
    # The archive has this list beside the folder, where the other lists are in it.
    places = (root / "attributes" / "attributes.txt", root / "attributes.txt", root.parent / "attributes.txt")
    names = _attribute_names(next((place for place in places if place.is_file()), places[0]))
    row = {image: number for number, image in enumerate(images)}
    path = root / "attributes" / "image_attribute_labels.txt"
    faults = AnnotationErrors(str(path))
    table = np.full((len(images), len(names)), -1, dtype=np.int8)
    line_of = np.zeros(table.shape, dtype=np.int32)
    hidden = {str(_CERTAINTIES[word]) for word in unknown}
    for line, cells in _lines(path):
        if len(cells) != 5:
            expected = "5 numbers: image, attribute, present, certainty, seconds"
            faults.add(f"line {line}", "row", expected, " ".join(cells))
            continue
        image, attribute, present, certainty, _ = cells
        if image not in row:
            faults.add(f"line {line}", "image", "an id of images.txt", image)
        elif not (attribute.isdecimal() and 1 <= int(attribute) <= len(names)):
            faults.add(f"line {line}", "attribute", f"a number from 1 to {len(names)}", attribute)
        elif present not in ("0", "1"):
            faults.add(f"line {line}", "present", "1 or 0", present)
        elif certainty not in ("1", "2", "3", "4"):
            faults.add(f"line {line}", "certainty", "a number from 1 to 4", certainty)
        else:
            place = row[image], int(attribute) - 1
            label = -1 if certainty in hidden else int(present)
            if line_of[place]:
                expected = f"an image and an attribute that line {line_of[place]} does not name already"
                faults.add(f"line {line}", "row", expected, " ".join(cells))
                label = label if label == table[place] else -1
            table[place], line_of[place] = label, line_of[place] or line
    settle_faults(faults, skip_malformed, notes)
    wanted = {"train": "1", "test": "0"}.get(split)
    kept = [number for image, number in row.items() if wanted is None or in_train.get(image) == wanted]
    image_names = list(images.values())
    image_names = [image_names[number] for number in kept]
    parts = parts_of_table(table[kept], image_names)
    return LabelRows(names, parts, num_images=len(kept), notes=notes)


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    if not path.is_file():
        raise FileNotFoundError(f"The list of CUB-200-2011 must be an existing file. Got {path} instead.")
    with open_text(str(path)) as file:
        for number, line in enumerate(file, 1):
            if cells := line.split():
                yield number, cells


def _pairs(path: Path) -> Iterator[tuple[str, str]]:
    faults, line_of = AnnotationErrors(str(path)), {}
    for number, cells in _lines(path):
        if len(cells) != 2:
            faults.add(f"line {number}", "row", "an id and a value", " ".join(cells))
        elif line_of.setdefault(cells[0], number) != number:
            expected = f"one that is not in line {line_of[cells[0]]} already"
            faults.add(f"line {number}", "id", expected, cells[0])
        else:
            yield cells[0], cells[1]
    faults.raise_if_any()


def _attribute_names(path: Path) -> list[str]:
    """The names in the order of their ids, as which the label list counts them."""
    names, faults = dict(_pairs(path)), AnnotationErrors(str(path))
    numbers = [str(number) for number in range(1, len(names) + 1)]
    for attribute in sorted(set(names) - set(numbers)):
        faults.add(f"attribute {attribute}", "id", f"a number from 1 to {len(names)}", attribute)
    faults.raise_if_any()
    return [names[number] for number in numbers]


def _read_split(path: Path, images: dict[str, str], skip: bool, notes: dict[str, int]) -> dict[str, str]:
    faults, in_train = AnnotationErrors(str(path)), dict(_pairs(path))
    for image, value in in_train.items():
        if image not in images:
            faults.add(f"image {image}", "image", "an id of images.txt", image)
        elif value not in ("0", "1"):
            faults.add(f"image {image}", "is_training_image", "1 or 0", value)
    for image in images:
        if image not in in_train:
            faults.add(f"image {image}", "row", "there, as images.txt names it", "no row", in_words=True)
    settle_faults(faults, skip, notes)
    return in_train
