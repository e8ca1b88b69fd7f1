"""Description of the data on which thresholds were chosen, and the comparison with other data."""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..utils.json_content import parse_json

#: Sentence for results on the same data.
SAME_DATA = (
    "The thresholds were chosen on these very images, so the results with them are too optimistic. Evaluate "
    "them on other images."
)


def describe_data(
    dataset: object, num_images: int, images: np.ndarray, classes: np.ndarray, labels: np.ndarray
) -> dict[str, Any]:
    """Describe a dataset by its class, annotation file, split and size, and a checksum of its known labels.

    Args:
        dataset: A dataset, or a wrapper with the dataset in its attribute ``dataset``.
        num_images: Number of images.
        images: Image index of each known label, sorted, of shape (K,).
        classes: Class index of each known label, of shape (K,).
        labels: The known labels, 1 or 0, of shape (K,).

    Returns:
        The description, which JSON can store.

    Example:
        >>> describe_data(object(), 1, np.array([0, 0]), np.array([0, 1]), np.array([1, 0]))
        {'dataset': 'object', 'num_images': 1, 'known_labels': '7dab5cd6'}
    """
    names, inner = [type(dataset).__name__], dataset
    while hasattr(inner, "dataset"):
        inner = inner.dataset
        names.append(type(inner).__name__)
    description: dict[str, Any] = {"dataset": " of ".join(names)}
    for name in ("ann_file", "split", "seed"):
        if (value := getattr(inner, name, None)) not in (None, ""):
            description[name] = value if isinstance(value, int) else str(value)
    return {**description, "num_images": num_images, "known_labels": _checksum(images, classes, labels)}


def same_data(
    chosen_on: Mapping[str, Any] | None,
    num_images: int,
    images: np.ndarray,
    classes: np.ndarray,
    labels: np.ndarray,
) -> bool:
    """Return whether these are the images on which thresholds were chosen.

    Paths are not compared, because the same data may have another path on another machine.

    Args:
        chosen_on: Description by :func:`describe_data`; None if it is not known.
        num_images: As in :func:`describe_data`.
        images: As in :func:`describe_data`.
        classes: As in :func:`describe_data`.
        labels: As in :func:`describe_data`.

    Returns:
        Whether the number of images and all known labels are equal. Without a description, it is False.

    Example:
        >>> known = (1, np.array([0, 0]), np.array([0, 1]), np.array([1, 0]))
        >>> same_data(describe_data(object(), *known), *known), same_data(None, *known)
        (True, False)
    """
    if chosen_on is None or chosen_on.get("num_images") != num_images:
        return False
    return bool(chosen_on.get("known_labels") == _checksum(images, classes, labels))


def read_chosen_on(path: str | os.PathLike[str]) -> dict[str, Any] | None:
    """Read the entry ``chosen_on`` of a threshold file.

    Args:
        path: A file of ``BestThresholdsHook`` or ``tools/tune_thresholds.py``.

    Returns:
        The description; None if the file has none, as every CSV file, or is malformed.
    """
    try:
        content = parse_json(Path(path).read_bytes(), f"The file {path}")
    except (OSError, ValueError):
        return None
    found = content.get("chosen_on") if isinstance(content, dict) else None
    return found if isinstance(found, dict) else None


def refit_of(meta: Mapping[str, Any]) -> str | None:
    """Return the name of the head of a checkpoint that ``tools/refit_head.py`` has written.

    Such a checkpoint has other weights than the one with the same number of iterations, so that thresholds
    of one are not those of the other.

    Args:
        meta: The entry ``meta`` of the checkpoint.

    Returns:
        The name; None if the head is the trained one.
    """
    return (meta.get("refit") or {}).get("chosen")


def _checksum(images: np.ndarray, classes: np.ndarray, labels: np.ndarray) -> str:
    checksum = 0
    for values, dtype in ((images, "<i8"), (classes, "<i4"), (labels, "<i1")):
        checksum = zlib.crc32(np.ascontiguousarray(values, dtype=dtype).tobytes(), checksum)
    return f"{checksum:08x}"
