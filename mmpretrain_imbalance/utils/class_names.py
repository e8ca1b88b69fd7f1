"""Check of class names."""

from __future__ import annotations

from typing import Any

from .found_values import first_repeated, is_text, shown


def check_class_names(names: Any, subject: str) -> None:
    """Raise unless a value is a list of different class names.

    Args:
        names: The value, usually from a file or a config.
        subject: What it is, such as ``"The 'classes' argument of PartialLabelDataset"``, for the message.

    Raises:
        ValueError: If the value is no list or tuple, or a name is no text, is empty, or occurs twice.

    Example:
        >>> check_class_names(["cat", "dog"], "The 'classes' of train.json")
        >>> check_class_names(["cat", "cat"], "The 'classes' of train.json")
        Traceback (most recent call last):
        ...
        ValueError: The 'classes' of train.json must be a list of different class names. Got 'cat' twice \
instead.
    """
    found = None
    if not isinstance(names, (list, tuple)) or not names:
        found = shown(names)
    elif not all(map(is_text, names)):
        index = next(index for index, name in enumerate(names) if not is_text(name))
        found = f"{shown(names[index])} at index {index}"
    elif (twice := first_repeated(names)) is not None:
        found = f"{shown(twice)} twice"
    if found is not None:
        raise ValueError(f"{subject} must be a list of different class names. Got {found} instead.")
