"""Validation of arguments that must be one of a few words, or a number in a range."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any


def check_choice(caller: str, allowed: Sequence[str | None], **arguments: Any) -> None:
    """Raise unless every argument is one of the allowed values.

    Args:
        caller: Name of the function or class whose arguments these are, for the message.
        allowed: The allowed values.
        **arguments: The arguments by name.

    Raises:
        ValueError: If an argument has another value.

    Example:
        >>> check_choice("read_coco", ("keep", "drop"), crowd="drop")
    """
    for name, value in arguments.items():
        if value not in allowed:
            choices = ", ".join(map(repr, allowed))
            raise ValueError(
                f"The '{name}' argument of {caller} must be one of {choices}. Got {value!r} instead."
            )


def check_integer(caller: str, low: float = -math.inf, **arguments: int) -> None:
    """Raise unless every argument is an integer and in range.

    Args:
        caller: Name of the function or class whose arguments these are, for the message.
        low: Smallest value.
        **arguments: The arguments by name.

    Raises:
        ValueError: If an argument is not an integer, or is below ``low``.

    Example:
        >>> check_integer("SomeSampler", 0, seed=3)
    """
    for name, value in arguments.items():
        if not isinstance(value, Integral) or isinstance(value, bool) or value < low:
            bound = f" of at least {low}" if math.isfinite(low) else ""
            raise ValueError(
                f"The '{name}' argument of {caller} must be an integer{bound}. Got {value!r} instead."
            )


def check_number(caller: str, low: float = -math.inf, high: float = math.inf, **arguments: float) -> None:
    """Raise unless every argument is a finite number and in range.

    Args:
        caller: Name of the function or class whose arguments these are, for the message.
        low: Smallest value.
        high: Largest value.
        **arguments: The arguments by name.

    Raises:
        TypeError: If an argument is not a number.
        ValueError: If an argument is NaN, infinite or out of range.

    Example:
        >>> check_number("SomeLoss", 0, 1, beta=0.5)
    """
    for name, value in arguments.items():
        if not isinstance(value, Real):
            raise TypeError(f"The '{name}' argument of {caller} must be a number. Got {value!r} instead.")
        if not (math.isfinite(value) and low <= value <= high):
            if math.isfinite(low) and math.isfinite(high):
                expected = f"a number from {low:g} to {high:g}"
            elif math.isfinite(low):
                expected = f"{'' if math.isfinite(value) else 'a finite number of '}at least {low:g}"
            else:
                expected = "a finite number"
            raise ValueError(f"The '{name}' argument of {caller} must be {expected}. Got {value!r} instead.")


def check_interval(caller: str, interval: str, **arguments: float) -> None:
    """Raise unless every argument is a finite number in an interval whose ends may be open.

    Args:
        caller: Name of the function or class whose arguments these are, for the message.
        interval: The interval, such as ``"[0, 1)"`` or ``"(0, inf)"``; a round bracket excludes its end.
        **arguments: The arguments by name.

    Raises:
        TypeError: If an argument is not a number.
        ValueError: If an argument is NaN, infinite or outside of the interval.

    Example:
        >>> check_interval("SomeLoss", "[0, 1)", beta=0.5)
    """
    low, high = (float(end) for end in interval[1:-1].split(","))
    for name, value in arguments.items():
        if not isinstance(value, Real):
            raise TypeError(f"The '{name}' argument of {caller} must be a number. Got {value!r} instead.")
        above = value > low if interval[0] == "(" else value >= low
        below = value < high if interval[-1] == ")" else value <= high
        if not (math.isfinite(value) and above and below):
            kind = "" if math.isfinite(value) else "a finite number "
            expected = f"{kind}above {low:g}" if math.isinf(high) else f"in {interval}"
            raise ValueError(f"The '{name}' argument of {caller} must be {expected}. Got {value!r} instead.")


def type_name(config_type: str | type) -> str:
    """Return the class name of a ``type`` in a config, which may be a class or have a scope.

    Args:
        config_type: The value of ``type``.

    Returns:
        The name without scope or module.

    Example:
        >>> type_name("mmpretrain.LoadImageFromFile"), type_name(dict)
        ('LoadImageFromFile', 'dict')
    """
    return getattr(config_type, "__name__", None) or str(config_type).rpartition(".")[2]
