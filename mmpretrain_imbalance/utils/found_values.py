"""Values that are found in files of any origin: what is wrong with them, and how a message shows them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any, TypeVar

Value = TypeVar("Value", bound=Hashable)


def is_text(value: Any) -> bool:
    """Return whether a value can be a name: text that is not empty, in UTF-8, and without a NUL character.

    JSON can contain halves of characters, so-called surrogates, which UTF-8 cannot represent.

    Args:
        value: Any value.

    Example:
        >>> is_text('chat'), is_text(''), is_text(3), is_text(chr(0xD800))
        (True, False, False, False)
    """
    if not isinstance(value, str) or not value or "\0" in value:
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def shown(value: Any) -> str:
    """Return the ``repr`` of a value for a message, cut to 200 characters.

    Args:
        value: Any value. Some have no ``repr``: lists of a thousand levels, numbers of thousands of digits.

    Example:
        >>> shown('cat'), shown(10**9999)
        ("'cat'", 'a value of type int')
    """
    try:
        text = repr(value)
    except (RecursionError, ValueError):
        return f"a value of type {type(value).__name__}"
    return text if len(text) <= 200 else f"{text[:200]} ..."


def first_repeated(values: Iterable[Value]) -> Value | None:
    """Return the first value that is equal to an earlier one, or ``None`` if all are different.

    Args:
        values: The values.

    Example:
        >>> first_repeated(['cat', 'dog', 'dog', 'cat']), first_repeated(['cat', 'dog'])
        ('dog', None)
    """
    seen: set[Value] = set()
    for value in values:
        if value in seen:
            return value
        seen.add(value)
    return None
