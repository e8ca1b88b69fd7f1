"""Bytes of ``.npy`` files, damaged or not."""

from __future__ import annotations

import io
import zipfile

import numpy as np


def npy(array) -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.asarray(array))
    return stream.getvalue()


def npz(**arrays: bytes) -> bytes:
    """Return an archive whose members have the given bytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in arrays.items():
            archive.writestr(f"{name}.npy", content)
    return stream.getvalue()


def with_header(text: str, body: bytes = bytes(64)) -> bytes:
    """Return a file of version 2.0 with any text as its header."""
    header = text.encode("latin1") + b"\n"
    return b"\x93NUMPY\x02\x00" + len(header).to_bytes(4, "little") + header + body


def described(dtype: str = "'<f8'", shape: str = "(1, 2)", body: bytes = bytes(64)) -> bytes:
    return with_header(f"{{'descr': {dtype}, 'fortran_order': False, 'shape': {shape}}}", body)


DAMAGED = {
    "empty": b"",
    "text": b"1, 0",
    "only the first bytes": b"\x93NUMPY",
    "a cut header": npy([[1.0, 0.0]])[:40],
    "a cut array": npy([[1.0, 0.0]])[:-5],
    "objects": npy(np.array([[{}, 1]], dtype=object)),
    "an archive that is cut": b"PK\x03\x04",
    "an unclosed header": with_header("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2"),
    "a long header": with_header("-" * 60_000 + "1"),
    "a deep header": with_header("(" * 3000 + ")" * 3000),
    "a header of signs": with_header("-" * 9000 + "1"),
    "another version": b"\x93NUMPY\x09\x00" + npy([[1.0, 0.0]])[8:],
    "an unknown type": described(dtype="'wat'"),
    "a type of fields": described(dtype="['a']"),
    "no type": described(dtype="None"),
    "a negative shape": described(shape="(-1, 2)"),
    "a shape of truth values": described(shape="(True, 2)"),
    "a shape beyond the memory": described(shape="(4000000000000, 2)"),
    "a shape beyond 64 bits": described(shape="(4000000000, 4000000000, 4000000000)"),
    "a shape of many digits": described(shape="(" + "9" * 5000 + ",)"),
    "numbers that are no characters": described("'<U1'", body=b"\xff" * 8),
}
#: Whole files, of types that no table of numbers has.
OTHER_TYPES = {
    "bytes": npy(np.zeros((1, 2), dtype="V8")),
    "fields": npy(np.zeros((1, 2), dtype=[("a", "<f8")])),
    "words": npy([["a", "b"]]),
    "complex numbers": npy([[1j, 0]]),
    "dates": npy(np.array([["2020-01-01", "NaT"]], "M8[D]")),
}
