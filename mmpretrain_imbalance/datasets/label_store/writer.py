"""Writer of label stores that are larger than memory."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from ...utils.class_names import check_class_names
from ...utils.unfinished import unfinished
from .build import build_label_store, class_dtype
from .files import check_absent, publish, write_arrays


class LabelStoreWriter:
    """Writes a label store image by image, or group by group, and keeps only one group in memory.

    The labels are written to a temporary folder beside ``folder``, which appears at the end with the same
    bytes as :meth:`LabelStore.save` of all images would write. Use the writer in a ``with`` statement: if its
    body raises, all files are removed.

    Args:
        folder: Folder of the new store, which must not exist yet.
        class_names: Names of the classes, C of them.
        default_label: Label of every class that is not listed for an image, 0 or -1.
        metadata: Further entries of the manifest, such as the source of the labels; must be serializable as
            JSON.

    Attributes:
        num_images: Number of images written so far.
        num_labels: Number of labels written so far, without those that equal ``default_label``.

    Raises:
        FileExistsError: If the folder exists.
        ValueError: If two classes have the same name.

    Example:
        >>> import tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> with LabelStoreWriter(f'{folder.name}/labels', ['cat', 'dog', 'elk']) as writer:
        ...     writer.add('a.jpg', [2, 0], [1, 0])
        ...     writer.add_images(['b.jpg', 'c.jpg'], images=[1, 0], classes=[1, 1], values=[0, 1])
        >>> from mmpretrain_imbalance.datasets import LabelStore
        >>> LabelStore.open(f'{folder.name}/labels').dense(2)
        array([-1.,  0., -1.], dtype=float32)
        >>> folder.cleanup()
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        class_names: Sequence[str],
        default_label: int = -1,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self.folder = Path(folder)
        if self.folder.exists():
            raise FileExistsError(
                "The 'folder' argument of LabelStoreWriter must be a folder that does not exist. Got "
                f"{folder} instead. Remove it first, or choose another name."
            )
        self.class_names = list(class_names)
        check_class_names(self.class_names, "The 'class_names' argument of LabelStoreWriter")
        self.default_label = default_label
        self.metadata = dict(metadata or {})
        self.num_images = self.num_labels = self._num_bytes = 0

    def __enter__(self) -> LabelStoreWriter:
        self._stack = ExitStack()
        self._beside = self._stack.enter_context(unfinished(self.folder, is_folder=True))
        types = {
            "indptr": np.int64,
            "classes": class_dtype(len(self.class_names)),
            "values": np.int8,
            "name_bytes": np.uint8,
            "name_offsets": np.int64,
        }
        self._files = {name: (self._beside / name).open("wb") for name in types}
        self._types = {name: np.dtype(kind) for name, kind in types.items()}
        for name in ("indptr", "name_offsets"):
            self._append(name, np.zeros(1, dtype=np.int64))
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with self._stack:
            for file in self._files.values():
                file.close()
            if kind is None:
                check_absent(self.folder)
                arrays = {name: self._map(name) for name in self._types}
                names = {"class_names": self.class_names, "default_label": self.default_label}
                write_arrays(self._beside, arrays, {**self.metadata, **names})
                arrays.clear()  # the files are mapped
                # Before the store appears: a process that is killed later would leave them.
                for name in self._types:
                    (self._beside / name).unlink()
                publish(self._beside, self.folder)

    def add(self, name: str, classes: Sequence[int], values: Sequence[int]) -> None:
        """Append one image.

        Args:
            name: Name of the image.
            classes: Indices of its labeled classes, in any order.
            values: Labels of these classes, 1, 0 or -1.

        Raises:
            ValueError: If a class or label is out of range, or a class is listed twice.
        """
        self.add_images([name], np.zeros(len(classes), dtype=np.int64), classes, values)

    def add_images(
        self,
        names: Sequence[str],
        images: np.ndarray | Sequence[int],
        classes: np.ndarray | Sequence[int],
        values: np.ndarray | Sequence[int],
    ) -> None:
        """Append several images at once, which is much faster than one by one.

        Args:
            names: Names of the images, M of them.
            images: Position of each label's image in ``names``, of shape (E,), in any order.
            classes: Class index of each label, of shape (E,).
            values: The labels, 1, 0 or -1, of shape (E,).

        Raises:
            ValueError: If an index or label is out of range, or an image has two labels of one class.
        """
        try:
            part = build_label_store(images, classes, values, names, self.class_names, self.default_label)
        except ValueError as error:
            text = f"{error} The first of these images is {names[0]!r}, image number {self.num_images}."
            raise ValueError(text.replace("build_label_store", "LabelStoreWriter")) from None
        arrays = dict(zip(self._types, part.__reduce__()[1]))
        arrays["indptr"] = arrays["indptr"][1:] + self.num_labels
        arrays["name_offsets"] = arrays["name_offsets"][1:] + self._num_bytes
        for array, content in arrays.items():
            self._append(array, content)
        self.num_images += len(names)
        self.num_labels += len(arrays["classes"])
        self._num_bytes += len(arrays["name_bytes"])

    def _append(self, name: str, content: np.ndarray) -> None:
        self._files[name].write(np.ascontiguousarray(content, dtype=self._types[name]).data)

    def _map(self, name: str) -> np.ndarray:
        path = self._beside / name
        if not path.stat().st_size:  # an empty file cannot be mapped
            return np.empty(0, dtype=self._types[name])
        return np.memmap(path, self._types[name], mode="r")
