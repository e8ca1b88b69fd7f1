"""Short lines of the result files of experiments."""

from __future__ import annotations

import json
from typing import Any


def short_lines(value: Any, width: int = 240, indent: int = 0) -> str:
    """Format JSON with as many values per line as fit, so that files are short and their changes readable.

    Args:
        value: Nested dicts, lists, numbers and texts of JSON.
        width: Longest value of several numbers or texts on one line, with the spaces before the line.
        indent: Spaces before the lines that follow the first one.

    Returns:
        The text.

    Example:
        >>> print(short_lines({"a": [1, 2], "b": {"c": "d" * 12}}, width=20))
        {
         "a": [1, 2],
         "b": {
          "c": "dddddddddddd"
         }
        }
    """
    text = json.dumps(value, allow_nan=False)
    if not isinstance(value, (dict, list)) or not value or indent + len(text) <= width:
        return text
    if isinstance(value, dict):
        items = [f"{json.dumps(key)}: {short_lines(item, width, indent + 1)}" for key, item in value.items()]
    else:
        items = [short_lines(item, width, indent + 1) for item in value]
    space = " " * (indent + 1)
    opening, closing = ("{", "}") if isinstance(value, dict) else ("[", "]")
    return f"{opening}\n{space}" + f",\n{space}".join(items) + f"\n{' ' * indent}{closing}"
