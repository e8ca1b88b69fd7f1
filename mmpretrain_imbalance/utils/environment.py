"""Temporary environment variables."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


@contextmanager
def environment_variables(variables: Mapping[str, str | None]) -> Iterator[None]:
    """Set environment variables, and restore their earlier values at the end.

    Args:
        variables: Value of each variable; None removes it.

    Example:
        >>> with environment_variables({"MY_SETTING": "1"}):
        ...     os.environ["MY_SETTING"]
        '1'
        >>> "MY_SETTING" in os.environ
        False
    """
    before = {name: os.environ.get(name) for name in variables}
    try:
        _set(variables)
        yield
    finally:
        _set(before)


def _set(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
