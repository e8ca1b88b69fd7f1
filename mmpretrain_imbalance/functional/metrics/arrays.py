"""Conversion of metric inputs to arrays, and errors that name the first wrong value."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import ArrayLike


def as_array(values: ArrayLike | torch.Tensor) -> np.ndarray:
    """Convert lists, arrays and tensors of any device to numpy arrays; memory is shared if possible.

    Args:
        values: Numbers of any shape.

    Returns:
        The same numbers. bfloat16, which numpy does not support, becomes float32.

    Example:
        >>> as_array(torch.tensor([0.5, 1.0], dtype=torch.bfloat16))
        array([0.5, 1. ], dtype=float32)
    """
    if isinstance(values, torch.Tensor):
        values = values.detach().cpu()
        values = (values.float() if values.dtype == torch.bfloat16 else values).numpy()
    return np.asarray(values)


def raise_at_first(wrong: np.ndarray, values: np.ndarray, subject: str, expected: str, position: str) -> None:
    """Raise for the first wrong value, if there is any.

    Args:
        wrong: The wrong values, bool.
        values: The values, of the same shape.
        subject: Name of the values in the message, for instance "The 'scores' argument of auroc".
        expected: Description of valid values.
        position: Description of the position of a value, with ``{0}``, ``{1}`` for its indices.

    Raises:
        ValueError: If any value is wrong.

    Example:
        >>> raise_at_first(np.array([False, True]), np.array([0, 2]), "The labels", "0 or 1", "element {0}")
        Traceback (most recent call last):
        ValueError: The labels must be 0 or 1. Got 2 at element 1 instead.
    """
    if not wrong.any():
        return
    indices = np.argwhere(wrong)
    more = f", and at {len(indices) - 1} more" if len(indices) > 1 else ""
    raise ValueError(
        f"{subject} must be {expected}. "
        f"Got {values[tuple(indices[0])]:g} at {position.format(*indices[0])}{more} instead."
    )
