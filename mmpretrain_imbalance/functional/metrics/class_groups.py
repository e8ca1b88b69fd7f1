"""Groups of head, middle, tail and rarest classes by their number of training positives."""

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

    A class with fewer positives than the first threshold is tail, a class with at least as many as the second
    threshold is head, and all others are middle.

    Args:
        positives: The number of training positives of each class, of shape (C,).
        group_thresholds: The smallest number of positives of a middle class, and of a head class.

    Returns:
        The classes of 'head', 'middle' and 'tail', each bool, of shape (C,).

    Raises:
        ValueError: If the thresholds are not two numbers in ascending order, or a number of positives is
            negative.

    Example:
        >>> class_groups([500, 100, 99, 20, 3])["middle"]
        array([False, False,  True,  True, False])
    """
    counts = _as_counts(positives, "class_groups")
    check_group_thresholds(group_thresholds, "class_groups")
    head, tail = counts >= group_thresholds[1], counts < group_thresholds[0]
    return {"head": head, "middle": ~head & ~tail, "tail": tail}


def named_class_groups(names: Sequence[str]) -> dict[str, np.ndarray]:
    """Convert the group names of a dataset to the groups of :func:`class_groups`.

    Args:
        names: 'head', 'middle' or 'tail' for each of C classes, such as ``metainfo['class_groups']`` of LVIS.

    Returns:
        The classes of 'head', 'middle' and 'tail', each bool, of shape (C,).

    Raises:
        ValueError: If a name is unknown.

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
    """Raise unless the group thresholds are valid.

    Args:
        group_thresholds: The smallest number of positives of a middle class, and of a head class.
        caller: Name of the function or class whose argument this is, for the message.

    Raises:
        ValueError: If they are not two numbers in ascending order.

    Example:
        >>> check_group_thresholds((20, 100), "class_groups")
    """
    if len(group_thresholds) != 2 or not group_thresholds[0] <= group_thresholds[1]:
        raise ValueError(
            f"The 'group_thresholds' argument of {caller} must be two numbers in ascending order: the "
            "smallest number of positives of a middle class, and of a head class. "
            f"Got {group_thresholds!r} instead."
        )


def check_group_quantiles(group_quantiles: Sequence[float], caller: str) -> None:
    """Raise unless the group quantiles are valid.

    Args:
        group_quantiles: The fraction of the classes below the middle group, and that below the head group.
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
        group_quantiles: The fraction of the classes below the middle group, and that below the head group.

    Returns:
        The two thresholds.

    Raises:
        ValueError: If the quantiles are not two numbers from 0 to 1 in ascending order, or there are no
            classes.

    Example:
        >>> quantile_group_thresholds([1, 2, 4, 8, 16], group_quantiles=(0.25, 0.75))
        (2.0, 8.0)
    """
    counts = _as_counts(positives, "quantile_group_thresholds")
    check_group_quantiles(group_quantiles, "quantile_group_thresholds")
    if not len(counts):
        raise ValueError(
            "The 'positives' argument of quantile_group_thresholds must contain at least one class. Got none "
            "instead."
        )
    middle, head = np.quantile(counts, group_quantiles)
    return float(middle), float(head)


def rarest_classes(positives: ArrayLike | torch.Tensor, k: int) -> np.ndarray:
    """Return the k classes with the fewest training positives, among the classes that have any.

    Args:
        positives: The number of training positives of each class, of shape (C,).
        k: Number of classes. If fewer classes have a positive, all of these are returned.

    Returns:
        Class indices, rarest first; among equally rare classes, the lower index comes first.

    Raises:
        ValueError: If ``k`` is negative.

    Example:
        >>> rarest_classes([30, 0, 5, 5], k=2)
        array([2, 3])
    """
    counts = _as_counts(positives, "rarest_classes")
    if k < 0:
        raise ValueError(f"The 'k' argument of rarest_classes must be at least 0. Got {k} instead.")
    order = np.argsort(counts, kind="stable")
    return order[counts[order] > 0][:k]


def _as_counts(positives: ArrayLike | torch.Tensor, caller: str) -> np.ndarray:
    counts = as_array(positives)
    if counts.ndim != 1:
        raise ValueError(
            f"The 'positives' argument of {caller} must have the shape (C,). Got {counts.shape} instead."
        )
    subject = f"The 'positives' argument of {caller}"
    raise_at_first(~(counts >= 0), counts, subject, "a count of at least 0 in every class", "class {0}")
    return counts
