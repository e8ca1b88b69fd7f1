"""Writer of feature stores that goes on where an earlier, killed process stopped."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..utils.argument_checks import check_choice
from ..utils.files import atomic_write
from ..utils.json_content import parse_json
from ..utils.unfinished import is_unfinished
from .feature_store import (
    DTYPES,
    FEATURES,
    FORMAT,
    LABELS,
    MANIFEST,
    UNFINISHED,
    VERSION,
    array_header,
)
from .label_store.store import LabelStore


class FeatureStoreWriter:
    """Appends the features of images to a :class:`FeatureStore`, batch by batch.

    Features are appended to the file directly, so a killed process loses at most one batch. An incomplete
    batch is removed when the folder is opened again: batches then have the same images as in an unbroken
    call, and so the same numbers to the last bit.

    Args:
        folder: Folder of a new, an unfinished or a finished store.
        labels: Labels of the images, in the order of the features.
        settings: What the features are computed with, serializable as JSON. ``dtype`` is the type of the
            stored numbers, ``'float32'`` or ``'float16'``, and ``batch_size`` the number of images of all
            batches but the last.

    Attributes:
        is_finished: Whether the store is complete.
        num_written: Number of images whose features are written.

    Raises:
        FileExistsError: If the folder exists and is no feature store.
        ValueError: If the folder has features of other settings; the message names them.

    Example:
        See :class:`FeatureStore`.
    """

    def __init__(
        self, folder: str | os.PathLike[str], labels: LabelStore, settings: Mapping[str, Any]
    ) -> None:
        check_choice("FeatureStoreWriter", DTYPES, dtype=settings["dtype"])
        self.folder = Path(folder)
        self.labels = labels
        self.settings = json.loads(json.dumps(settings))
        self.num_written = 0
        self._num_features: int | None = None
        self.is_finished = (self.folder / MANIFEST).is_file()
        stored = self.folder / (MANIFEST if self.is_finished else UNFINISHED)
        if stored.is_file():
            content = parse_json(stored.read_bytes(), f"The description {stored} of a feature store")
            self._check_settings((content.get("settings") if isinstance(content, dict) else None) or {})
        elif self.folder.exists() and not all(map(is_unfinished, self.folder.iterdir())):
            raise FileExistsError(
                "The 'folder' argument of FeatureStoreWriter must be a feature store, or not exist. Got "
                f"{str(folder)!r} instead, which has other files. Choose another folder."
            )
        else:
            with atomic_write(stored) as file:
                json.dump({"settings": self.settings}, file, indent=1)
        if self.is_finished:
            (self.folder / UNFINISHED).unlink(missing_ok=True)  # a killed process may have left it
            self.num_written = len(labels)
            return
        if not (self.folder / LABELS).exists():
            labels.save(self.folder / LABELS)
        self._remove_incomplete_batch()

    def append(self, features: np.ndarray) -> None:
        """Write the features of a batch.

        Args:
            features: Features of the next images, of shape (B, D).

        Raises:
            ValueError: If a feature is not a finite number of the stored type, or D differs from before.
        """
        with np.errstate(over="ignore"):
            stored = np.ascontiguousarray(features, dtype=self.settings["dtype"])
        if not np.isfinite(stored).all():
            image = self.num_written + int(np.argmin(np.isfinite(stored).all(axis=1)))
            value = features[np.where(~np.isfinite(stored))][0]
            remedy = " Use float32." if np.isfinite(value) else ""
            raise ValueError(
                "The 'features' argument of FeatureStoreWriter.append must be finite numbers of type "
                f"{self.settings['dtype']}. Got {value:g} at image {image} "
                f"({self.labels.image_name(image)}) instead.{remedy}"
            )
        if self._num_features is None:
            self._num_features = stored.shape[1]
            with open(self.folder / FEATURES, "wb") as file:
                file.write(self._header())
        if stored.shape[1] != self._num_features:
            raise ValueError(
                "The 'features' argument of FeatureStoreWriter.append must have "
                f"{self._num_features} features per image, as before. Got {stored.shape[1]} instead."
            )
        with open(self.folder / FEATURES, "ab") as file:
            file.write(stored.data)
        self.num_written += len(stored)

    def finish(self) -> None:
        """Make the store complete.

        Raises:
            ValueError: If images have no features yet.
        """
        if self.is_finished:
            return
        if self.num_written != len(self.labels) or self._num_features is None:
            raise ValueError(
                f"The features of all {len(self.labels)} images must be written before "
                f"FeatureStoreWriter.finish. Got those of {self.num_written} instead."
            )
        with open(self.folder / FEATURES, "rb+") as file:
            os.fsync(file.fileno())
        manifest = {
            "format": FORMAT,
            "version": VERSION,
            "num_images": len(self.labels),
            "num_features": self._num_features,
            "dtype": self.settings["dtype"],
            "settings": self.settings,
            "classes": list(self.labels.class_names),
        }
        with atomic_write(self.folder / MANIFEST) as file:
            json.dump(manifest, file, indent=1, ensure_ascii=False)
            file.write("\n")
        (self.folder / UNFINISHED).unlink()
        self.is_finished = True

    def _header(self) -> bytes:
        return array_header(len(self.labels), self._num_features or 0, self.settings["dtype"])

    def _check_settings(self, stored: dict[str, Any]) -> None:
        names = [name for name in {**stored, **self.settings} if stored.get(name) != self.settings.get(name)]
        if names:
            found = ", ".join(f"{name} ({stored.get(name)}, now {self.settings.get(name)})" for name in names)
            raise ValueError(
                f"The 'folder' argument of FeatureStoreWriter must have features of the same settings. Got "
                f"{str(self.folder)!r} instead, which differs in: {found}. Choose another folder, or remove "
                "this one."
            )

    def _remove_incomplete_batch(self) -> None:
        """Cut the file after its last whole batch."""
        path = self.folder / FEATURES
        shape = stored_shape(path)
        if shape is None:
            path.unlink(missing_ok=True)
            return
        self._num_features = shape[1]
        offset, row = len(self._header()), shape[1] * np.dtype(self.settings["dtype"]).itemsize
        rows = min((path.stat().st_size - offset) // row, len(self.labels))
        if rows < len(self.labels):
            rows -= rows % self.settings["batch_size"]
        os.truncate(path, offset + rows * row)
        self.num_written = int(rows)


def stored_shape(path: Path) -> tuple[int, int] | None:
    """Read the shape in the header of an array file.

    Args:
        path: The file ``features.npy``, perhaps missing or cut.

    Returns:
        The shape (N, D); None if the file has no complete header.
    """
    try:
        with open(path, "rb") as file:
            np.lib.format.read_magic(file)
            num_images, num_features = np.lib.format.read_array_header_1_0(file)[0]
    except FileNotFoundError:
        return None
    except Exception:  # a damaged header can cause any error
        return None
    return num_images, num_features
