"""Manifests of label stores from untrusted sources."""

from __future__ import annotations

import hashlib
import json
import re

import numpy as np
import pytest

from mmpretrain_imbalance.datasets import LabelStore, PartialLabelDataset, label_store_from_array


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
        with pytest.raises(ValueError, match=r"'indptr.dtype' of .*manifest.json must be a type of integ"):
            LabelStore.open(tmp_path / "store")


def test_a_store_of_another_version_raises(tmp_path):
    label_store_from_array(np.eye(4, dtype=int), list("uvwx"), list("abcd")).save(tmp_path / "store")
    manifest = read_manifest(tmp_path / "store")
    assert manifest["version"] == 1  # the files of users have it: a new version needs a reader of version 1
    write_manifest(tmp_path / "store", {**manifest, "version": 2})
    with pytest.raises(ValueError, match=r"version 1\. Got 'mmpretrain_imbalance.label_store', version 2"):
        LabelStore.open(tmp_path / "store")


WRONG = [None, True, 1.5, -5, 10**400, "x", chr(0xD800), [[1]], [1, 2], [None], {}, {"a": 1}]
VALUES = {  # further wrong values, which have the right type
    "default_label": [1],
    "class_names": [list("aabc"), ["", *"bcd"], [chr(0xD800), *"bcd"], [["a"], *"bcd"], [], 3],
    "class_metadata": [{"frequency": ["r"]}],
    "num_simulations": [-1],
    "dtype": ["|O", "f8", "|V8", "<U3", "i4,O", "i8,i8"],
    "shape": [[-1], [2**62], [10**400], [4, 4], [1.0], [True]],
    "bytes": [7, 2**70],
}


def wrong_manifests(manifest):
    """Yield the name of an entry, and the manifest with a wrong or without a value of this entry."""
    for key in manifest.keys() - {"sha256", "class_metadata", "num_simulations"}:
        yield key, {name: value for name, value in manifest.items() if name != key}
    for key in (*(manifest.keys() - {"sha256"}), "class_metadata", "num_simulations"):
        for value in WRONG + VALUES.get(key, []):
            if not (key == "class_metadata" and value == {}):
                yield key, {**manifest, key: value}
    for array, entry in manifest["arrays"].items():
        for field in entry:
            for value in WRONG + VALUES.get(field, []):
                arrays = {**manifest["arrays"], array: {**entry, field: value}}
                # Any text may be a checksum; verify() compares it with the file.
                if not (field == "sha256" and isinstance(value, str)):
                    yield f"{array}.{field}", {**manifest, "arrays": arrays}
        yield array, {**manifest, "arrays": {**manifest["arrays"], array: [1]}}
    yield "arrays", {**manifest, "arrays": {**manifest["arrays"], "../labels": entry}}


def test_wrong_entries_raise_although_the_checksum_is_right(tmp_path):
    label_store_from_array(np.eye(4, dtype=int), list("uvwx"), list("abcd")).save(tmp_path / "store")
    cases = list(wrong_manifests(read_manifest(tmp_path / "store")))
    assert len(cases) > 300
    for entry, wrong in cases:
        write_manifest(tmp_path / "store", wrong)
        error = None
        try:
            LabelStore.open(tmp_path / "store")
        except ValueError as raised:
            error = str(raised)
        assert re.match(r"The .*store/.* must .* Got .* instead", error or ""), (entry, error)


@pytest.mark.parametrize(
    "content", ["[" * 10**5, "[" * 900 + "]" * 900, "9" * 5000, "3", '"x"', "[]", "{}", '{"sha256": 1}', ""]
)
def test_files_that_are_no_manifest_raise(tmp_path, content):
    label_store_from_array([[1]], ["u"], ["a"]).save(tmp_path / "store")
    (tmp_path / "store" / "manifest.json").write_text(content)
    with pytest.raises(ValueError, match=r"^The manifest .*manifest.json of a label store must "):
        LabelStore.open(tmp_path / "store")


def test_a_group_of_classes_that_does_not_exist_raises(tmp_path):
    label_store_from_array([[1, 0]], ["u"], ["a", "b"]).save(tmp_path / "store")
    for frequency in ("q", ["r"], None):
        manifest = read_manifest(tmp_path / "store")
        write_manifest(tmp_path / "store", {**manifest, "class_metadata": {"frequency": ["r", frequency]}})
        message = r"'frequency' of each class of .*store must be 'r' .* 'f' \(frequent\). Got "
        with pytest.raises(ValueError, match=message):
            PartialLabelDataset(str(tmp_path / "store"))
