"""Checks of the arrays of a label store: fast checks of sizes and slow checks of every element."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

import numpy as np

_FLAT = ("indptr", "classes", "values", "name_bytes", "name_offsets")
_CHUNK = 2**20  # offsets per step


def raise_damaged(folder: str | None, array: str, requirement: str) -> NoReturn:
    """Raise the error of a damaged array.

    Args:
        folder: Folder of the store; ``None`` for a store in memory.
        array: Name of the array.
        requirement: The violated requirement, as it continues "must ...".

    Raises:
        ValueError: Always.
    """
    subject = (
        f"file {folder}/{array}.npy of a label store"
        if folder
        else f"array {array} of a label store in memory"
    )
    raise ValueError(
        f"The {subject} must {requirement}. Got other content instead: it is damaged. "
        "Copy or build the store again."
    )


def check_sizes(arrays: Mapping[str, np.ndarray], folder: str | None) -> None:
    """Compare the sizes of the arrays and the first and last offsets; fast for stores of any size.

    Args:
        arrays: The arrays of the store by name.
        folder: Folder of the store, for error messages; ``None`` for a store in memory.

    Raises:
        ValueError: If the sizes are inconsistent.
    """
    for name in _FLAT:
        if arrays[name].ndim != 1 or not np.issubdtype(arrays[name].dtype, np.integer):
            raise_damaged(folder, name, "be one-dimensional and hold integers")
    for offsets, content in (("indptr", "classes"), ("name_offsets", "name_bytes")):
        ends = arrays[offsets][[0, -1]].tolist() if len(arrays[offsets]) else []
        if ends != [0, len(arrays[content])]:
            raise_damaged(folder, offsets, f"rise from 0 to the length of {content}, {len(arrays[content])}")
    if len(arrays["values"]) != len(arrays["classes"]):
        raise_damaged(folder, "values", f"have a label for each of {len(arrays['classes'])} classes")
    if len(arrays["name_offsets"]) != len(arrays["indptr"]):
        expected = f"name as many images as indptr has, {len(arrays['indptr']) - 1}"
        raise_damaged(folder, "name_offsets", expected)


def check_rising(arrays: Mapping[str, np.ndarray], folder: str | None) -> None:
    """Raise unless the offsets never fall, so that no image ends before it starts.

    Args:
        arrays: The arrays of the store by name.
        folder: Folder of the store, for error messages; ``None`` for a store in memory.

    Raises:
        ValueError: If an offset is smaller than the one before it.
    """
    for name in ("indptr", "name_offsets"):
        offsets = arrays[name]
        for start in range(0, len(offsets) - 1, _CHUNK):
            part = offsets[start : start + _CHUNK + 1]
            if (part[1:] < part[:-1]).any():
                raise_damaged(folder, name, "never fall")


def check_labels(
    classes: np.ndarray, values: np.ndarray, num_classes: int, default_label: int, folder: str | None
) -> None:
    """Raise unless all class indices and labels are in range.

    Args:
        classes: Class indices, of shape (E,).
        values: The labels, of shape (E,).
        num_classes: Number of classes.
        default_label: The label that a store never lists.
        folder: Folder of the store, for error messages; ``None`` for a store in memory.

    Raises:
        ValueError: If a class index or a label is out of range.
    """
    if not len(classes):
        return
    if classes.min() < 0 or classes.max() >= num_classes:
        raise_damaged(folder, "classes", f"be class indices from 0 to {num_classes - 1}")
    if values.min() < -1 or values.max() > 1 or (values == default_label).any():
        raise_damaged(folder, "values", "be 1, 0 or -1, and never the default label")
