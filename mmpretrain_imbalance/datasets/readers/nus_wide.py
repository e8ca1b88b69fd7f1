"""The 81 concepts of NUS-WIDE, from the official lists."""

from __future__ import annotations

import os
from pathlib import Path, PureWindowsPath

import numpy as np

from ...utils.argument_checks import check_choice
from ..annotations.content import open_text
from ..annotations.errors import AnnotationErrors
from ..annotations.label_rows import LabelRows, parts_of_table, settle_faults


def read_nus_wide(root: str | os.PathLike, split: str, *, skip_malformed: bool = False) -> LabelRows:
    """Read the labels of one split: 1 is positive and 0 negative; nothing is unknown.

    Args:
        root: Folder with ``ConceptsList/Concepts81.txt``, ``ImageList`` and ``Groundtruth/TrainTestLabels``.
        split: ``'Train'`` or ``'Test'``, as in the file names.
        skip_malformed: Whether to take a label that is neither 0 nor 1 as unknown and count it.

    Returns:
        The labels; images are named as in the image list, with ``/`` where it has a backslash.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If an argument has no meaning, a label is wrong, or a file has another number of lines
            than the image list.
    """
    check_choice("read_nus_wide", ("Train", "Test"), split=split)
    root, notes = Path(root), {}
    concepts = _read(root / "ConceptsList" / "Concepts81.txt")
    listing = _read(root / "ImageList" / f"{split}Imagelist.txt")
    images = [PureWindowsPath(line).as_posix() for line in listing]
    table = np.empty((len(images), len(concepts)), dtype=np.int8)
    for number, concept in enumerate(concepts):
        path = root / "Groundtruth" / "TrainTestLabels" / f"Labels_{concept}_{split}.txt"
        lines = _read(path)
        if len(lines) != len(images):
            raise ValueError(
                f"The label list {path} must have a line for each of the {len(images)} images. Got "
                f"{len(lines)} lines instead."
            )
        faults = AnnotationErrors(str(path))
        for row, label in enumerate(lines):
            if label not in ("0", "1"):
                faults.add(f"line {row + 1}", "label", "1 or 0", label)
        settle_faults(faults, skip_malformed, notes)
        table[:, number] = [{"0": 0, "1": 1}.get(label, -1) for label in lines]
    return LabelRows(concepts, parts_of_table(table, images, 0), 0, len(images), notes)


def _read(path: Path) -> list[str]:
    if not path.is_file():
        raise FileNotFoundError(f"The list of NUS-WIDE must be an existing file. Got {path} instead.")
    with open_text(str(path)) as file:
        return [line.strip() for line in file.read().rstrip().splitlines()]
