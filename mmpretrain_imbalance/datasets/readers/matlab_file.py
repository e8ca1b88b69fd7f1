"""Reader of one array of numbers from a MATLAB file. Damaged files crash the C code of SciPy's reader."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

_HEADER = 128  # bytes
_MATRIX, _COMPRESSED = 14, 15  # types of elements
_NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_CLASSES_OF_NUMBERS = range(6, 16)  # double, single and integers
_COMPLEX = 0x800
_LARGEST = 2**28  # bytes of an element that is decompressed


def read_matlab_array(path: str | os.PathLike[str], name: str) -> np.ndarray:
    """Read a variable from a file of MATLAB 5 to 7.2.

    Source: the document "MAT-File Format" of MathWorks, level 5.

    Args:
        path: The file.
        name: Name of the variable.

    Returns:
        The numbers, float64, of any shape.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If the file is damaged or of another format, or has no such variable. The message is what
            was found, as it continues "Got ... instead".
    """
    content = Path(path).read_bytes()
    order = {b"IM": "<", b"MI": ">"}.get(content[126:128])
    if order is None or content.startswith(b"MATLAB 7.3"):
        raise ValueError("a file of another format, such as HDF5 (save it with the option -v7)")
    names = []
    try:
        for kind, element in _elements(content[_HEADER:], order):
            if kind == _COMPRESSED:
                ((kind, element),) = _elements(zlib.decompressobj().decompress(element, _LARGEST), order)
            if kind == _MATRIX:
                flags, shape, found, numbers = _matrix(element, order)
                if found == name:
                    return _array(flags, shape, *numbers, order)
                names.append(found)
    except (OverflowError, TypeError, ValueError, struct.error, zlib.error) as error:
        raise ValueError(f"a damaged file ({error})") from None
    raise ValueError(f"a file with {', '.join(map(repr, names)) or 'no variable'}, without {name!r},")


def _elements(content: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    """Yield type and bytes of each element; those of a matrix are padded to 8 bytes."""
    start = 0
    while start < len(content):
        kind, size = struct.unpack_from(f"{order}II", content, start)
        begin = start + 8
        if kind >> 16:  # a small element: type, size and bytes share 8 bytes
            kind, size, begin = kind & 0xFFFF, kind >> 16, start + 4
        end = begin + size
        if end > len(content):
            raise ValueError(f"an element of {size} bytes, of which {len(content) - begin} are there")
        yield kind, content[begin:end]
        start = end if kind == _COMPRESSED else start + 8 if begin == start + 4 else begin + -(-size // 8) * 8


def _matrix(content: bytes, order: str) -> tuple[int, list[int], str, tuple[int, bytes]]:
    """Return flags, shape, name and numbers of a matrix."""
    elements = _elements(content, order)
    (flags,) = struct.unpack_from(f"{order}I", next(elements, (0, b""))[1])
    _, shape = next(elements, (0, b""))
    _, name = next(elements, (0, b""))
    numbers = next(elements, (0, b""))
    return flags, np.frombuffer(shape, f"{order}i4").tolist(), name.decode("latin-1"), numbers


def _array(flags: int, shape: list[int], kind: int, content: bytes, order: str) -> np.ndarray:
    if flags & 0xFF not in _CLASSES_OF_NUMBERS or flags & _COMPLEX or kind not in _NUMBERS:
        raise ValueError("a variable that has no real numbers")
    numbers = np.frombuffer(content, f"{order}{_NUMBERS[kind]}").astype(np.float64)
    return numbers.reshape(shape, order="F")
