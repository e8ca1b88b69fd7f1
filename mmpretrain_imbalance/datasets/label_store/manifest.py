"""Manifest of a saved label store: names of the classes, and sizes and checksums of the arrays."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from ...utils.class_names import check_class_names
from ...utils.found_values import shown
from ...utils.json_content import parse_json

FORMAT, VERSION = "mmpretrain_imbalance.label_store", 1
MANIFEST = "manifest.json"
ARRAYS = ("indptr", "classes", "values", "name_bytes", "name_offsets")
# Types that NumPy writes for arrays of integers, such as '<i8'.
_INTEGERS = frozenset(
    np.dtype(f"{order}{kind}{size}").str for order in "<>" for kind in "iu" for size in (1, 2, 4, 8)
)
_MOST_ELEMENTS = 2**57  # of 8 bytes each, which is more than any disk has


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read and check the manifest of a store.

    Its checksum shows whether it was damaged. It does not show who wrote it, so that every entry is checked,
    too.

    Args:
        folder: Folder of the store.

    Returns:
        The manifest.

    Raises:
        FileNotFoundError: If there is none.
        ValueError: If it was changed, is of another version, or has a wrong entry.
    """
    file = folder / MANIFEST
    if not file.is_file():
        raise FileNotFoundError(f"The label store {folder} must have the file {MANIFEST}. Got none instead.")
    manifest = parse_json(file.read_bytes(), f"The manifest {file} of a label store")
    if not _has_own_checksum(manifest):
        raise ValueError(
            f"The manifest {file} of a label store must match its own checksum. Got a changed manifest "
            "instead. Copy or build the store again."
        )
    form, version = manifest.get("format"), manifest.get("version")
    if form != FORMAT or type(version) is not int or version != VERSION:
        raise ValueError(
            f"The manifest {file} must be of the format {FORMAT}, version {VERSION}. "
            f"Got {shown(form)}, version {shown(version)}, instead."
        )
    _check_metadata(manifest, file)
    arrays = manifest.get("arrays")
    if not isinstance(arrays, dict) or set(arrays) != set(ARRAYS):
        _raise_wrong(file, "arrays", f"the arrays {', '.join(ARRAYS)}", arrays)
    for name, entry in arrays.items():
        _check_array(name, entry, file)
    return manifest


def manifest_sha256(manifest: dict[str, Any]) -> str:
    """Return the checksum of all entries of a manifest but ``sha256`` itself, in hexadecimal."""
    content = {key: value for key, value in manifest.items() if key != "sha256"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _has_own_checksum(manifest: Any) -> bool:
    try:
        return isinstance(manifest, dict) and manifest.get("sha256") == manifest_sha256(manifest)
    except RecursionError:  # lists of almost as many levels as can be parsed
        return False


def _check_metadata(manifest: dict[str, Any], file: Path) -> None:
    check_class_names(manifest.get("class_names"), f"The 'class_names' of {file}")
    default_label, simulations = manifest.get("default_label"), manifest.get("num_simulations", 0)
    if type(default_label) is not int or default_label not in (0, -1):
        _raise_wrong(file, "default_label", "0 (negative) or -1 (unknown)", default_label)
    if type(simulations) is not int or not 0 <= simulations < 2**31:
        _raise_wrong(file, "num_simulations", "a number of simulations", simulations)
    metadata, num_classes = manifest.get("class_metadata", {}), len(manifest["class_names"])
    if not isinstance(metadata, dict):
        _raise_wrong(file, "class_metadata", "an object with lists", metadata)
    for name, values in metadata.items():
        if not isinstance(values, list) or len(values) != num_classes:
            _raise_wrong(file, name, f"a list with one value for each of the {num_classes} classes", values)


def _check_array(name: str, entry: Any, file: Path) -> None:
    entry = entry if isinstance(entry, dict) else {}
    dtype, shape = entry.get("dtype"), entry.get("shape")
    size, checksum = entry.get("bytes"), entry.get("sha256")
    if not isinstance(dtype, str) or dtype not in _INTEGERS:
        _raise_wrong(file, f"{name}.dtype", "a type of integers", dtype)
    if not isinstance(shape, list) or len(shape) != 1 or type(shape[0]) is not int:
        _raise_wrong(file, f"{name}.shape", "a list of one number", shape)
    if not 0 <= shape[0] <= _MOST_ELEMENTS:
        _raise_wrong(file, f"{name}.shape", "a number of elements", shape)
    if type(size) is not int or size < shape[0] * np.dtype(dtype).itemsize:
        _raise_wrong(file, f"{name}.bytes", "the size of a file that has the array", size)
    if not isinstance(checksum, str):
        _raise_wrong(file, f"{name}.sha256", "a checksum", checksum)


def _raise_wrong(file: Path, entry: str, expected: str, found: Any) -> NoReturn:
    raise ValueError(
        f"The '{entry}' of {file} must be {expected}. Got {shown(found)} instead: the manifest was not "
        "written by this package. Build the store again."
    )
