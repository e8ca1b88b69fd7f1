"""Safe reader of pickled plain data: numbers, text, lists, dictionaries and NumPy arrays."""

from __future__ import annotations

import io
import os
import pickle
import pickletools
from typing import Any

from ...utils.pickled_numpy import STAND_INS, PickledRecord, resolve, unpickling_error
from ...utils.printable import printable

# Deeply nested tuples as a dictionary key would overflow the stack of the process.
_MAX_TUPLES = 10_000


class PickledBytes(PickledRecord):
    """Stand-in for ``_codecs.encode``, with which Python 3 pickles bytes in protocols of Python 2."""

    def __new__(cls, *arguments: Any) -> Any:
        if [type(argument) for argument in arguments] != [str, str] or arguments[1] != "latin1":
            raise unpickling_error("bytes as latin1 text", arguments)
        return arguments[0].encode("latin1")


_ALLOWED = {**STAND_INS, "_codecs.encode": PickledBytes}


def read_plain_pickle(path: str | os.PathLike[str]) -> Any:
    """Read a pickled file without executing code from it.

    Published data such as CIFAR are pickled, and a pickle can call any function. This reader accepts only the
    functions that create arrays and bytes, and rejects all others.

    Args:
        path: The file. Strings of Python 2 become bytes.

    Returns:
        The data.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is truncated or contains other objects.
    """
    try:
        with open(path, "rb") as file:
            content = file.read()
        _check_sizes(content)
        return resolve(_PlainUnpickler(io.BytesIO(content), encoding="bytes").load())
    except FileNotFoundError:
        raise FileNotFoundError(f"The pickled data must be an existing file. Got {path} instead.") from None
    except Exception as error:  # a damaged pickle can raise any error
        raise ValueError(
            f"The pickled file {path} must have only plain data and arrays. Got an error instead: "
            f"{printable(' '.join(str(error).split())[:300])}"
        ) from None


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if f"{module}.{name}" not in _ALLOWED:
            raise pickle.UnpicklingError(f"it names {module}.{name}")
        return _ALLOWED[f"{module}.{name}"]


def _check_sizes(content: bytes) -> None:
    """Raise if a short file would exhaust the memory or the stack of the process, or has further content."""
    num_tuples, before, end = 0, "", 0
    for operation, argument, position in pickletools.genops(content):
        end = (position or 0) + 1
        if operation.name.endswith("PUT"):
            if (argument or 0) > len(content):  # memory is allocated up to this index
                raise unpickling_error(f"fewer values than its {len(content)} bytes", argument)
            continue
        # Every bytes object needs a tuple of call arguments, which is not counted after the call.
        num_tuples += operation.name.startswith("TUPLE")
        num_tuples -= operation.name == "REDUCE" and before.startswith("TUPLE")
        if num_tuples > _MAX_TUPLES:
            raise unpickling_error(f"at most {_MAX_TUPLES} tuples", num_tuples)
        before = operation.name
    if end < len(content):
        raise unpickling_error("one pickle", f"{len(content) - end} bytes after it")
