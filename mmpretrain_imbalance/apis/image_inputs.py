"""Conversion of the inputs of an inferencer to a list of image paths and arrays."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Union

import numpy as np

from .image_paths import image_paths

Image = Union[str, "os.PathLike[str]", np.ndarray]


def list_images(inputs: Image | Iterable[Image]) -> list[str | np.ndarray]:
    """List the images of all inputs: arrays without a change, and the paths found by :func:`image_paths`.

    Args:
        inputs: An image file, a folder, a pattern, an array, or several of these. An array of shape
            (N, H, W, channels) is N images.

    Returns:
        The images in the given order. Repeated inputs are kept.

    Raises:
        TypeError: If an input is neither a path nor an array.
        ValueError: If a folder has no image, or a pattern matches no file.

    Example:
        >>> len(list_images([np.zeros((2, 8, 8, 3)), "a.jpg", np.zeros((8, 8))]))
        4
    """
    if isinstance(inputs, (str, os.PathLike, np.ndarray)):
        inputs = [inputs]
    elif not isinstance(inputs, Iterable):
        raise _type_error(inputs)
    images: list[str | np.ndarray] = []
    for item in inputs:
        if isinstance(item, np.ndarray):
            images.extend(item if item.ndim == 4 else [item])
        elif isinstance(item, (str, os.PathLike)):
            images += image_paths(item)
        else:
            raise _type_error(item)
    return images


def _type_error(found: object) -> TypeError:
    return TypeError(
        "The 'inputs' argument of MultiLabelInferencer must be image files, folders, patterns or NumPy "
        f"arrays. Got {type(found).__name__} instead."
    )
