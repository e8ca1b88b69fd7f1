"""One number a class: given in class order, by class name, or in a file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import numpy as np

from .named_values import read_named_values


def class_values(
    values: Sequence[float] | np.ndarray | Mapping[str, float] | str | os.PathLike,
    column: str,
    class_names: Sequence[str] | None,
    num_classes: int,
    caller: str,
    file_column: str | None = None,
) -> np.ndarray:
    """Bring the numbers of the classes into the order of the dataset.

    Args:
        values: The numbers in class order, by class name, or a file of :func:`write_named_values`. By name
            there may be more classes than the dataset has.
        column: What the numbers are, for the messages: the argument's name, and the column of the file.
        class_names: The class names of the dataset; None where it does not tell.
        num_classes: The number of classes that are scored.
        caller: Name of the class whose argument the values are, for the messages.
        file_column: The column of the file where it has another name than the argument.

    Returns:
        The numbers, of shape (C,).

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If a class is missing, the number of values is not the number of classes, or one is NaN.

    Example:
        >>> class_values({"dog": 7, "cat": 5}, "positives", ["cat", "dog"], 2, "PartialAveragePrecision")
        array([5, 7])
    """
    by_name = isinstance(values, (str, os.PathLike, Mapping))
    if by_name and class_names is None:
        raise ValueError(
            f"The {column} of {caller} must be a list in class order where the dataset names no classes. "
            "Got values by class name instead: give the dataset metainfo=dict(classes=[...])."
        )
    if isinstance(values, Mapping):
        missing = [name for name in class_names if name not in values]
        if missing:
            more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            raise ValueError(
                f"The {column} of {caller} must hold every class of the dataset. "
                f"Got {len(values)} classes without {missing[0]!r}{more} instead."
            )
        values = [values[name] for name in class_names]
    elif by_name:
        values = read_named_values(values, file_column or column, class_names)
    values = np.asarray(values)
    if values.shape != (num_classes,):
        raise ValueError(
            f"The {column} of {caller} must be one number for each of the {num_classes} classes. "
            f"Got the shape {values.shape} instead."
        )
    if values.dtype.kind not in "iuf" or np.isnan(values).any():
        raise ValueError(
            f"The {column} of {caller} must be numbers. Got "
            f"{'NaN' if values.dtype.kind == 'f' else values.tolist()} instead."
        )
    return values
