"""Manifests of label stores from untrusted sources."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest

from mmpretrain_imbalance.datasets import LabelStore, label_store_from_array


def read_manifest(folder):
    return json.loads((folder / "manifest.json").read_text())


def write_manifest(folder, manifest):
    """Write a manifest with the right checksum."""
    content = {key: value for key, value in manifest.items() if key != "sha256"}
    sha256 = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps({**content, "sha256": sha256}))


def test_a_manifest_cannot_create_python_objects(tmp_path):
    """NumPy would map a file as addresses of Python objects, and the process would crash on reading one."""
    label_store_from_array(np.eye(4, dtype=int), list("uvwx"), list("abcd")).save(tmp_path / "store")
    manifest = read_manifest(tmp_path / "store")
    for dtype in ("|O", "O", "f8", "S8", "i4,O"):
        size = np.dtype(dtype).itemsize
        rows = (tmp_path / "store" / "indptr.npy").stat().st_size // size
        manifest["arrays"]["indptr"].update(dtype=dtype, shape=[rows])
        write_manifest(tmp_path / "store", manifest)
        with pytest.raises(ValueError, match=r"indptr.npy of a label store must be one-dimensional and hold"):
            LabelStore.open(tmp_path / "store")


def test_a_store_of_another_version_raises(tmp_path):
    label_store_from_array(np.eye(4, dtype=int), list("uvwx"), list("abcd")).save(tmp_path / "store")
    manifest = read_manifest(tmp_path / "store")
    assert manifest["version"] == 1  # the files of users have it: a new version needs a reader of version 1
    write_manifest(tmp_path / "store", {**manifest, "version": 2})
    with pytest.raises(ValueError, match=r"version 1\. Got mmpretrain_imbalance.label_store, version 2"):
        LabelStore.open(tmp_path / "store")
