"""What the arguments of many classes and functions have in common: a range, or a few words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any


def check_choice(caller: str, allowed: Sequence[str], **arguments: Any) -> None:
    """Refuse a word that is not among the allowed ones.

    Args:
        caller: Whose arguments they are.
        allowed: The words.
        **arguments: The arguments by name.

    Raises:
        ValueError: If one of them is another word.

    Example:
        >>> check_choice("read_coco", ("keep", "drop"), crowd="drop")
    """
    for name, value in arguments.items():
        if value not in allowed:
            words = ", ".join(map(repr, allowed))
            raise ValueError(
                f"The '{name}' argument of {caller} must be one of {words}. Got {value!r} instead."
            )


def check_integer(caller: str, low: float = -math.inf, **arguments: int) -> None:
    """Refuse what is no whole number, or too small.

    Args:
        caller: Whose arguments they are.
        low: Smallest value.
        **arguments: The numbers by argument name.

    Raises:
        ValueError: If one is no whole number, or below ``low``.

    Example:
        >>> check_integer("SomeSampler", 0, seed=3)
    """
    for name, value in arguments.items():
        if not isinstance(value, Integral) or isinstance(value, bool) or value < low:
            least = f" of at least {low}" if math.isfinite(low) else ""
            raise ValueError(
                f"The '{name}' argument of {caller} must be a whole number{least}. Got {value!r} instead."
            )


def check_number(caller: str, low: float = -math.inf, high: float = math.inf, **arguments: float) -> None:
    """Refuse numbers that are none, or are out of range.

    Args:
        caller: Name of the class whose arguments these are, for the message.
        low: Smallest value.
        high: Largest value.
        **arguments: The numbers by argument name.

    Raises:
        TypeError: If one is no number.
        ValueError: If one is NaN, infinite or out of range.

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
    """Refuse numbers outside of an interval whose ends may be open.

    Args:
        caller: Whose arguments they are.
        interval: Such as ``"[0, 1)"`` or ``"(0, inf)"``: a round bracket leaves its end out.
        **arguments: The numbers by argument name.

    Raises:
        TypeError: If one is no number.
        ValueError: If one is NaN, infinite or out of the interval.

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


def type_name(written: str | type) -> str:
    """The bare name of a ``type`` in a config, which may carry a scope or be the class itself.

    Args:
        written: The value of ``type``.

    Returns:
        The name without scope or module.

    Example:
        >>> type_name("mmpretrain.LoadImageFromFile"), type_name(dict)
        ('LoadImageFromFile', 'dict')
    """
    return getattr(written, "__name__", None) or str(written).rpartition(".")[2]
