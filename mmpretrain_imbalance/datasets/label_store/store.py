"""Read-only, sparse store of labels 1, 0 and -1, from which all datasets of this package read."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .checks import check_labels, check_rising, check_sizes, raise_damaged
from .counts import LabelCounts
from .files import load_arrays, save_arrays, verify_checksums

_CHUNK = 2**20  # labels per step, so that temporary arrays do not grow with the data


class LabelStore:
    """Labels 1 (positive), 0 (negative) and -1 (unknown) of N images and C classes, stored sparsely.

    Image n lists the classes ``classes[indptr[n]:indptr[n + 1]]``, in ascending order, with the labels
    ``values[indptr[n]:indptr[n + 1]]``. All its other classes have the label ``default_label``, which is
    never listed, so that equal labels give equal bytes. :func:`build_label_store` builds a store from labels
    in any order. The constructor expects arrays that already have this form, which
    :meth:`LabelStore.verify` checks.

    A store that was opened from a folder is memory-mapped: workers and ranks share its pages, and only its
    path is pickled.

    Args:
        indptr: Offset of the first label of each image, int64 of shape (N + 1,).
        classes: Listed classes, of shape (E,).
        values: Labels of the listed classes, int8 of shape (E,).
        name_bytes: Concatenated UTF-8 names of all images, uint8 of shape (B,).
        name_offsets: Offset of the first byte of each name, int64 of shape (N + 1,).
        class_names: Names of the classes, C of them.
        default_label: Label of every class that is not listed for an image, 0 or -1.
        path: Folder from which the arrays are mapped.
        class_metadata: Lists with one value per class, by name, such as ``frequency``.
        num_simulations: Number of simulations that hid labels, see :class:`SimulatePartialLabels`.

    Example:
        >>> from mmpretrain_imbalance.datasets import label_store_from_array
        >>> labels = [[1, 0, -1], [-1, -1, 0]]
        >>> store = label_store_from_array(labels, ['a.jpg', 'b.jpg'], ['cat', 'dog', 'elk'])
        >>> store.row(0)
        (array([0, 1], dtype=uint16), array([1, 0], dtype=int8))
        >>> store.dense(1)
        array([-1., -1.,  0.], dtype=float32)
    """

    def __init__(
        self,
        indptr: np.ndarray,
        classes: np.ndarray,
        values: np.ndarray,
        name_bytes: np.ndarray,
        name_offsets: np.ndarray,
        class_names: Sequence[str],
        default_label: int = -1,
        path: str | None = None,
        class_metadata: Mapping[str, Sequence[Any]] | None = None,
        num_simulations: int = 0,
    ) -> None:
        if default_label not in (0, -1):
            raise ValueError(
                "The 'default_label' argument of LabelStore must be 0 (negative) or -1 (unknown). Got "
                f"{default_label!r} instead."
            )
        self._arrays = {
            "indptr": indptr,
            "classes": classes,
            "values": values,
            "name_bytes": name_bytes,
            "name_offsets": name_offsets,
        }
        for name, array in self._arrays.items():
            # A plain view of a memory map: indexing np.memmap itself takes microseconds longer.
            self._arrays[name] = array = np.asarray(array).view(np.ndarray)
            array.flags.writeable = False
        check_sizes(self._arrays, path)
        self._indptr, self._classes, self._values, self._name_bytes, self._name_offsets = (
            self._arrays.values()
        )
        self._rises = False  # whether all offsets were checked
        self.class_names = tuple(class_names)
        self.default_label = int(default_label)
        self.path = path
        self.class_metadata = dict(class_metadata or {})
        self.num_simulations = num_simulations

    @classmethod
    def open(cls, folder: str | os.PathLike[str], *, verify: bool = False) -> LabelStore:
        """Map a saved store into memory.

        Only the file sizes are checked by default; :meth:`LabelStore.verify` checks the contents.

        Args:
            folder: Folder that :meth:`LabelStore.save` wrote.
            verify: Whether to also read and check every byte.

        Returns:
            The store.

        Raises:
            FileNotFoundError: If the folder or one of its files is missing.
            ValueError: If a file is truncated, of another version, or does not match the manifest; with
                ``verify`` also if a byte was changed.
        """
        path = str(Path(folder).resolve())
        arrays, manifest = load_arrays(path)
        names = "class_names", "default_label", "class_metadata", "num_simulations"
        metadata: dict[str, Any] = {name: manifest[name] for name in names if name in manifest}
        arguments: dict[str, Any] = {**arrays, **metadata, "path": path}
        store = cls(**arguments)
        if verify:
            store.verify()
        return store

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write the store into a new folder, which appears only when it is complete.

        Args:
            folder: Path of the folder, which must not exist yet.

        Raises:
            FileExistsError: If the folder exists.
        """
        metadata = {"class_names": list(self.class_names), "default_label": self.default_label}
        optional = {"class_metadata": self.class_metadata, "num_simulations": self.num_simulations}
        metadata.update({name: value for name, value in optional.items() if value})
        save_arrays(folder, self._arrays, metadata)

    def verify(self) -> None:
        """Check the checksums of all files and the form of all arrays.

        Raises:
            ValueError: If a byte differs from what was written, or the arrays contradict each other.
        """
        if self.path is not None:
            verify_checksums(self.path)
        check_rising(self._arrays, self.path)
        check_labels(self._classes, self._values, self.num_classes, self.default_label, self.path)
        starts = np.zeros(len(self._classes) + 1, dtype=bool)
        starts[self._indptr] = True
        if not (starts[1:-1] | (self._classes[1:] > self._classes[:-1])).all():
            raise_damaged(self.path, "classes", "rise within an image")

    @property
    def num_classes(self) -> int:
        """Number of classes C."""
        return len(self.class_names)

    @property
    def num_listed(self) -> int:
        """Number of listed labels E."""
        return len(self._classes)

    def __len__(self) -> int:
        return len(self._indptr) - 1

    def image_name(self, image: int) -> str:
        """Name of one image, as written in its annotation file."""
        self._check_row(image)
        name = self._name_bytes[self._name_offsets[image] : self._name_offsets[image + 1]].tobytes()
        try:
            return name.decode()
        except UnicodeDecodeError:
            raise_damaged(
                self.path, "name_bytes", f"be names in UTF-8, unlike {name!r:.100} of image {image}"
            )

    def row(self, image: int) -> tuple[np.ndarray, np.ndarray]:
        """Listed classes of one image and their labels, as read-only views."""
        self._check_row(image)
        elements = slice(self._indptr[image], self._indptr[image + 1])
        return self._classes[elements], self._values[elements]

    def dense(self, image: int) -> np.ndarray:
        """Labels of all classes of one image, float32 of shape (C,)."""
        labels = np.full(self.num_classes, self.default_label, dtype=np.float32)
        classes, values = self.row(image)
        labels[classes] = values
        return labels

    def dense_rows(self, images: np.ndarray) -> np.ndarray:
        """Labels of all classes of several images.

        Args:
            images: Indices of the images, of shape (M,).

        Returns:
            The labels, int8 of shape (M, C).
        """
        labels = np.full((len(images), self.num_classes), self.default_label, dtype=np.int8)
        positions, classes, values = self.elements(images)
        labels[positions, classes] = values
        return labels

    def elements(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Listed labels of several images.

        Args:
            images: Indices of the images, of shape (M,).

        Returns:
            Position of each label's image in ``images``, class and value of each label, three arrays of
            shape (E,).
        """
        starts, sizes = self._indptr[images], self._indptr[np.asarray(images) + 1] - self._indptr[images]
        positions = np.repeat(np.arange(len(sizes)), sizes)
        chosen = np.arange(len(positions)) + np.repeat(starts - (np.cumsum(sizes) - sizes), sizes)
        return positions, self._classes[chosen].astype(np.int64), self._values[chosen]

    def known_elements(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """All labels 1 and 0 of several images, listed or not, in the form of :meth:`LabelStore.elements`.

        If the default label is 0, this needs memory for an M x C matrix of bytes.
        """
        if self.default_label == -1:
            return self.elements(images)
        dense = self.dense_rows(images)
        positions, classes = np.nonzero(dense != -1)
        return positions, classes, dense[positions, classes]

    def names(self, images: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Iterate over the names of several images in chunks.

        Args:
            images: Indices of the images, of shape (M,).

        Yields:
            Concatenated UTF-8 names of a chunk, uint8, and the number of bytes of each name.
        """
        if len(images) and images[-1] - images[0] == len(images) - 1 and (np.diff(images) == 1).all():
            offsets = self._name_offsets[images[0] : images[-1] + 2]
            yield self._name_bytes[offsets[0] : offsets[-1]], np.diff(offsets)
            return
        for start in range(0, len(images), _CHUNK):
            part = images[start : start + _CHUNK]
            starts, sizes = self._name_offsets[part], self._name_offsets[part + 1] - self._name_offsets[part]
            chosen = np.arange(sizes.sum()) + np.repeat(starts - (np.cumsum(sizes) - sizes), sizes)
            yield self._name_bytes[chosen], sizes

    def label_counts(self, images: np.ndarray | None = None) -> LabelCounts:
        """Count positive, negative and unknown labels per class.

        Args:
            images: Indices of the images to count; repeated indices count repeatedly. ``None`` counts all
                images.

        Returns:
            The counts.

        Raises:
            ValueError: If the labels are invalid because a file was damaged.
        """
        if not self._rises:
            check_rising(self._arrays, self.path)
            self._rises = True
        totals = np.zeros((self.num_classes, 3), dtype=np.int64)
        num_images = len(self) if images is None else len(images)
        for classes, values in self._label_chunks(images):
            check_labels(classes, values, self.num_classes, self.default_label, self.path)
            codes = classes.astype(np.int64) * 3 + values
            totals += np.bincount(codes + 1, minlength=totals.size).reshape(totals.shape)
        # Columns are the labels -1, 0, 1.
        totals[:, self.default_label + 1] = num_images - totals.sum(axis=1)
        return LabelCounts(positives=totals[:, 2], negatives=totals[:, 1], unknown=totals[:, 0])

    def _check_row(self, image: int) -> None:
        # A negative index would wrap around in the offsets and give an empty row.
        if not 0 <= image < len(self._indptr) - 1:
            raise IndexError(
                f"The 'image' argument of LabelStore must be from 0 to {len(self) - 1}. Got {image} instead."
            )

    def _label_chunks(self, images: np.ndarray | None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        if images is None:
            for start in range(0, len(self._classes), _CHUNK):
                yield self._classes[start : start + _CHUNK], self._values[start : start + _CHUNK]
            return
        mean_size = max(1, len(self._classes) // max(1, len(self)))
        for start in range(0, len(images), max(1, _CHUNK // mean_size)):
            yield self.elements(images[start : start + max(1, _CHUNK // mean_size)])[1:]

    def __reduce__(self) -> tuple[Any, ...]:
        if self.path is not None:
            return type(self).open, (self.path,)
        metadata = self.class_names, self.default_label, None, self.class_metadata, self.num_simulations
        return type(self), (*self._arrays.values(), *metadata)

    def __deepcopy__(self, memo: Mapping[int, Any]) -> LabelStore:
        return self  # read-only: a copy would only take memory

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({len(self)} images, {self.num_classes} classes, {len(self._classes)} "
            f"listed labels, the rest {'negative' if self.default_label == 0 else 'unknown'})"
        )
