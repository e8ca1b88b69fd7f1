"""Head, middle and tail classes, and the rarest ones, by their number of positives in training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import ArrayLike

from .arrays import as_array, raise_at_first

GROUPS = ("head", "middle", "tail")


def class_groups(
    positives: ArrayLike | torch.Tensor, borders: Sequence[float] = (20, 100)
) -> dict[str, np.ndarray]:
    """Split the classes into head, middle and tail.

    A class belongs to the tail below the lower border, to the head above the upper border, and to the middle
    from one border to the other, both included.

    Args:
        positives: The number of training positives of each class, of shape (C,).
        borders: The lower and the upper border, for instance those of :func:`quantile_borders`.

    Returns:
        For each of 'head', 'middle' and 'tail' which classes belong to it, bool, of shape (C,).

    Raises:
        ValueError: If the borders are not two numbers in ascending order, or a number of positives is
            negative.

    Example:
        >>> class_groups([500, 100, 20, 3])["middle"]
        array([False,  True,  True, False])
    """
    positives = _checked(positives, "class_groups")
    check_borders("borders", borders, "class_groups")
    head, tail = positives > borders[1], positives < borders[0]
    return {"head": head, "middle": ~head & ~tail, "tail": tail}


def named_class_groups(names: Sequence[str]) -> dict[str, np.ndarray]:
    """The groups of :func:`class_groups` where the dataset itself says which class belongs to which.

    Args:
        names: 'head', 'middle' or 'tail' of each of C classes, as LVIS has them in
            ``metainfo['class_groups']``.

    Returns:
        For each of 'head', 'middle' and 'tail' which classes belong to it, bool, of shape (C,).

    Raises:
        ValueError: If a name is another.

    Example:
        >>> named_class_groups(["tail", "head", "tail"])["tail"]
        array([ True, False,  True])
    """
    for index, name in enumerate(names):
        if name not in GROUPS:
            raise ValueError(
                "The 'names' argument of named_class_groups must be 'head', 'middle' or 'tail' for every "
                f"class. Got {name!r} at class {index} instead."
            )
    return {group: np.array([name == group for name in names]) for group in GROUPS}


def check_borders(argument: str, borders: Sequence[float], caller: str) -> None:
    """Refuse borders that part no classes.

    Args:
        argument: Name of the argument, for the message.
        borders: The lower and the upper border.
        caller: Name of the function or class whose argument this is, for the message.

    Raises:
        ValueError: If they are not two numbers in ascending order.

    Example:
        >>> check_borders("borders", (20, 100), "class_groups")
    """
    if len(borders) != 2 or not borders[0] <= borders[1]:
        raise ValueError(
            f"The '{argument}' argument of {caller} must be two numbers in ascending order: the tail lies "
            f"below the first, the head above the second. Got {borders!r} instead."
        )


def check_shares(argument: str, shares: Sequence[float], caller: str) -> None:
    """Refuse shares that are none.

    Args:
        argument: Name of the argument, for the message.
        shares: The share of the classes below the lower and below the upper border.
        caller: Name of the function or class whose argument this is, for the message.

    Raises:
        ValueError: If they are not two numbers from 0 to 1 in ascending order.

    Example:
        >>> check_shares("shares", (0.25, 0.75), "quantile_borders")
    """
    if len(shares) != 2 or not 0 <= shares[0] <= shares[1] <= 1:
        raise ValueError(
            f"The '{argument}' argument of {caller} must be two numbers from 0 to 1 in ascending order. "
            f"Got {shares!r} instead."
        )


def quantile_borders(
    positives: ArrayLike | torch.Tensor, shares: Sequence[float] = (1 / 3, 2 / 3)
) -> tuple[float, float]:
    """Borders of :func:`class_groups` below and above which a given share of the classes lies.

    Args:
        positives: The number of training positives of each class, of shape (C,).
        shares: The share of the classes below the lower and below the upper border.

    Returns:
        The two borders.

    Raises:
        ValueError: If the shares are not two numbers from 0 to 1 in ascending order, or there is no class.

    Example:
        >>> quantile_borders([1, 2, 4, 8, 16], shares=(0.25, 0.75))
        (2.0, 8.0)
    """
    positives = _checked(positives, "quantile_borders")
    check_shares("shares", shares, "quantile_borders")
    if not len(positives):
        raise ValueError(
            "The 'positives' argument of quantile_borders must hold at least one class. Got none instead."
        )
    low, high = np.quantile(positives, shares)
    return float(low), float(high)


def rarest_classes(positives: ArrayLike | torch.Tensor, k: int) -> np.ndarray:
    """The k classes with the fewest training positives, among those that have any.

    Args:
        positives: The number of training positives of each class, of shape (C,).
        k: How many classes; where fewer have a positive, all of these.

    Returns:
        Class indices, rarest first, the lower index first among equals.

    Raises:
        ValueError: If ``k`` is negative.

    Example:
        >>> rarest_classes([30, 0, 5, 5], k=2)
        array([2, 3])
    """
    positives = _checked(positives, "rarest_classes")
    if k < 0:
        raise ValueError(f"The 'k' argument of rarest_classes must be at least 0. Got {k} instead.")
    order = np.argsort(positives, kind="stable")
    return order[positives[order] > 0][:k]


def _checked(positives, caller: str) -> np.ndarray:
    positives = as_array(positives)
    if positives.ndim != 1:
        raise ValueError(
            f"The 'positives' argument of {caller} must have the shape (C,). Got {positives.shape} instead."
        )
    subject = f"The 'positives' argument of {caller}"
    raise_at_first(~(positives >= 0), positives, subject, "a count of at least 0 in every class", "class {0}")
    return positives
