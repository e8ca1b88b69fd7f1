"""Reader of the 81 concepts of NUS-WIDE, from the official lists."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from ...utils.argument_checks import check_choice
from ...utils.found_values import is_text, shown
from ..annotations.content import open_text
from ..annotations.errors import AnnotationErrors
from ..annotations.label_rows import LabelRows, handle_errors, parts_of_array


def read_nus_wide(root: str | os.PathLike[str], split: str, *, skip_malformed: bool = False) -> LabelRows:
    """Read the labels of one split, which are all known: 1 is positive and 0 negative.

    Args:
        root: Folder with ``ConceptsList/Concepts81.txt``, ``ImageList`` and ``Groundtruth/TrainTestLabels``.
        split: ``'Train'`` or ``'Test'``, as in the file names.
        skip_malformed: Whether to count malformed labels and use them as unknown instead of raising.

    Returns:
        The labels; image names are those of the image list, with ``/`` instead of backslashes.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If an argument is invalid, a label is not 0 or 1, or a file and the image list differ in
            the number of lines.
    """
    check_choice("read_nus_wide", ("Train", "Test"), split=split)
    root = Path(root)
    notes: dict[str, int] = {}
    concepts_path = root / "ConceptsList" / "Concepts81.txt"
    concepts = _read(concepts_path)
    list_path = root / "ImageList" / f"{split}Imagelist.txt"
    listing = _read(list_path)
    images = [line.replace("\\", "/") for line in listing]
    list_errors = AnnotationErrors(str(list_path))
    for number, image in enumerate(images, 1):
        if not is_text(image):
            list_errors.add(f"line {number}", "image", "the name of an image", image)
    list_errors.raise_if_any()
    labels = np.empty((len(images), len(concepts)), dtype=np.int8)
    for number, concept in enumerate(concepts):
        path = root / "Groundtruth" / "TrainTestLabels" / f"Labels_{concept}_{split}.txt"
        lines = _read(path, f"because {concepts_path.name} names {shown(concept)}")
        if len(lines) != len(images):
            raise ValueError(
                f"The label list {path} must have one line for each of the {len(images)} images. Got "
                f"{len(lines)} lines instead."
            )
        errors = AnnotationErrors(str(path))
        for row, label in enumerate(lines):
            if label not in ("0", "1"):
                errors.add(f"line {row + 1}", "label", "1 or 0", label)
        handle_errors(errors, skip_malformed, notes)
        labels[:, number] = [{"0": 0, "1": 1}.get(label, -1) for label in lines]
    parts = parts_of_array(labels, images, 0)
    return LabelRows(concepts, parts, 0, len(images), notes, source=list_path)


def _read(path: Path, reason: str = "as the data set has it") -> list[str]:
    if not os.path.isfile(path):
        raise FileNotFoundError(
            f"The list of NUS-WIDE must be an existing file, {reason}. Got {shown(str(path))} instead."
        )
    with open_text(str(path)) as file:
        lines = [line.strip() for line in file]
    while lines and not lines[-1]:
        lines.pop()
    return lines
