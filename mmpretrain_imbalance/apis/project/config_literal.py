"""Values as Python code of a config: ``dict(key=value)`` instead of braces, on as few lines as possible."""

from __future__ import annotations

from typing import Any

_WIDTH = 100


class Code(str):
    """Text that is code itself, such as the name of a variable, and is written without quotes.

    Example:
        >>> config_literal({"num_images": Code("num_images"), "type": "LargeLoss"})
        "dict(num_images=num_images, type='LargeLoss')"
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def config_literal(value: Any, indent: int = 0) -> str:
    """Format a value as code.

    Args:
        value: Dictionaries, lists, tuples, numbers, strings and None, nested.
        indent: Number of spaces before the lines after the first.

    Returns:
        The code.

    Example:
        >>> config_literal({"type": "ResNet", "out_indices": (3,)})
        "dict(type='ResNet', out_indices=(3,))"
    """
    if isinstance(value, dict):
        names = all(isinstance(key, str) and key.isidentifier() for key in value)
        start, end = ("dict(", ")") if names else ("{", "}")
        parts = [f"{key}=" if names else f"{key!r}: " for key in value]
        items = list(zip(parts, value.values()))
    elif isinstance(value, (list, tuple)):
        start, end = ("[", "]") if isinstance(value, list) else ("(", ",)" if len(value) == 1 else ")")
        items = [("", item) for item in value]
    else:
        return repr(value)
    line = start + ", ".join(name + config_literal(item) for name, item in items) + end
    if indent + len(line) <= _WIDTH or not items:
        return line
    inner = indent + 4
    lines = [f"{' ' * inner}{name}{config_literal(item, inner)},\n" for name, item in items]
    return f"{start}\n{''.join(lines)}{' ' * indent}{end.lstrip(',')}"
