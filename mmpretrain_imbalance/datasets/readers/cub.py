"""Reader of the 312 attributes of Caltech-UCSD Birds-200-2011, with the certainties of the annotators."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ...utils.argument_checks import check_choice
from ...utils.class_names import check_class_names
from ..annotations.content import open_text
from ..annotations.errors import AnnotationErrors
from ..annotations.label_rows import LabelRows, handle_errors, parts_of_array

_CERTAINTIES = {"not_visible": 1, "guessing": 2, "probably": 3, "definitely": 4}


def read_cub(
    root: str | os.PathLike[str],
    split: str = "train",
    *,
    unknown: tuple[str, ...] = ("not_visible",),
    skip_malformed: bool = False,
) -> LabelRows:
    """Read the attribute labels of one split.

    Args:
        root: Folder with ``images.txt``, ``train_test_split.txt`` and ``attributes``.
        split: ``'train'``, ``'test'`` or ``'all'``.
        unknown: Certainties whose labels are unknown: any of ``'not_visible'``, ``'guessing'``,
            ``'probably'`` and ``'definitely'``.
        skip_malformed: Whether to leave out and count malformed lines instead of raising. If two lines
            contradict each other, the attribute is then unknown.

    Returns:
        The labels, in the order of ``images.txt`` and of the ids in ``attributes.txt``. Labels without a line
        are unknown.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If an argument is invalid or a line is malformed.
    """
    check_choice("read_cub", ("train", "test", "all"), split=split)
    for word in unknown:
        check_choice("read_cub", tuple(_CERTAINTIES), unknown=word)
    root = Path(root)
    notes: dict[str, int] = {}
    images = dict(_pairs(root / "images.txt"))
    in_train = _read_split(root / "train_test_split.txt", images, skip_malformed, notes)
    # In the archive this list is beside the folder that has the other lists.
    paths = (root / "attributes" / "attributes.txt", root / "attributes.txt", root.parent / "attributes.txt")
    names = _attribute_names(next((path for path in paths if path.is_file()), paths[0]))
    row = {image: number for number, image in enumerate(images)}
    labels_path = root / "attributes" / "image_attribute_labels.txt"
    errors = AnnotationErrors(str(labels_path))
    labels = np.full((len(images), len(names)), -1, dtype=np.int8)
    line_of = np.zeros(labels.shape, dtype=np.int32)
    hidden = {str(_CERTAINTIES[word]) for word in unknown}
    for line, cells in _lines(labels_path):
        if len(cells) != 5:
            expected = "5 numbers (image, attribute, present, certainty, seconds)"
            errors.add(f"line {line}", "row", expected, " ".join(cells))
            continue
        image, attribute, present, certainty, _ = cells
        if image not in row:
            errors.add(f"line {line}", "image", "an id of images.txt", image)
        elif not (attribute.isdecimal() and 1 <= int(attribute) <= len(names)):
            errors.add(f"line {line}", "attribute", f"a number from 1 to {len(names)}", attribute)
        elif present not in ("0", "1"):
            errors.add(f"line {line}", "present", "1 or 0", present)
        elif certainty not in ("1", "2", "3", "4"):
            errors.add(f"line {line}", "certainty", "a number from 1 to 4", certainty)
        else:
            index = row[image], int(attribute) - 1
            label = -1 if certainty in hidden else int(present)
            if line_of[index]:
                expected = f"an image and an attribute that are not already in line {line_of[index]}"
                errors.add(f"line {line}", "row", expected, " ".join(cells))
                label = label if label == labels[index] else -1
            labels[index], line_of[index] = label, line_of[index] or line
    handle_errors(errors, skip_malformed, notes)
    wanted = {"train": "1", "test": "0"}.get(split)
    kept = [number for image, number in row.items() if wanted is None or in_train.get(image) == wanted]
    image_names = list(images.values())
    image_names = [image_names[number] for number in kept]
    parts = parts_of_array(labels[kept], image_names)
    source = root / ("images.txt" if split == "all" else "train_test_split.txt")
    return LabelRows(names, parts, num_images=len(kept), notes=notes, source=source)


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    if not path.is_file():
        raise FileNotFoundError(f"The list of CUB-200-2011 must be an existing file. Got {path} instead.")
    with open_text(str(path)) as file:
        for number, line in enumerate(file, 1):
            if cells := line.split():
                yield number, cells


def _pairs(path: Path) -> Iterator[tuple[str, str]]:
    errors = AnnotationErrors(str(path))
    line_of: dict[str, int] = {}
    for number, cells in _lines(path):
        if len(cells) != 2:
            errors.add(f"line {number}", "row", "an id and a value", " ".join(cells))
        elif line_of.setdefault(cells[0], number) != number:
            expected = f"an id that is not already in line {line_of[cells[0]]}"
            errors.add(f"line {number}", "id", expected, cells[0])
        else:
            yield cells[0], cells[1]
    errors.raise_if_any()


def _attribute_names(path: Path) -> list[str]:
    """Read the attribute names in the order of their ids, 1 to the number of names."""
    names, errors = dict(_pairs(path)), AnnotationErrors(str(path))
    numbers = [str(number) for number in range(1, len(names) + 1)]
    for attribute in sorted(set(names) - set(numbers)):
        errors.add(f"attribute {attribute}", "id", f"a number from 1 to {len(names)}", attribute)
    errors.raise_if_any()
    in_order = [names[number] for number in numbers]
    check_class_names(in_order, f"The attribute names of {path}")
    return in_order


def _read_split(path: Path, images: dict[str, str], skip: bool, notes: dict[str, int]) -> dict[str, str]:
    errors, in_train = AnnotationErrors(str(path)), dict(_pairs(path))
    for image, value in in_train.items():
        if image not in images:
            errors.add(f"image {image}", "image", "an id of images.txt", image)
        elif value not in ("0", "1"):
            errors.add(f"image {image}", "is_training_image", "1 or 0", value)
    for image in images:
        if image not in in_train:
            errors.add(f"image {image}", "row", "given, because images.txt names it", "no row", in_words=True)
    handle_errors(errors, skip, notes)
    return in_train
