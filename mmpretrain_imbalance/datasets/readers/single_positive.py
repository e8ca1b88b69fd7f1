"""The .npy matrices of the single-positive literature, whose numbers mean something else than ours."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ...utils.argument_checks import check_choice
from ..annotations.label_rows import LabelRows, parts_of_table

_MEANINGS = {
    "zero_is_unknown": {1: 1, 0: -1, -1: 0},
    "zero_is_negative": {1: 1, 0: 0, -1: -1},
}


def read_single_positive_matrices(
    labels: str | os.PathLike,
    images: str | os.PathLike,
    *,
    meaning: str,
    class_names: Sequence[str] | None = None,
) -> LabelRows:
    """Read a matrix of labels and a list of image names.

    The same file can be meant in two ways, and nothing in it tells which: the caller must.

    Args:
        labels: ``.npy`` matrix of shape (N, C), such as ``formatted_train_labels_obs.npy``.
        images: ``.npy`` list of N names, text or bytes in UTF-8, such as ``formatted_train_images.npy``.
        meaning: ``'zero_is_unknown'``: 1 positive, 0 unknown, -1 negative, as observed labels are saved
            there. ``'zero_is_negative'``: 1 positive, 0 negative, -1 unknown, as complete labels are saved
            and as this package has them.
        class_names: C names; numbers where absent.

    Returns:
        The labels.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If an argument has no meaning, a file needs unpickling, the shapes differ, a number is
            none of 1, 0 and -1, or a name is no text.
    """
    check_choice("read_single_positive_matrices", tuple(_MEANINGS), meaning=meaning)
    table, names = _load(labels), _load(images)
    if table.ndim != 2 or names.shape != (len(table),):
        raise ValueError(
            f"The matrix {labels} must be of shape (N, C) and {images} of shape (N,). "
            f"Got {table.shape} and {names.shape} instead."
        )
    wrong = np.argwhere(~np.isin(table, (1, 0, -1)))
    if len(wrong):
        image, number = wrong[0]
        raise ValueError(
            f"The elements of {labels} must be 1, 0 or -1. Got {table[image, number]} at image {image}, class "
            f"{number}, and {len(wrong) - 1} more such elements instead."
        )
    if class_names is None:
        class_names = [str(number) for number in range(table.shape[1])]
    if len(class_names) != table.shape[1]:
        raise ValueError(
            f"The 'class_names' argument of read_single_positive_matrices must be {table.shape[1]} names, as "
            f"{labels} has columns. Got {len(class_names)} instead."
        )
    names = _text(names, images)
    lookup = np.array([_MEANINGS[meaning][value] for value in (0, 1, -1)], dtype=np.int8)
    parts = parts_of_table(lookup[table.astype(np.int64)], names)
    return LabelRows(class_names, parts, num_images=len(names))


def _text(names: np.ndarray, path: str | os.PathLike) -> list[str]:
    if names.dtype.kind not in "US":
        raise ValueError(f"The elements of {path} must be names of images. Got {names.dtype} instead.")
    try:
        return (np.char.decode(names, "utf-8") if names.dtype.kind == "S" else names).tolist()
    except UnicodeDecodeError as error:
        raise ValueError(
            f"The elements of {path} must be in UTF-8. Got other bytes instead: {error}."
        ) from None


def _load(path: str | os.PathLike) -> np.ndarray:
    if not Path(path).is_file():
        raise FileNotFoundError(f"The matrix must be an existing .npy file. Got {path} instead.")
    try:
        return np.load(path, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise ValueError(
            f"The file {path} must be a .npy array that needs no unpickling. Got an error instead: {error}"
        ) from None
