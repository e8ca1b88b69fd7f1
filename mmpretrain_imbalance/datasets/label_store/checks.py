"""What must hold in the arrays of a label store: at a glance, and with a look at every element."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

_FLAT = ("indptr", "classes", "values", "name_bytes", "name_offsets")
_CHUNK = 2**20  # offsets that are compared at once


def refuse(where: str | None, array: str, law: str) -> None:
    """Refuse an array, by the name of its file.

    Args:
        where: Folder of the store; ``None`` in memory.
        array: Name of the array.
        law: What must hold.

    Raises:
        ValueError: Always.
    """
    place = f"{where}/{array}.npy of a label store" if where else f"array {array} of a label store in memory"
    raise ValueError(
        f"The {'file ' if where else ''}{place} must {law}. Got other content instead: it is damaged. "
        "Copy or build the store again."
    )


def check_sizes(arrays: Mapping[str, np.ndarray], where: str | None) -> None:
    """Compare sizes and both ends of the offsets, which takes no time however large the store is.

    Args:
        arrays: The arrays of the store by name.
        where: Its folder, for errors.

    Raises:
        ValueError: If they cannot be those of a store.
    """
    for name in _FLAT:
        if arrays[name].ndim != 1 or not np.issubdtype(arrays[name].dtype, np.integer):
            refuse(where, name, "be whole numbers in one row")
    for offsets, content in (("indptr", "classes"), ("name_offsets", "name_bytes")):
        ends = arrays[offsets][[0, -1]].tolist() if len(arrays[offsets]) else []
        if ends != [0, len(arrays[content])]:
            refuse(where, offsets, f"rise from 0 to the length of {content}, {len(arrays[content])}")
    if len(arrays["values"]) != len(arrays["classes"]):
        refuse(where, "values", f"have a label for each of {len(arrays['classes'])} classes")
    if len(arrays["name_offsets"]) != len(arrays["indptr"]):
        refuse(where, "name_offsets", f"name as many images as indptr has, {len(arrays['indptr']) - 1}")


def check_rising(arrays: Mapping[str, np.ndarray], where: str | None) -> None:
    """Read all offsets, and see whether no image ends before it starts.

    Args:
        arrays: The arrays of the store by name.
        where: Its folder, for errors.

    Raises:
        ValueError: If one does.
    """
    for name in ("indptr", "name_offsets"):
        offsets = arrays[name]
        for start in range(0, len(offsets) - 1, _CHUNK):
            part = offsets[start : start + _CHUNK + 1]
            if (part[1:] < part[:-1]).any():
                refuse(where, name, "never fall")


def check_labels(
    classes: np.ndarray, values: np.ndarray, num_classes: int, default_label: int, where: str | None
) -> None:
    """See whether some of the labels can be those of a store.

    Args:
        classes: Their classes, of shape (E,).
        values: The labels, of shape (E,).
        num_classes: Number of classes.
        default_label: The label that no image lists.
        where: Folder of the store, for errors.

    Raises:
        ValueError: If one cannot.
    """
    if not len(classes):
        return
    if classes.min() < 0 or classes.max() >= num_classes:
        refuse(where, "classes", f"be class indices from 0 to {num_classes - 1}")
    if values.min() < -1 or values.max() > 1 or (values == default_label).any():
        refuse(where, "values", "be 1, 0 or -1, and never the default label")
