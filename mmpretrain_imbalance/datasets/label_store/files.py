"""Folder of a saved label store: one .npy file per array, and a manifest."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ...utils.unfinished import unfinished
from .manifest import FORMAT, MANIFEST, VERSION, manifest_sha256, read_manifest


def save_arrays(
    folder: str | os.PathLike[str], arrays: dict[str, np.ndarray], metadata: dict[str, Any]
) -> None:
    """Write arrays and a manifest into a new folder, which appears only when it is complete.

    Args:
        folder: Path of the folder, which must not exist yet.
        arrays: The arrays by name.
        metadata: Further entries of the manifest; must be serializable as JSON.

    Raises:
        FileExistsError: If the folder exists.
    """
    folder = Path(folder)
    check_absent(folder)
    with unfinished(folder, is_folder=True) as beside:
        write_arrays(beside, arrays, metadata)
        publish(beside, folder)


def check_absent(folder: Path) -> None:
    """Raise if the folder of a new store exists.

    Args:
        folder: The folder.

    Raises:
        FileExistsError: If it exists.
    """
    if folder.exists():
        raise FileExistsError(
            f"The 'folder' argument of LabelStore.save must be a folder that does not exist. Got {folder} "
            "instead. Remove it first, or choose another name."
        )


def write_arrays(beside: Path, arrays: dict[str, np.ndarray], metadata: dict[str, Any]) -> None:
    """Write arrays and a manifest into an unfinished folder.

    Args:
        beside: The folder.
        arrays: The arrays by name.
        metadata: Further entries of the manifest; must be serializable as JSON.
    """
    manifest: dict[str, Any] = {"format": FORMAT, "version": VERSION, **metadata, "arrays": {}}
    for name, array in arrays.items():
        file = beside / f"{name}.npy"
        with _open_synced(file) as target:
            np.save(target, array)
        manifest["arrays"][name] = {
            "dtype": array.dtype.str,
            "shape": list(array.shape),
            "bytes": file.stat().st_size,
            "sha256": _sha256(file),
        }
    manifest["sha256"] = manifest_sha256(manifest)
    with _open_synced(beside / MANIFEST) as target:
        target.write((json.dumps(manifest, ensure_ascii=False, indent=1) + "\n").encode())


def publish(beside: Path, folder: Path) -> None:
    """Rename an unfinished folder that is complete. Nothing of it remains to be removed after that.

    Args:
        beside: The unfinished folder.
        folder: Its final path.

    Raises:
        FileExistsError: If the final path exists.
    """
    check_absent(folder)
    beside.chmod(0o755)
    beside.rename(folder)


@contextmanager
def _open_synced(path: Path) -> Iterator[BinaryIO]:
    """Open a file for writing and flush it to disk at the end, so that it survives a power failure."""
    with open(path, "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def load_arrays(folder: str | os.PathLike[str]) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Map the arrays of a saved store into memory, after checking all file sizes.

    Args:
        folder: Folder that ``save_arrays`` wrote.

    Returns:
        The arrays by name, read-only, and the manifest.

    Raises:
        FileNotFoundError: If the manifest or an array is missing.
        ValueError: If the manifest was changed, is of another version or has a wrong entry, or the size of a
            file differs.
    """
    manifest = read_manifest(Path(folder))
    arrays = {}
    for name, expected in manifest["arrays"].items():
        file = Path(folder) / f"{name}.npy"
        if not file.is_file():
            raise FileNotFoundError(
                f"The label store {folder} must have the file {file.name}. Got none instead."
            )
        if file.stat().st_size != expected["bytes"]:
            raise ValueError(
                f"The file {file} of a label store must have {expected['bytes']} bytes. Got "
                f"{file.stat().st_size} instead: it is truncated or was replaced. Copy or build the store "
                "again."
            )
        # The offset of the array follows from the manifest, so that the .npy header need not be trusted.
        dtype, shape = np.dtype(expected["dtype"]), tuple(expected["shape"])
        num_bytes = dtype.itemsize * int(np.prod(shape, dtype=np.int64))
        array: np.ndarray = np.empty(shape, dtype)  # an array without elements cannot be mapped
        if num_bytes:
            array = np.memmap(file, dtype, mode="r", offset=expected["bytes"] - num_bytes, shape=shape)
        arrays[name] = array
    return arrays, manifest


def verify_checksums(folder: str | os.PathLike[str]) -> None:
    """Compare the checksum of every file of a saved store with the manifest.

    Args:
        folder: Folder that ``save_arrays`` wrote.

    Raises:
        ValueError: If a file differs. The message names the file.
    """
    for name, expected in read_manifest(Path(folder))["arrays"].items():
        file = Path(folder) / f"{name}.npy"
        found = _sha256(file)
        if found != expected["sha256"]:
            raise ValueError(
                f"The file {file} of a label store must have the SHA-256 {expected['sha256']}. Got {found} "
                "instead: its content was changed after it was written. Copy or build the store again."
            )


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while block := stream.read(2**20):
            digest.update(block)
    return digest.hexdigest()
