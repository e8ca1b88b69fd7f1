"""Label stores that are written image by image, for more labels than memory holds."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .build import build_label_store, class_dtype
from .files import save_arrays


class LabelStoreWriter:
    """Writes a label store in the order in which images arrive, with memory for one part of them at a time.

    The parts lie on disk beside the folder until the end; then the folder appears at once, with the same
    bytes that :meth:`LabelStore.save` of all images together would write. Use it in a ``with`` statement:
    where its body fails, nothing is left.

    Args:
        folder: Where the store goes; it must not exist yet.
        class_names: Names of the classes, C of them.
        default_label: Label of every class that an image does not list, 0 or -1.
        facts: What else the manifest keeps, as JSON can express it: where the labels come from.

    Attributes:
        num_images: Images so far.
        num_labels: Labels so far, without those that are ``default_label``.

    Raises:
        FileExistsError: If the folder exists.
        ValueError: If two classes have one name.

    Example:
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
        folder: str | os.PathLike,
        class_names: Sequence[str],
        default_label: int = -1,
        facts: dict[str, Any] | None = None,
    ) -> None:
        self.folder = Path(folder)
        if self.folder.exists():
            raise FileExistsError(
                "The 'folder' argument of LabelStoreWriter must be a folder that does not exist. Got "
                f"{folder} instead. Remove it first, or choose another name."
            )
        self.class_names = list(class_names)
        if len(set(self.class_names)) != len(self.class_names):
            twice = next(name for name in self.class_names if self.class_names.count(name) > 1)
            raise ValueError(
                "The 'class_names' argument of LabelStoreWriter must be different names. "
                f"Got {twice!r} twice instead."
            )
        self.default_label = default_label
        self.facts = dict(facts or {})
        self.num_images = self.num_labels = self._num_bytes = 0

    def __enter__(self) -> LabelStoreWriter:
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        self._beside = Path(
            tempfile.mkdtemp(prefix=f".{self.folder.name}.", suffix=".rows", dir=self.folder.parent)
        )
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
        try:
            for file in self._files.values():
                file.close()
            if kind is None:
                facts = {**self.facts, "class_names": self.class_names, "default_label": self.default_label}
                save_arrays(self.folder, {name: self._map(name) for name in self._types}, facts)
        finally:
            shutil.rmtree(self._beside, ignore_errors=True)

    def add(self, name: str, classes: Sequence[int], values: Sequence[int]) -> None:
        """Append one image.

        Args:
            name: Its name.
            classes: The classes it has labels of, in any order.
            values: Their labels, 1, 0 or -1.

        Raises:
            ValueError: If a class or label is none, or a class is there twice.
        """
        self.add_images([name], np.zeros(len(classes), dtype=np.int64), classes, values)

    def add_images(
        self, names: Sequence[str], images: np.ndarray, classes: np.ndarray, values: np.ndarray
    ) -> None:
        """Append several images at once, which is much faster.

        Args:
            names: Their names, M of them.
            images: Place of each label's image in ``names``, of shape (E,), in any order.
            classes: Index of each label's class, of shape (E,).
            values: The labels, 1, 0 or -1, of shape (E,).

        Raises:
            ValueError: If an index or label is none, or an image has two labels of one class.
        """
        try:
            part = build_label_store(images, classes, values, names, self.class_names, self.default_label)
        except ValueError as error:
            text = f"{error} The images begin with {names[0]!r}, after {self.num_images} good ones."
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
        if not path.stat().st_size:  # nothing to map
            return np.empty(0, dtype=self._types[name])
        return np.memmap(path, self._types[name], mode="r")
