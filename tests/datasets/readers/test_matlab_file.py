"""Arrays of MATLAB files are those of SciPy, and damaged files raise an error."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from mmpretrain_imbalance.datasets.readers.matlab_file import read_matlab_array


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("dtype", "u1 i1 u2 i2 u4 i4 u8 i8 f4 f8 ?".split())
def test_arrays_are_those_that_scipy_wrote(tmp_path: Path, dtype: str, compressed: bool) -> None:
    array = np.arange(6).reshape(2, 3).astype(dtype)
    others = {
        "text": "abc",
        "cells": np.array([1, "a"], dtype=object),
        "name_of_31_characters__________": 1.0,
    }
    savemat(tmp_path / "a.mat", {**others, "GT": array, "last": 2.0}, do_compression=compressed)
    np.testing.assert_array_equal(read_matlab_array(tmp_path / "a.mat", "GT"), array)
    np.testing.assert_array_equal(read_matlab_array(tmp_path / "a.mat", "last"), [[2.0]])
    assert read_matlab_array(tmp_path / "a.mat", "name_of_31_characters__________") == 1


@pytest.mark.parametrize("size", [0, 1, 3, 40])
def test_vectors_with_nan(tmp_path: Path, size: int) -> None:
    vector = np.where(np.arange(size) % 3 == 1, np.nan, np.arange(size))[:, None]
    savemat(tmp_path / "a.mat", {"GT": vector})
    np.testing.assert_array_equal(read_matlab_array(tmp_path / "a.mat", "GT"), vector)


def test_another_byte_order(tmp_path: Path) -> None:
    parts = [
        (6, struct.pack(">II", 6, 0)),
        (5, struct.pack(">ii", 3, 1)),
        (1, b"GT\0\0\0\0\0\0"),
        (9, struct.pack(">3d", 1, 2, 3)),
    ]
    lengths = {1: 2}
    matrix = b"".join(
        struct.pack(">II", kind, lengths.get(kind, len(content))) + content for kind, content in parts
    )
    content = b"MATLAB 5.0".ljust(124) + b"\1\0MI" + struct.pack(">II", 14, len(matrix)) + matrix
    (tmp_path / "a.mat").write_bytes(content)
    assert read_matlab_array(tmp_path / "a.mat", "GT").tolist() == [[1], [2], [3]]


@pytest.mark.parametrize("compressed", [False, True])
def test_damage_raises_one_line(tmp_path: Path, compressed: bool) -> None:
    """SciPy's reader ends the process for some of these files."""
    path = tmp_path / "a.mat"
    savemat(path, {"GT": np.array([[1.0, 2.0, np.nan, 2.0]])}, do_compression=compressed)
    content, generator = path.read_bytes(), np.random.default_rng(0)
    cases = [content[:length] for length in range(len(content))]
    for _ in range(500):
        damaged = bytearray(content)
        for place in generator.integers(124, len(content), size=3):
            damaged[place] = generator.integers(256)
        cases.append(bytes(damaged))
    messages = []
    for case in cases:
        path.write_bytes(case)
        try:
            assert read_matlab_array(path, "GT").dtype == np.float64
        except ValueError as error:
            messages.append(str(error))
    assert len(messages) > len(content)
    assert [text for text in messages if not text.startswith(("a damaged file (", "a file "))] == []
    assert [text for text in messages if "\n" in text] == []


def test_other_content(tmp_path: Path) -> None:
    path = tmp_path / "a.mat"
    for value, reason in (
        ("abc", "no real numbers"),
        (1j, "no real numbers"),
        ([{"a": 1}], "no real numbers"),
    ):
        savemat(path, {"GT": value})
        with pytest.raises(ValueError, match=reason):
            read_matlab_array(path, "GT")
    with pytest.raises(ValueError, match=r"^a file with 'GT', without 'labels',$"):
        read_matlab_array(path, "labels")
    savemat(path, {"GT": 1}, format="4")
    with pytest.raises(ValueError, match=r"^a file of another format"):
        read_matlab_array(path, "GT")


def test_a_compressed_element_cannot_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mmpretrain_imbalance.datasets.readers.matlab_file._LARGEST", 1000)
    path = tmp_path / "a.mat"
    savemat(path, {"GT": np.zeros(100)}, do_compression=True)
    assert read_matlab_array(path, "GT").size == 100
    savemat(path, {"GT": np.zeros(1000)}, do_compression=True)
    with pytest.raises(
        ValueError, match=r"a damaged file \(an element of 8\d+ bytes, of which 9\d+ are there"
    ):
        read_matlab_array(path, "GT")
    assert len(zlib.compress(bytes(8000))) < 100
