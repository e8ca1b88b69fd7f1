"""Manifests of label stores from untrusted sources."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest

from mmpretrain_imbalance.datasets import LabelStore, label_store_from_array


def test_a_manifest_cannot_create_python_objects(tmp_path):
    """NumPy would map a file as addresses of Python objects, and the process would crash on reading one."""
    label_store_from_array(np.eye(4, dtype=int), list("uvwx"), list("abcd")).save(tmp_path / "store")
    path = tmp_path / "store" / "manifest.json"
    manifest = json.loads(path.read_text())
    for dtype in ("|O", "O", "f8", "S8", "i4,O"):
        size = np.dtype(dtype).itemsize
        rows = (tmp_path / "store" / "indptr.npy").stat().st_size // size
        manifest["arrays"]["indptr"].update(dtype=dtype, shape=[rows])
        content = {key: value for key, value in manifest.items() if key != "sha256"}
        sha256 = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
        path.write_text(json.dumps({**content, "sha256": sha256}))
        with pytest.raises(ValueError, match=r"indptr.npy of a label store must be one-dimensional and hold"):
            LabelStore.open(tmp_path / "store")
