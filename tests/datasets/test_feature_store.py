"""Feature stores: the bytes of NumPy's own file, and an error for each file that is wrong."""

from __future__ import annotations

import json
import os
import pickle
import shutil
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest

from mmpretrain_imbalance.datasets import FeatureStore
from tests.datasets.stored_features import draw, write_store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_store(tmp_path / "train", *draw(9))


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_numpy_reads_the_same_features(tmp_path: Path, dtype: str) -> None:
    features, labels = draw(9, dtype)
    folder = write_store(tmp_path / "train", features, labels)
    np.save(tmp_path / "expected.npy", features)
    assert (folder / "features.npy").read_bytes() == (tmp_path / "expected.npy").read_bytes()
    store = FeatureStore.open(folder)
    np.testing.assert_array_equal(store.features, features)
    np.testing.assert_array_equal([store.labels.dense(row) for row in range(9)], labels)
    assert (len(store), store.num_features, store.features.dtype) == (9, 5, dtype)


def test_only_the_path_is_pickled(folder: Path) -> None:
    store = FeatureStore.open(folder)
    assert len(pickle.dumps(store)) < 500
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(store)).features, store.features)
    assert deepcopy(store) is store
    assert repr(store) == "FeatureStore(9 images, 5 features)"
    with pytest.raises(ValueError, match="read-only"):
        store.features[0, 0] = 1


def test_missing_files(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"must be a feature store.*extract_features\.py writes one"):
        FeatureStore.open(tmp_path / "absent")
    os.remove(folder / "features.npy")
    with pytest.raises(FileNotFoundError, match=r"must have the file features\.npy"):
        FeatureStore.open(folder)


def test_truncated_features(folder: Path) -> None:
    path = folder / "features.npy"
    size = path.stat().st_size
    os.truncate(path, size - 4)
    with pytest.raises(
        ValueError, match=rf"must have {size} bytes\. Got {size - 4} instead: it is truncated"
    ):
        FeatureStore.open(folder)


@pytest.mark.parametrize(
    "foreign", [np.zeros((9, 6), np.float32), np.zeros((9, 5)), np.zeros(45, np.float32)]
)
def test_features_of_another_store(folder: Path, foreign: np.ndarray) -> None:
    np.save(folder / "features.npy", foreign)
    with pytest.raises(ValueError, match=r"must be an array of shape \(9, 5\) and type float32"):
        FeatureStore.open(folder)


def test_labels_of_another_store(folder: Path, tmp_path: Path) -> None:
    other = write_store(tmp_path / "other", *draw(8))
    shutil.rmtree(folder / "labels")
    shutil.copytree(other / "labels", folder / "labels")
    with pytest.raises(ValueError, match="must be those of 9 images and 3 classes"):
        FeatureStore.open(folder)


@pytest.mark.parametrize("change", [dict(version=2), dict(format="x"), dict(dtype="int8"), None])
def test_foreign_description(folder: Path, change: dict | None) -> None:
    path = folder / "feature_store.json"
    content = json.loads(path.read_text())
    path.write_text("[]" if change is None else json.dumps(dict(content, **change)))
    with pytest.raises(ValueError, match="must be the description of a feature store"):
        FeatureStore.open(folder)


def test_unfinished_store_is_not_read(folder: Path) -> None:
    (folder / "feature_store.json").rename(folder / "unfinished.json")
    with pytest.raises(ValueError, match=r"must be finished\. Got one whose extraction was interrupted"):
        FeatureStore.open(folder)
