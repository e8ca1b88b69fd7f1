"""Replacements for the types of NumPy while a pickle is read, because NumPy does not validate pickled arrays.

A pickle builds an array in two steps: it calls functions of NumPy, then it sets the state of the result. The
file defines both, and can define an array of Python objects over arbitrary bytes, which Python then uses as
pointers. A safe reader must therefore not allow the types of NumPy. It allows ``STAND_INS`` instead: records
that validate the content of the file. ``resolve`` then converts the records to new arrays of numbers.
"""

from __future__ import annotations

import math
import reprlib
from pickle import UnpicklingError
from typing import Any, Literal, cast

import numpy as np

# NumPy writes booleans, integers, floats and complex numbers as 'b1', 'i4', 'f8', 'c16' and so on.
_NUMBER_CODES = {
    np.dtype(code).str[1:] for code in "?" + np.typecodes["AllInteger"] + np.typecodes["AllFloat"]
}


class PickledRecord:
    """Description of one value in a pickle.

    Every stand-in is a class with a ``__setstate__``, and not a function: the BUILD operation of a pickle
    would set attributes of a function, and so change it for the whole process.
    """

    # A record is replaced later, so it must not be a key of a dictionary.
    __hash__ = None  # type: ignore[assignment]  # the documented way to make a class unhashable

    def __setstate__(self, state: Any) -> None:
        raise unpickling_error(f"a {type(self).__name__} without a state", state)

    def resolve(self) -> Any:
        """Return the value that the file describes.

        Raises:
            UnpicklingError: If the description is incomplete.
        """
        raise unpickling_error("a complete value", self)


class PickledDtype(PickledRecord):
    """Stand-in for ``numpy.dtype``: a dtype of numbers, without fields, sub-arrays or metadata."""

    _code: str
    _byte_order = "="

    def __new__(cls, *arguments: Any) -> PickledDtype:
        first, *flags = arguments or (None,)
        code = _as_text(first)
        has_flags = len(flags) == 2 and {type(flag) for flag in flags} <= {bool, int}
        if code is None or code not in _NUMBER_CODES or not has_flags:
            raise unpickling_error("a dtype of numbers such as dtype('f8', False, True)", arguments)
        dtype = super().__new__(cls)
        dtype._code = code
        return dtype

    def __setstate__(self, state: Any) -> None:
        # The items are version, byte order, sub-array, names, fields, size, alignment and flags.
        is_known = type(state) is tuple and is_exactly(
            (*state[:1], *state[2:]), (3, None, None, None, -1, -1, 0)
        )
        byte_order = _as_text(state[1]) if is_known else None
        if byte_order not in {"<", ">", "=", "|"}:
            raise unpickling_error("a dtype without objects, fields or sub-arrays", state)
        self._byte_order = byte_order

    def resolve(self) -> np.dtype[Any]:
        dtype: np.dtype[Any] = np.dtype(self._code).newbyteorder(cast(Literal["<", ">"], self._byte_order))
        return dtype


class PickledScalar(PickledRecord):
    """Stand-in for NumPy's ``scalar``; returns the number itself, which may be a key of a dictionary."""

    def __new__(cls, *arguments: Any) -> Any:
        if len(arguments) != 2:
            raise unpickling_error("a dtype and the bytes of one number", arguments)
        return _numbers(*arguments, shape=(), order="C")[()]


class PickledArray(PickledRecord):
    """Stand-in for ``numpy.ndarray``, and for ``_reconstruct``, which creates an array without content."""

    _array: np.ndarray | None = None

    def __new__(cls, *arguments: Any) -> PickledArray:
        if not is_exactly(arguments, (PickledArray, (0,), b"b")):
            raise unpickling_error("an array that _reconstruct(ndarray, (0,), b'b') creates", arguments)
        return super().__new__(cls)

    def __setstate__(self, state: Any) -> None:
        if (
            type(state) is not tuple
            or len(state) != 5
            or not is_exactly(state[:1], (1,))
            or type(state[3]) is not bool
        ):
            raise unpickling_error("an array state of version 1", state)
        _, shape, dtype, is_fortran, content = state
        self._array = _numbers(dtype, content, shape, order="F" if is_fortran else "C")

    def resolve(self) -> np.ndarray:
        if self._array is None:
            raise unpickling_error("a complete value", self)
        return self._array


STAND_INS: dict[str, type[PickledRecord]] = {"numpy.dtype": PickledDtype, "numpy.ndarray": PickledArray}
for _module in ("numpy.core.multiarray", "numpy._core.multiarray"):  # NumPy 1 and NumPy 2
    STAND_INS |= {f"{_module}._reconstruct": PickledArray, f"{_module}.scalar": PickledScalar}


def resolve(content: Any) -> Any:
    """Replace every record in lists, tuples and the values of dictionaries by the value that it describes.

    Lists and dictionaries keep their identity, and a record that occurs twice becomes one value.

    Args:
        content: The content of a pickle that was read with ``STAND_INS``.

    Returns:
        The content, without records.

    Raises:
        UnpicklingError: If a record is incomplete, or the content contains a stand-in class.
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
    done[id(value)] = value, value  # a reference to the value, so that its id is not used again
    if isinstance(value, PickledRecord):
        done[id(value)] = value, value.resolve()
    elif isinstance(value, type) and issubclass(value, PickledRecord):
        raise unpickling_error("values, not types", value)
    elif isinstance(value, dict):
        for attributes in (value, getattr(value, "__dict__", {})):  # an OrderedDict may have both
            for key, item in attributes.items():
                _resolve(key, done)  # a record cannot be a key, but its type can
                attributes[key] = _resolve(item, done)
    elif isinstance(value, (set, frozenset)):
        for item in value:
            _resolve(item, done)
    elif type(value) is list:
        value[:] = [_resolve(item, done) for item in value]
    elif type(value) is tuple:
        done[id(value)] = value, tuple([_resolve(item, done) for item in value])
    return done[id(value)][1]


def is_exactly(values: tuple[Any, ...], expected: tuple[Any, ...]) -> bool:
    """Return whether both contain equal items of equal types; values of other types are not compared."""
    return len(values) == len(expected) and all(
        type(value) is type(other) and value == other for value, other in zip(values, expected)
    )


def unpickling_error(expected: str, found: Any) -> UnpicklingError:
    """Build the error for a file that describes a value in another way than NumPy and MMEngine do."""
    # reprlib is fast for deeply nested values.
    name = found.__name__ if isinstance(found, type) else reprlib.repr(found)[:80]
    return UnpicklingError(f"The file must describe {expected}. Got {name} instead. Do not trust this file.")


def _numbers(dtype: Any, content: Any, shape: Any, order: Literal["C", "F"]) -> np.ndarray:
    if not isinstance(dtype, PickledDtype) or type(content) is not bytes or type(shape) is not tuple:
        raise unpickling_error("numbers by their dtype, shape and bytes", (dtype, shape, type(content)))
    number_type = dtype.resolve()
    sizes_are_valid = all(type(size) is int and size >= 0 for size in shape)
    if not sizes_are_valid or math.prod(shape) * number_type.itemsize != len(content):
        raise unpickling_error(f"{len(content)} bytes of {number_type}", shape)
    if number_type.kind == "b" and not {*content} <= {0, 1}:
        raise unpickling_error("booleans that are 0 or 1", max(content))
    try:
        numbers: np.ndarray = np.ndarray(shape, number_type, content, order=order).copy(order)
    except ValueError as error:  # too many dimensions, or an empty array with too large sizes
        raise unpickling_error("a shape that NumPy supports", shape) from error
    return numbers


def _as_text(value: Any) -> str | None:
    """Return a string of Python 3, or of Python 2, which is read as bytes; None for other types."""
    if type(value) is bytes:
        return value.decode("latin1")
    return value if type(value) is str else None
