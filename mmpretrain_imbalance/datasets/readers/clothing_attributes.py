"""Reader of the Clothing Attributes Dataset, whose labels are one MATLAB file per attribute."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from ...utils.argument_checks import check_choice
from ..annotations.label_rows import LabelRows, parts_of_array
from .matlab_file import read_matlab_array

_NUM_IMAGES, _NUM_TEST_IMAGES = 1856, 600
_BINARY = (
    "black blue brown collar cyan gender gray green many_colors necktie pattern_floral pattern_graphics "
    "pattern_plaid pattern_solid pattern_spot pattern_stripe placket purple red scarf skin_exposure white "
    "yellow"
)
#: Number of values of each attribute, in alphabetical order: 2 of an attribute that is absent or present.
ATTRIBUTES = dict(
    sorted({**dict.fromkeys(_BINARY.split(), 2), "category": 7, "neckline": 3, "sleevelength": 3}.items())
)


def read_clothing_attributes(root: str | os.PathLike[str], split: str = "train") -> LabelRows:
    """Read the labels of one split.

    A binary attribute is a class. Each value of an attribute with several values is a class. An attribute on
    which the annotators disagreed (NaN) is unknown. The data set has no published split: ours is random, with
    600 of the 1,856 images for testing.

    Args:
        root: Folder with ``labels``, which has a file such as ``black_GT.mat`` for each attribute.
        split: ``'train'``, ``'test'`` or ``'all'``.

    Returns:
        The labels. The images are ``000001.jpg`` and so on.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If the split is unknown, a file cannot be read, or a value is not one of its attribute.
    """
    check_choice("read_clothing_attributes", ("train", "test", "all"), split=split)
    names: list[str] = []
    columns: list[np.ndarray] = []
    for attribute, num_values in ATTRIBUTES.items():
        path = Path(root) / "labels" / f"{attribute}_GT.mat"
        values = _values(path, num_values)
        if columns and len(values) != len(columns[0]):
            raise ValueError(
                f"The 'GT' of {path} must have one value for each of the {len(columns[0])} images of the "
                f"other files. Got {len(values)} instead."
            )
        unknown = np.isnan(values)
        for value in [2] if num_values == 2 else range(1, num_values + 1):
            names.append(attribute if num_values == 2 else f"{attribute}_{value}")
            columns.append(np.where(unknown, -1, values == value).astype(np.int8))
    labels = np.stack(columns, axis=1)
    rows = _rows_of_split(len(labels), split)
    images = [f"{row + 1:06d}.jpg" for row in rows]
    return LabelRows(names, parts_of_array(labels[rows], images), num_images=len(rows), source=root)


def _rows_of_split(num_images: int, split: str) -> np.ndarray:
    """Return the rows of our random split, in increasing order."""
    if split == "all":
        return np.arange(num_images)
    num_test = num_images * _NUM_TEST_IMAGES // _NUM_IMAGES
    order = np.random.default_rng(0).permutation(num_images)
    return np.sort(order[num_images - num_test :] if split == "test" else order[: num_images - num_test])


def _values(path: Path, num_values: int) -> np.ndarray:
    """Read the value of each image, 1 to ``num_values`` or NaN, of shape (N,)."""
    if not path.is_file():
        raise FileNotFoundError(
            f"The labels of Clothing Attributes must be existing files. Got no file at {path} instead."
        )
    try:
        values = read_matlab_array(path, "GT").ravel()
    except ValueError as error:
        raise ValueError(
            f"The file {path} must be a MATLAB file with the variable 'GT'. Got {error} instead."
        ) from None
    wrong = np.flatnonzero(~np.isnan(values) & ~np.isin(values, np.arange(1, num_values + 1)))
    if len(wrong):
        raise ValueError(
            f"The 'GT' of {path} must be a number from 1 to {num_values} or NaN for every image. Got "
            f"{values[wrong[0]]:g} at image {wrong[0] + 1} instead."
        )
    return values
