"""Stand-ins for NumPy's types while a pickle is read, because NumPy trusts what a file says of its arrays.

A pickle builds an array in two steps: it calls functions of NumPy, then it gives the result a state. Both are
written in the file, which can ask for an array of Python objects over bytes of its choice; Python then
follows these bytes as pointers. So a reader must allow no type of NumPy. It allows :data:`STAND_INS` instead:
records that check what the file says. :func:`resolve` then turns the records into fresh arrays of numbers.
"""

from __future__ import annotations

import math
import reprlib
from pickle import UnpicklingError
from typing import Any

import numpy as np

# NumPy writes booleans, integers, floats and complex numbers as 'b1', 'i4', 'f8', 'c16' and so on.
_NUMBER_CODES = {
    np.dtype(code).str[1:] for code in "?" + np.typecodes["AllInteger"] + np.typecodes["AllFloat"]
}


class PickledRecord:
    """What a file says of one value.

    Every stand-in is a class with a ``__setstate__``, never a function: the BUILD operation of a pickle sets
    attributes of a function, and so would change it for the whole process.
    """

    __hash__ = None  # A record is replaced in the end, so it must not be a key of a dictionary.

    def __setstate__(self, state: Any) -> None:
        raise refusal(f"no state of {type(self).__name__}", state)

    def resolve(self) -> Any:
        """Return the value that the file describes.

        Raises:
            UnpicklingError: If the description is not complete.
        """
        raise refusal("a complete value", self)


class PickledDtype(PickledRecord):
    """Stand-in for ``numpy.dtype``: a dtype of numbers, without fields, sub-arrays or metadata."""

    _byte_order = "="

    def __new__(cls, *arguments: Any) -> PickledDtype:
        code, *flags = arguments or (None,)
        code = _as_text(code)
        if code not in _NUMBER_CODES or len(flags) != 2 or not {type(flag) for flag in flags} <= {bool, int}:
            raise refusal("a dtype of numbers such as dtype('f8', False, True)", arguments)
        dtype = super().__new__(cls)
        dtype._code = code
        return dtype

    def __setstate__(self, state: Any) -> None:
        # The version of the state, the byte order, then: sub-array, names, fields, size, alignment, flags.
        is_known = type(state) is tuple and is_exactly(
            (*state[:1], *state[2:]), (3, None, None, None, -1, -1, 0)
        )
        byte_order = _as_text(state[1]) if is_known else None
        if byte_order not in {"<", ">", "=", "|"}:
            raise refusal("a dtype that has no objects, fields or sub-arrays", state)
        self._byte_order = byte_order

    def resolve(self) -> np.dtype:
        return np.dtype(self._code).newbyteorder(self._byte_order)


class PickledScalar(PickledRecord):
    """Stand-in for NumPy's ``scalar``; returns the number at once, which may be the key of a dictionary."""

    def __new__(cls, *arguments: Any) -> np.generic:
        if len(arguments) != 2:
            raise refusal("a dtype and the bytes of one number", arguments)
        return _numbers(*arguments, shape=(), order="C")[()]


class PickledArray(PickledRecord):
    """Stand-in for ``numpy.ndarray``, and for ``_reconstruct``, which makes one without content."""

    _array: np.ndarray | None = None

    def __new__(cls, *arguments: Any) -> PickledArray:
        if not is_exactly(arguments, (PickledArray, (0,), b"b")):
            raise refusal("an array that _reconstruct(ndarray, (0,), b'b') makes", arguments)
        return super().__new__(cls)

    def __setstate__(self, state: Any) -> None:
        if (
            type(state) is not tuple
            or len(state) != 5
            or not is_exactly(state[:1], (1,))
            or type(state[3]) is not bool
        ):
            raise refusal("an array state of version 1", state)
        _, shape, dtype, is_fortran, content = state
        self._array = _numbers(dtype, content, shape, order="F" if is_fortran else "C")

    def resolve(self) -> np.ndarray:
        return super().resolve() if self._array is None else self._array


STAND_INS: dict[str, type[PickledRecord]] = {"numpy.dtype": PickledDtype, "numpy.ndarray": PickledArray}
for _module in ("numpy.core.multiarray", "numpy._core.multiarray"):  # NumPy 1 and NumPy 2
    STAND_INS |= {f"{_module}._reconstruct": PickledArray, f"{_module}.scalar": PickledScalar}


def resolve(content: Any) -> Any:
    """Replace every record in lists, tuples and the values of dictionaries by what it describes.

    Lists and dictionaries keep their identity, and a record that occurs twice becomes one value.

    Args:
        content: What a reader that knows :data:`STAND_INS` returned.

    Returns:
        The content, without records.

    Raises:
        UnpicklingError: If a record is not complete, or the content holds a stand-in itself.
        RecursionError: If the content is nested too deeply.

    Example:
        >>> array = PickledArray(PickledArray, (0,), b"b")
        >>> array.__setstate__((1, (2,), PickledDtype("i2", False, True), False, bytes([1, 0, 2, 0])))
        >>> resolve({"counts": array})
        {'counts': array([1, 2], dtype=int16)}
    """
    return _resolve(content, {})


def _resolve(value: Any, done: dict[int, tuple[Any, Any]]) -> Any:
    if id(value) in done:
        return done[id(value)][1]
    done[id(value)] = value, value  # holding the value keeps its id from being used again
    if isinstance(value, PickledRecord):
        done[id(value)] = value, value.resolve()
    elif isinstance(value, type) and issubclass(value, PickledRecord):
        raise refusal("no type by itself", value)
    elif isinstance(value, dict):
        for attributes in (value, getattr(value, "__dict__", {})):  # an OrderedDict may have both
            for key, item in attributes.items():
                _resolve(key, done)  # no record can be a key; the type of one can
                attributes[key] = _resolve(item, done)
    elif isinstance(value, (set, frozenset)):
        for item in value:
            _resolve(item, done)
    elif type(value) is list:
        value[:] = [_resolve(item, done) for item in value]
    elif type(value) is tuple:
        done[id(value)] = value, tuple([_resolve(item, done) for item in value])
    return done[id(value)][1]


def is_exactly(values: tuple, expected: tuple) -> bool:
    """Whether both hold equal items of the same types; compares no types that a file could bring."""
    return len(values) == len(expected) and all(
        type(value) is type(other) and value == other for value, other in zip(values, expected)
    )


def refusal(expected: str, found: Any) -> UnpicklingError:
    """Build the error for a file that describes a value in another way than NumPy and MMEngine do."""
    name = found.__name__ if isinstance(found, type) else reprlib.repr(found)[:80]  # quick, however nested
    return UnpicklingError(f"The file must describe {expected}. Got {name} instead: do not trust this file.")


def _numbers(dtype: Any, content: Any, shape: Any, order: str) -> np.ndarray:
    if not isinstance(dtype, PickledDtype) or type(content) is not bytes or type(shape) is not tuple:
        raise refusal("numbers by their dtype, shape and bytes", (dtype, shape, type(content)))
    dtype = dtype.resolve()
    sizes_are_valid = all(type(size) is int and size >= 0 for size in shape)
    if not sizes_are_valid or math.prod(shape) * dtype.itemsize != len(content):
        raise refusal(f"{len(content)} bytes of {dtype}", shape)
    if dtype.kind == "b" and not {*content} <= {0, 1}:
        raise refusal("booleans that are 0 or 1", max(content))
    try:
        return np.ndarray(shape, dtype, content, order=order).copy(order)
    except ValueError as error:  # more dimensions than NumPy has, or an empty array of a size beyond it
        raise refusal("a shape that NumPy can have", shape) from error


def _as_text(value: Any) -> str | None:
    """Text of Python 3, or of Python 2, which is read as bytes."""
    if type(value) is bytes:
        return value.decode("latin1")
    return value if type(value) is str else None
