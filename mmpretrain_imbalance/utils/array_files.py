"""Reading of ``.npy`` and ``.npz`` files of any origin."""

from __future__ import annotations

import ast
import os
import sys
from typing import Any, Literal

import numpy as np


def load_array(path: str | os.PathLike[str], mmap_mode: Literal["r"] | None = None) -> np.ndarray:
    """Read a ``.npy`` file without unpickling.

    Args:
        path: The file.
        mmap_mode: As in ``numpy.load``.

    Returns:
        The array.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If the file is damaged, or needs unpickling. The message is what was found, as it
            continues "Got ... instead".
    """
    try:
        with np.errstate(over="ignore"):  # in the size of a damaged shape
            array = np.load(path, mmap_mode=mmap_mode, allow_pickle=False)
        if not isinstance(array, np.ndarray):
            array.close()
        elif _has_subarrays(path):
            raise ValueError("elements that are arrays")  # NumPy would read another number of elements
    except FileNotFoundError:
        raise
    except Exception as error:  # a damaged header can cause any error
        raise ValueError(_reason(error)) from None
    return _checked(array)


def _has_subarrays(path: str | os.PathLike[str]) -> bool:
    """Return whether the header of a ``.npy`` file, which NumPy has read, has a type such as '4f8'."""
    with open(path, "rb") as file:
        major, _ = np.lib.format.read_magic(file)
        size = int.from_bytes(file.read(2 if major == 1 else 4), "little")
        header = file.read(size).decode("latin-1")
    try:
        return np.dtype(ast.literal_eval(header)["descr"]).subdtype is not None
    except (SyntaxError, TypeError, ValueError):  # a header of Python 2, or of a structured array
        return False


def load_archive(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """Read all arrays of an ``.npz`` file without unpickling.

    Args:
        path: The file.

    Returns:
        The arrays by name.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: As in :func:`load_array`.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except FileNotFoundError:
        raise
    except Exception as error:  # a damaged header can cause any error
        raise ValueError(_reason(error)) from None
    return {name: _checked(array) for name, array in arrays.items()}


def _checked(array: Any) -> np.ndarray:
    if not isinstance(array, np.ndarray):
        raise ValueError("a file of another format")
    if array.dtype.kind == "U" and array.nbytes:
        numbers = np.dtype(np.uint32).newbyteorder(array.dtype.byteorder)
        # Python builds some texts of such numbers without an error.
        if (np.ascontiguousarray(array).view(numbers) > sys.maxunicode).any():
            raise ValueError("text with numbers that are no characters")
    return array


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())
    # NumPy recommends to allow pickles, which can run code.
    if "pickle" in text:
        return "a file of another format, or with pickled objects"
    return f"a damaged file ({text[:150] or type(error).__name__})"
