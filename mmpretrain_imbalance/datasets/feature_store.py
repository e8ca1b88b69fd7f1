"""Memory-mapped features of the images of a label store, on disk."""

from __future__ import annotations

import io
import mmap
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np

from ..utils.json_content import parse_json
from .label_store.store import LabelStore

FORMAT, VERSION = "mmpretrain_imbalance.feature_store", 1
FEATURES, LABELS, MANIFEST = "features.npy", "labels", "feature_store.json"
#: Settings of a store that is being written. It is replaced by the manifest when the store is complete.
UNFINISHED = "unfinished.json"
DTYPES = ("float32", "float16")
_LARGE = 2**30  # bytes
_MOST = 2**40  # images or features, so that their product still fits into 64 bits with few of the other


class FeatureStore:
    """Features of N images, of D numbers each, with the labels of the same images.

    A store is a folder with the array ``features.npy``, a :class:`LabelStore` in ``labels`` and
    ``feature_store.json``, which is written last. ``tools/extract_features.py`` writes it. The features are
    memory-mapped: opening a store takes milliseconds, workers share its pages, and only its path is pickled.

    Attributes:
        features: The features, read-only, float32 or float16 of shape (N, D).
        labels: The labels; row n belongs to row n of the features.
        settings: What the features were computed with: dtype, batch size, and fingerprints of model, weights,
            pipeline, dataset and labels.
        path: Folder of the store.

    Example:
        >>> import tempfile
        >>> from mmpretrain_imbalance.datasets import FeatureStoreWriter, label_store_from_array
        >>> folder = tempfile.TemporaryDirectory()
        >>> labels = label_store_from_array([[1, 0], [-1, 1]], ['a.jpg', 'b.jpg'], ['cat', 'dog'])
        >>> writer = FeatureStoreWriter(f'{folder.name}/train', labels, dict(dtype='float16', batch_size=2))
        >>> writer.append(np.array([[0.5, 1, 2], [3, 4, 5]]))
        >>> writer.finish()
        >>> FeatureStore.open(f'{folder.name}/train').features[1]
        array([3., 4., 5.], dtype=float16)
        >>> folder.cleanup()
    """

    def __init__(
        self, features: np.ndarray, labels: LabelStore, settings: Mapping[str, Any], path: str
    ) -> None:
        self.features = features
        self.labels = labels
        self.settings = dict(settings)
        self.path = path

    @classmethod
    def open(cls, folder: str | os.PathLike[str], *, verify: bool = False) -> FeatureStore:
        """Map a store into memory, after checking the sizes of its files.

        Args:
            folder: Folder of the store.
            verify: Whether to also check the checksums of the labels.

        Returns:
            The store.

        Raises:
            FileNotFoundError: If the folder or one of its files is missing.
            ValueError: If the store is unfinished, a file is truncated, or the files are not of one store.
        """
        path = Path(folder).resolve()
        manifest = _read_manifest(path)
        labels = LabelStore.open(path / LABELS, verify=verify)
        shape = manifest["num_images"], manifest["num_features"]
        if len(labels) != shape[0] or list(labels.class_names) != manifest["classes"]:
            raise ValueError(
                f"The labels {path / LABELS} of a feature store must be those of {shape[0]} images and "
                f"{len(manifest['classes'])} classes, as {MANIFEST} says. Got {labels!r} instead. Extract "
                "the features again."
            )
        file = path / FEATURES
        if not file.is_file():
            raise FileNotFoundError(
                f"The feature store {path} must have the file {FEATURES}. Got none instead."
            )
        offset = len(array_header(*shape, manifest["dtype"]))
        num_bytes = offset + shape[0] * shape[1] * np.dtype(manifest["dtype"]).itemsize
        with open(file, "rb") as stream:
            header = stream.read(offset)
        if header != array_header(*shape, manifest["dtype"]):
            raise ValueError(
                f"The file {file} must be an array of shape {shape} and type {manifest['dtype']}, as "
                f"{MANIFEST} says. Got another array instead: it belongs to another store. Extract the "
                "features again."
            )
        if file.stat().st_size != num_bytes:
            raise ValueError(
                f"The file {file} must have {num_bytes} bytes. Got {file.stat().st_size} instead: it is "
                "truncated or was replaced. Copy the store or extract the features again."
            )
        features = np.frombuffer(_mapped(file), manifest["dtype"], offset=offset).reshape(shape)
        return cls(features, labels, manifest["settings"], str(path))

    @property
    def num_features(self) -> int:
        """Number of features D of an image."""
        return int(self.features.shape[1])

    def __len__(self) -> int:
        return len(self.features)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self).open, (self.path,)

    def __deepcopy__(self, memo: Mapping[int, Any]) -> FeatureStore:
        return self  # read-only: a copy would only take memory

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self)} images, {self.num_features} features)"


def array_header(num_images: int, num_features: int, dtype: str) -> bytes:
    """Return the first bytes of the file ``features.npy``, before the numbers.

    Args:
        num_images: Number of rows N.
        num_features: Number of columns D.
        dtype: Name of the type.

    Returns:
        The header in NumPy's format 1.0.

    Example:
        >>> len(array_header(2, 3, "float16"))
        128
    """
    stream = io.BytesIO()
    description = dict(
        descr=np.dtype(dtype).newbyteorder("<").str, fortran_order=False, shape=(num_images, num_features)
    )
    np.lib.format.write_array_header_1_0(stream, description)
    return stream.getvalue()


def _mapped(file: Path) -> mmap.mmap:
    with open(file, "rb") as stream:
        mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    # Shuffled images are at random places. Of a large file, the system would read much around each of them.
    if len(mapped) > _LARGE and hasattr(mmap, "MADV_RANDOM"):
        mapped.madvise(mmap.MADV_RANDOM)
    return mapped


def _read_manifest(path: Path) -> dict[str, Any]:
    file = path / MANIFEST
    if not file.is_file():
        if (path / UNFINISHED).is_file():
            raise ValueError(
                f"The feature store {path} must be finished. Got one whose extraction was interrupted "
                "instead. Run the same command of tools/extract_features.py again: it goes on where it was."
            )
        raise FileNotFoundError(
            f"The folder {path} must be a feature store, with the file {MANIFEST}. Got none instead. "
            "tools/extract_features.py writes one."
        )
    manifest = parse_json(file.read_bytes(), f"The description {file} of a feature store")
    if not _is_valid(manifest):
        raise ValueError(
            f"The file {file} must be the description of a feature store, version {VERSION}. Got another "
            "content instead. Extract the features again."
        )
    return cast("dict[str, Any]", manifest)


def _is_valid(manifest: Any) -> bool:
    if not isinstance(manifest, dict):
        return False
    sizes = manifest.get("num_images"), manifest.get("num_features")
    return (
        (manifest.get("format"), manifest.get("version")) == (FORMAT, VERSION)
        and manifest.get("dtype") in DTYPES
        and all(type(size) is int and 0 < size < _MOST for size in sizes)
        and isinstance(manifest.get("classes"), list)
        and isinstance(manifest.get("settings"), dict)
    )
