"""Reader of the .npy label matrices of the single-positive literature, with their two label conventions."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ...utils.argument_checks import check_choice
from ...utils.array_files import load_array
from ...utils.found_values import is_text, shown
from ..annotations.label_rows import LabelRows, parts_of_array

_MEANINGS = {
    "zero_is_unknown": {1: 1, 0: -1, -1: 0},
    "zero_is_negative": {1: 1, 0: 0, -1: -1},
}


def read_single_positive_matrices(
    labels: str | os.PathLike[str],
    images: str | os.PathLike[str],
    *,
    meaning: str,
    class_names: Sequence[str] | None = None,
) -> LabelRows:
    """Read a label matrix and a list of image names.

    Two label conventions are in use, and the file does not contain its convention.

    Args:
        labels: ``.npy`` matrix of shape (N, C), such as ``formatted_train_labels_obs.npy``.
        images: ``.npy`` list of N names, text or bytes in UTF-8, such as ``formatted_train_images.npy``.
        meaning: Label convention. ``'zero_is_unknown'``: 1 positive, 0 unknown, -1 negative, used for
            observed labels. ``'zero_is_negative'``: 1 positive, 0 negative, -1 unknown, used for complete
            labels and in this package.
        class_names: Names of the C classes; by default their numbers.

    Returns:
        The labels.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If an argument is invalid, a file needs unpickling, the shapes differ, an element is not
            1, 0 or -1, or a name is not text.
    """
    check_choice("read_single_positive_matrices", tuple(_MEANINGS), meaning=meaning)
    matrix, name_array = _load(labels), _load(images)
    if matrix.dtype.kind not in "biuf":
        raise ValueError(f"The elements of {labels} must be 1, 0 or -1. Got {matrix.dtype} instead.")
    if matrix.ndim != 2 or name_array.shape != (len(matrix),):
        raise ValueError(
            f"The matrix {labels} must be of shape (N, C) and {images} of shape (N,). "
            f"Got {matrix.shape} and {name_array.shape} instead."
        )
    wrong = np.argwhere(~np.isin(matrix, (1, 0, -1)))
    if len(wrong):
        image, number = wrong[0]
        raise ValueError(
            f"The elements of {labels} must be 1, 0 or -1. Got {matrix[image, number]} at image {image}, "
            f"class {number}, and {len(wrong) - 1} more such elements instead."
        )
    if class_names is None:
        class_names = [str(number) for number in range(matrix.shape[1])]
    if len(class_names) != matrix.shape[1]:
        raise ValueError(
            f"The 'class_names' argument of read_single_positive_matrices must be {matrix.shape[1]} names, "
            f"one per column of {labels}. Got {len(class_names)} names instead."
        )
    names = _text(name_array, images)
    lookup = np.array([_MEANINGS[meaning][value] for value in (0, 1, -1)], dtype=np.int8)
    parts = parts_of_array(lookup[matrix.astype(np.int64)], names)
    return LabelRows(class_names, parts, num_images=len(names), source=images)


def _text(names: np.ndarray, path: str | os.PathLike[str]) -> list[str]:
    if names.dtype.kind not in "US":
        raise ValueError(f"The elements of {path} must be names of images. Got {names.dtype} instead.")
    try:
        decoded: list[str] = (np.char.decode(names, "utf-8") if names.dtype.kind == "S" else names).tolist()
    except UnicodeDecodeError as error:
        raise ValueError(
            f"The elements of {path} must be in UTF-8. Got other bytes instead: {error}."
        ) from None
    wrong = [number for number, name in enumerate(decoded) if not is_text(name)]
    if wrong:
        raise ValueError(
            f"The elements of {path} must be names of images. Got {shown(decoded[wrong[0]])} at image "
            f"{wrong[0]} instead."
        )
    return decoded


def _load(path: str | os.PathLike[str]) -> np.ndarray:
    if not Path(path).is_file():
        raise FileNotFoundError(f"The matrix must be an existing .npy file. Got {path} instead.")
    try:
        return load_array(path)
    except ValueError as error:
        raise ValueError(
            f"The file {path} must be a .npy array that needs no unpickling. Got {error} instead."
        ) from None
