"""Clothing Attributes: drawn MATLAB files in the published layout, and our split."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from mmpretrain_imbalance.datasets.readers.clothing_attributes import ATTRIBUTES, read_clothing_attributes
from tests.datasets.published_files import names_of, saved, table_of


def write(root: Path, num_images: int = 31) -> dict[str, np.ndarray]:
    """Write a file of each attribute, and return the values."""
    generator = np.random.default_rng(0)
    values = {}
    (root / "labels").mkdir(parents=True)
    for name, count in ATTRIBUTES.items():
        values[name] = generator.integers(1, count + 1, (num_images, 1)).astype(float)
        values[name][generator.random(num_images) < 0.2] = np.nan
        savemat(root / "labels" / f"{name}_GT.mat", {"GT": values[name]})
    return values


def test_values_become_labels(tmp_path: Path) -> None:
    values = write(tmp_path)
    store = saved(read_clothing_attributes(tmp_path, "all"), tmp_path / "store")
    assert len(ATTRIBUTES) == 26
    assert len(store.class_names) == 36
    assert names_of(store)[:2] == ["000001.jpg", "000002.jpg"]
    table = np.array(table_of(store))
    for column, name in enumerate(store.class_names):
        attribute, _, number = name.rpartition("_")
        attribute, wanted = (attribute, int(number)) if number.isdecimal() else (name, 2)
        expected = [-1 if np.isnan(value) else int(value == wanted) for (value,) in values[attribute]]
        assert table[:, column].tolist() == expected, name


def test_the_split_is_that_of_the_docs(tmp_path: Path) -> None:
    write(tmp_path, 1856)
    parts = {part: list(read_clothing_attributes(tmp_path, part).parts) for part in ("train", "test")}
    names = {part: [name for item in items for name in item.names] for part, items in parts.items()}
    assert (len(names["train"]), len(names["test"])) == (1256, 600)
    assert sorted(names["train"] + names["test"]) == [f"{number:06d}.jpg" for number in range(1, 1857)]
    assert names["test"] == sorted(names["test"])
    assert names["test"][:5] == ["000001.jpg", "000002.jpg", "000004.jpg", "000005.jpg", "000007.jpg"]
    digest = hashlib.sha256("\n".join(names["test"]).encode()).hexdigest()
    assert digest == "42f4f3be0107d870de9ecaf18ef0b3a92623286508497f14439b84b8ff30725e"


def test_wrong_files_raise(tmp_path: Path) -> None:
    write(tmp_path)
    path = tmp_path / "labels" / "black_GT.mat"
    savemat(path, {"GT": np.full((31, 1), 3.0)})
    with pytest.raises(
        ValueError, match=r"black_GT.mat must be a number from 1 to 2 or NaN .* Got 3 at image 1"
    ):
        read_clothing_attributes(tmp_path)
    savemat(path, {"other": 1})
    with pytest.raises(
        ValueError, match=r"with the variable 'GT'. Got a file with 'other', without 'GT', instead"
    ):
        read_clothing_attributes(tmp_path)
    path.write_bytes(b"no MATLAB file")
    with pytest.raises(
        ValueError,
        match=r"black_GT.mat must be a MATLAB file with the variable 'GT'. Got a file of another format",
    ):
        read_clothing_attributes(tmp_path)
    savemat(path, {"GT": np.ones((30, 1))})
    with pytest.raises(ValueError, match=r"blue_GT.mat must have one value for each of the 30 images"):
        read_clothing_attributes(tmp_path)
    path.unlink()
    with pytest.raises(FileNotFoundError, match=r"Got no file at .*black_GT.mat"):
        read_clothing_attributes(tmp_path)
    with pytest.raises(ValueError, match="'split' argument of read_clothing_attributes"):
        read_clothing_attributes(tmp_path, "val")
