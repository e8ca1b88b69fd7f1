"""Random damage of the bytes of a file, as copies, disks, editors and spreadsheet programs do it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Generator = np.random.Generator
ByteMutation = Callable[[bytes, Generator], bytes]

_ENCODINGS = ("utf-16", "utf-16-le", "utf-32", "latin-1", "cp037", "utf-7")
# Bytes with a meaning in CSV, JSON, XML or a terminal, or without one in UTF-8.
_INSERTED = (
    *(bytes([code]) for code in b"\"',;\t\n\r\0<>&{}[]:\\\x1b\x7f \xff\xc3"),
    b"\x1b]0;title\x07",  # sets the title of a terminal
    b"\x1b[2J",  # clears a terminal
    b"\xed\xa0\x80",  # half of a character
    "\u2028\u202e\u00a0\x85".encode(),  # line ends and spaces of Unicode
    b"\xef\xbb\xbf",
)


def _span(content: bytes, generator: Generator) -> tuple[int, int]:
    """Draw begin and end of a run, which is short as often as long."""
    begin = int(generator.integers(len(content) + 1))
    longest = max(1, len(content) - begin)
    return begin, begin + int(longest ** generator.random())


def cut(content: bytes, generator: Generator) -> bytes:
    return content[: int(generator.integers(len(content) + 1))]


def flip_bits(content: bytes, generator: Generator) -> bytes:
    damaged = bytearray(content)
    for place in generator.integers(len(content), size=int(generator.integers(1, 4))) if content else ():
        damaged[place] ^= 1 << int(generator.integers(8))
    return bytes(damaged)


def replace_bytes(content: bytes, generator: Generator) -> bytes:
    damaged = bytearray(content)
    for place in generator.integers(len(content), size=int(generator.integers(1, 20))) if content else ():
        damaged[place] = int(generator.integers(256))
    return bytes(damaged)


def delete(content: bytes, generator: Generator) -> bytes:
    begin, end = _span(content, generator)
    return content[:begin] + content[end:]


def repeat(content: bytes, generator: Generator) -> bytes:
    begin, end = _span(content, generator)
    return content[:end] + content[begin:end] * int(generator.integers(1, 4)) + content[end:]


def zero(content: bytes, generator: Generator) -> bytes:
    begin, end = _span(content, generator)
    return content[:begin] + bytes(len(content[begin:end])) + content[end:]


def randomize(content: bytes, generator: Generator) -> bytes:
    begin, end = _span(content, generator)
    return content[:begin] + generator.bytes(len(content[begin:end])) + content[end:]


def swap(content: bytes, generator: Generator) -> bytes:
    a, b, c, d = sorted(int(place) for place in generator.integers(len(content) + 1, size=4))
    return content[:a] + content[c:d] + content[b:c] + content[a:b] + content[d:]


def empty(content: bytes, generator: Generator) -> bytes:
    return (b"", b"\n", b" ", b"\0", b"\xef\xbb\xbf")[int(generator.integers(5))]


def add_byte_order_mark(content: bytes, generator: Generator) -> bytes:
    return (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")[int(generator.integers(3))] + content


def change_line_ends(content: bytes, generator: Generator) -> bytes:
    ends = (b"\r\n", b"\r", b"\n\n", b"\n\r", b" \n", b"", b"\x0b", b"\n ")
    return content.replace(b"\n", ends[int(generator.integers(len(ends)))])


def change_encoding(content: bytes, generator: Generator) -> bytes:
    encoding = _ENCODINGS[int(generator.integers(len(_ENCODINGS)))]
    return content.decode("utf-8", "replace").encode(encoding, "replace")


def append_copy(content: bytes, generator: Generator) -> bytes:
    begin, _ = _span(content, generator)
    return content + (content if generator.random() < 0.5 else content[begin:])


def insert(content: bytes, generator: Generator) -> bytes:
    begin = int(generator.integers(len(content) + 1))
    inserted = _INSERTED[int(generator.integers(len(_INSERTED)))] * int(generator.integers(1, 3))
    return content[:begin] + inserted + content[begin:]


BYTE_MUTATIONS: tuple[ByteMutation, ...] = (
    cut,
    flip_bits,
    replace_bytes,
    delete,
    repeat,
    zero,
    randomize,
    swap,
    empty,
    add_byte_order_mark,
    change_line_ends,
    change_encoding,
    append_copy,
    insert,
)
