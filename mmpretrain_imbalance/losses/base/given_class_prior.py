"""Class prior from an argument: a list in class order, or values by class name."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from ...utils.class_values import class_values


def given_class_prior(
    class_prior: Sequence[float] | Mapping[str, float] | str | os.PathLike[str],
    num_classes: int,
    class_names: Sequence[str] | None,
    caller: str,
) -> Tensor:
    """Read a class prior and validate it.

    Args:
        class_prior: P(positive) of each class in the order of the classes, by class name, or in a ``.json`` /
            ``.csv`` file by class name.
        num_classes: Number of classes C of the dataset.
        class_names: Names of the classes; ``None`` if the dataset has no names.
        caller: Name of the class whose argument this is, for error messages.

    Returns:
        The prior, float32, of shape (C,).

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If a class is missing, values are given by name but the classes have no names, or a value
            is not in [0, 1].

    Example:
        >>> given_class_prior([0.25, 0.5], 2, None, "SomeLoss")
        tensor([0.2500, 0.5000])
    """
    prior = torch.as_tensor(
        class_values(class_prior, "'class_prior' argument", class_names, num_classes, caller, "class_prior"),
        dtype=torch.float32,
    )
    if not ((prior >= 0) & (prior <= 1)).all():
        raise ValueError(
            f"The 'class_prior' argument of {caller} must be one probability for each of the {num_classes} "
            f"classes of the dataset. Got values from {prior.min().item():g} to {prior.max().item():g} "
            "instead."
        )
    return prior
