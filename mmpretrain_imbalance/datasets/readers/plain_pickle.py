"""Pickles that hold plain data: numbers, text, lists, dictionaries and NumPy arrays."""

from __future__ import annotations

import io
import os
import pickle
import pickletools
from typing import Any

from ...utils.pickled_numpy import STAND_INS, PickledRecord, resolve, unpickling_error

# A tuple of tuples, this deep, ends the process where it is the key of a dictionary.
_MOST_TUPLES = 10_000


class PickledBytes(PickledRecord):
    """Stand-in for ``_codecs.encode``, which is how Python 3 writes bytes for readers of Python 2."""

    def __new__(cls, *arguments: Any) -> bytes:
        if [type(argument) for argument in arguments] != [str, str] or arguments[1] != "latin1":
            raise unpickling_error("bytes as latin1 text", arguments)
        return arguments[0].encode("latin1")


_ALLOWED = {**STAND_INS, "_codecs.encode": PickledBytes}


def read_plain_pickle(path: str | os.PathLike) -> Any:
    """Read a pickle without running anything that is in it.

    Published data such as CIFAR is pickled, and a pickle can name any function to be called. This reader
    knows the few names that arrays and bytes need and rejects all others.

    Args:
        path: The file. Text of Python 2 becomes bytes.

    Returns:
        The data.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is truncated or names something else.
    """
    try:
        with open(path, "rb") as file:
            content = file.read()
        _check_sizes(content)
        return resolve(_PlainUnpickler(io.BytesIO(content), encoding="bytes").load())
    except FileNotFoundError:
        raise FileNotFoundError(f"The pickle must be an existing file. Got {path} instead.") from None
    except Exception as error:  # a damaged pickle raises whatever the operation it ends in raises
        raise ValueError(
            f"The pickle {path} must hold plain data and arrays. Got an error instead: {error}"
        ) from None


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if f"{module}.{name}" not in _ALLOWED:
            raise pickle.UnpicklingError(f"it names {module}.{name}")
        return _ALLOWED[f"{module}.{name}"]


def _check_sizes(content: bytes) -> None:
    """Raise if a short file would fill the memory or the stack of the process."""
    tuples, before = 0, ""
    for operation, argument, _ in pickletools.genops(content):
        if operation.name.endswith("PUT"):
            if argument > len(content):  # memory is taken up to this index
                raise unpickling_error(f"fewer values than its {len(content)} bytes", argument)
            continue
        # A tuple that is the arguments of a call is gone after it: there is one for every piece of bytes.
        tuples += operation.name.startswith("TUPLE")
        tuples -= operation.name == "REDUCE" and before.startswith("TUPLE")
        if tuples > _MOST_TUPLES:
            raise unpickling_error(f"at most {_MOST_TUPLES} tuples", tuples)
        before = operation.name
