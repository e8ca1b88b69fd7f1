"""Head, middle and tail classes, and the rarest ones, by their number of positives in training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import ArrayLike

from .arrays import as_array, raise_at_first

GROUPS = ("head", "middle", "tail")
DEFAULT_GROUP_THRESHOLDS = (20, 100)


def class_groups(
    positives: ArrayLike | torch.Tensor, group_thresholds: Sequence[float] = DEFAULT_GROUP_THRESHOLDS
) -> dict[str, np.ndarray]:
    """Split the classes into head, middle and tail by their training positives.

    The thresholds are lower bounds: a class is tail below the first, middle from the first on, and head from the
    second on.

    Args:
        positives: The number of training positives of each class, of shape (C,).
        group_thresholds: The least number of positives of a middle class and of a head class.

    Returns:
        For each of 'head', 'middle' and 'tail' which classes belong to it, bool, of shape (C,).

    Raises:
        ValueError: If the thresholds are not two numbers in ascending order, or a number of positives is
            negative.

    Example:
        >>> class_groups([500, 100, 99, 20, 3])["middle"]
        array([False, False,  True,  True, False])
    """
    positives = _checked(positives, "class_groups")
    check_group_thresholds(group_thresholds, "class_groups")
    head, tail = positives >= group_thresholds[1], positives < group_thresholds[0]
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


def check_group_thresholds(group_thresholds: Sequence[float], caller: str) -> None:
    """Raise unless the thresholds can split the classes.

    Args:
        group_thresholds: The least number of positives of a middle class and of a head class.
        caller: Name of the function or class whose argument this is, for the message.

    Raises:
        ValueError: If they are not two numbers in ascending order.

    Example:
        >>> check_group_thresholds((20, 100), "class_groups")
    """
    if len(group_thresholds) != 2 or not group_thresholds[0] <= group_thresholds[1]:
        raise ValueError(
            f"The 'group_thresholds' argument of {caller} must be two numbers in ascending order, the least "
            f"number of positives of a middle class and of a head class. Got {group_thresholds!r} instead."
        )


def check_group_quantiles(group_quantiles: Sequence[float], caller: str) -> None:
    """Raise unless the quantiles can split the classes.

    Args:
        group_quantiles: The fraction of the classes below the middle, and the fraction below the head.
        caller: Name of the function or class whose argument this is, for the message.

    Raises:
        ValueError: If they are not two numbers from 0 to 1 in ascending order.

    Example:
        >>> check_group_quantiles((0.25, 0.75), "quantile_group_thresholds")
    """
    if len(group_quantiles) != 2 or not 0 <= group_quantiles[0] <= group_quantiles[1] <= 1:
        raise ValueError(
            f"The 'group_quantiles' argument of {caller} must be two numbers from 0 to 1 in ascending order. "
            f"Got {group_quantiles!r} instead."
        )


def quantile_group_thresholds(
    positives: ArrayLike | torch.Tensor, group_quantiles: Sequence[float] = (1 / 3, 2 / 3)
) -> tuple[float, float]:
    """Thresholds for :func:`class_groups` at two quantiles of the numbers of positives.

    Args:
        positives: The number of training positives of each class, of shape (C,).
        group_quantiles: The fraction of the classes below the middle, and the fraction below the head.

    Returns:
        The two thresholds.

    Raises:
        ValueError: If the quantiles are not two numbers from 0 to 1 in ascending order, or there is no class.

    Example:
        >>> quantile_group_thresholds([1, 2, 4, 8, 16], group_quantiles=(0.25, 0.75))
        (2.0, 8.0)
    """
    positives = _checked(positives, "quantile_group_thresholds")
    check_group_quantiles(group_quantiles, "quantile_group_thresholds")
    if not len(positives):
        raise ValueError(
            "The 'positives' argument of quantile_group_thresholds must have at least one class. Got none "
            "instead."
        )
    middle, head = np.quantile(positives, group_quantiles)
    return float(middle), float(head)


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
