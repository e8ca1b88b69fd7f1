"""Table of one probability per training image and class, from a file or an array."""

from __future__ import annotations

import os

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from ...utils.array_files import load_array


def read_soft_labels(
    source: str | os.PathLike[str] | ArrayLike | Tensor, num_images: int, owner: str
) -> Tensor:
    """Read a table of probabilities.

    Args:
        source: A ``.npy`` file, an array or a tensor, of shape (num_images, C): probabilities, or NaN where
            there is none. Row i belongs to sample id i.
        num_images: Length of the training set.
        owner: Name of the loss with these soft labels, for error messages.

    Returns:
        The table, float16.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If the file is no array, the shape differs, or a number is no probability.

    Example:
        >>> read_soft_labels([[0.25, np.nan], [0.5, 1.0]], num_images=2, owner="SoftLabelLoss")
        tensor([[0.2500,    nan],
                [0.5000, 1.0000]], dtype=torch.float16)
    """
    must_be = f"The 'soft_labels' argument of {owner} must"
    if isinstance(source, (str, os.PathLike)):
        path = os.fspath(source)
        try:
            values = load_array(path)
        except FileNotFoundError:
            raise FileNotFoundError(
                f"{must_be} be a .npy file. Got {path!r} instead, which does not exist."
            ) from None
        except ValueError as error:
            raise ValueError(
                f"{must_be} be a .npy file. Got {path!r} instead, which cannot be read: {error}."
            ) from error
    else:
        path = "the given table"
        values = source.cpu().numpy() if isinstance(source, Tensor) else np.asarray(source)
    if values.ndim != 2 or len(values) != num_images or values.dtype.kind not in "biuf":
        raise ValueError(
            f"{must_be} have one row of numbers per image of the training set, of shape ({num_images}, C). "
            f"Got the shape {values.shape} and the type {values.dtype} in {path} instead."
        )
    if not (np.isnan(values) | ((values >= 0) & (values <= 1))).all():
        raise ValueError(
            f"{must_be} be probabilities from 0 to 1, or NaN for an element without one. Got another number "
            f"in {path} instead."
        )
    return torch.from_numpy(values.astype(np.float16))
