"""Reader of Visual Genome with its most frequent categories, from the VG-200 and VG-500 lists."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from ..annotations.content import open_text, read_json
from ..annotations.errors import AnnotationErrors
from ..annotations.label_rows import LabelRows, handle_errors, parts_of_images
from .image_lists import read_listed_images


def read_visual_genome(
    labels: str | os.PathLike[str],
    image_list: str | os.PathLike[str],
    *,
    num_classes: int = 200,
    class_names: str | os.PathLike[str] | None = None,
    skip_malformed: bool = False,
) -> LabelRows:
    """Read the labels of one split; classes that are not listed for an image are negative.

    Args:
        labels: JSON object that maps image names to lists of class indices, such as
            ``vg_category_200_labels_index.json``.
        image_list: Text file with the image names of the split, one per line.
        num_classes: Number of classes.
        class_names: Text file with one class name per line; by default classes are named by their numbers.
        skip_malformed: Whether to leave out and count malformed images instead of raising.

    Returns:
        The labels, in the order of the list.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If a file is malformed.
    """
    content = read_json(os.fspath(labels))
    if not isinstance(content, dict):
        kind = type(content).__name__
        raise ValueError(f"The label file {labels} must be a JSON object. Got a {kind} instead.")
    names = [str(number) for number in range(num_classes)]
    if class_names is not None:
        with open_text(os.fspath(class_names)) as file:
            names = [line.strip() for line in file if line.strip()]
        if len(names) != num_classes:
            raise ValueError(
                f"The file {class_names} must name {num_classes} classes. Got {len(names)} names instead."
            )
    listing = Path(image_list)
    notes: dict[str, int] = {}
    list_errors = AnnotationErrors(str(listing))
    lines = read_listed_images(listing, list_errors)
    handle_errors(list_errors, skip_malformed, notes)

    def images() -> Iterator[tuple[str, list[int], list[int]]]:
        errors = AnnotationErrors(str(labels))
        for name, number in lines.items():
            row = content.get(name)
            if not isinstance(row, list):
                where = f"{name} (line {number} of {listing.name})"
                found = "no labels" if row is None else row
                errors.add(where, "labels", "a list of class indices", found, in_words=row is None)
            elif wrong := [item for item in row if type(item) is not int or not 0 <= item < num_classes]:
                errors.add(name, "labels", f"class indices from 0 to {num_classes - 1}", wrong[0])
            else:
                classes = sorted(set(row))
                yield name, classes, [1] * len(classes)
        handle_errors(errors, skip_malformed, notes)

    return LabelRows(names, parts_of_images(images()), default_label=0, notes=notes, source=listing)
