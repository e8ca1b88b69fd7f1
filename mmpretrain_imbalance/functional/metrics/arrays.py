"""What the metrics take for an array, and how they say where one is wrong."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import ArrayLike


def as_array(values: ArrayLike | torch.Tensor) -> np.ndarray:
    """See lists, numpy arrays and tensors of any device as numpy arrays, sharing memory where they can.

    Args:
        values: Numbers of any shape.

    Returns:
        The same numbers; bfloat16, which numpy does not know, becomes float32.

    Example:
        >>> as_array(torch.tensor([0.5, 1.0], dtype=torch.bfloat16))
        array([0.5, 1. ], dtype=float32)
    """
    if isinstance(values, torch.Tensor):
        values = values.detach().cpu()
        values = (values.float() if values.dtype == torch.bfloat16 else values).numpy()
    return np.asarray(values)


def raise_at_first(wrong: np.ndarray, values: np.ndarray, subject: str, expected: str, place: str) -> None:
    """Raise for the first of the wrong values, if there is any.

    Args:
        wrong: Which values are wrong, bool.
        values: The values, of the same shape.
        subject: What they are, for instance "The 'scores' argument of auroc".
        expected: What they must be.
        place: Where a value is, with ``{0}``, ``{1}`` for its indices.

    Raises:
        ValueError: If there is any.

    Example:
        >>> raise_at_first(np.array([False, True]), np.array([0, 2]), "The labels", "0 or 1", "element {0}")
        Traceback (most recent call last):
        ValueError: The labels must be 0 or 1. Got 2 at element 1 instead.
    """
    if not wrong.any():
        return
    places = np.argwhere(wrong)
    more = f", and at {len(places) - 1} more" if len(places) > 1 else ""
    raise ValueError(
        f"{subject} must be {expected}. "
        f"Got {values[tuple(places[0])]:g} at {place.format(*places[0])}{more} instead."
    )
