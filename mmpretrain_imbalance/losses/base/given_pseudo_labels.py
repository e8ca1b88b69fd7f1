"""Answers to the unknown labels of the training images, read from a file and looked up by sample id."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from ...functional import NEGATIVE, POSITIVE, UNKNOWN
from ...utils.argument_checks import check_integer

_CHUNK = 2**24  # elements of a table that are looked at at once


class GivenPseudoLabels(nn.Module):
    """What somebody else, a vision-language model say, answers about each training image and class.

    Answers have the convention of this package: 1 positive, 0 negative, -1 no answer. A file in which -1 is a
    negative answer and 0 is none, as published code has it, must be converted first.

    A loss holds it, has it read the answers once the classes are known, and asks it for each batch. They are
    kept on the device of the loss, and in no checkpoint: 8 bytes for each image and 3 for each answer (5 with
    more than 32,767 classes). Only the rows of a batch become a table. COCO with an answer for each of its
    82,783 x 80 elements: 21 MB. 9M images with 20 answers each: 612 MB.

    Args:
        pseudo_labels: A ``.npy`` file with a table of shape (num_images, C), the folder of a label store, or
            a table. Row i is that of sample id i. The classes are those of the training set, in its order; a
            label store names them, and other names are an error.
        num_images: Length of the training set.
        owner: Name of the loss with these arguments, for the messages.

    Raises:
        ValueError: If ``num_images`` is not at least 1.

    Example:
        >>> given = GivenPseudoLabels([[1, -1, 0], [-1, -1, -1]], num_images=2)
        >>> given.read(num_classes=3)
        >>> given(torch.tensor([1, 0]), num_classes=3)
        tensor([[-1, -1, -1],
                [ 1, -1,  0]], dtype=torch.int8)
    """

    def __init__(
        self,
        pseudo_labels: str | os.PathLike | ArrayLike,
        num_images: int,
        owner: str = "GivenPseudoLabels",
    ) -> None:
        super().__init__()
        check_integer(owner, 1, num_images=num_images)
        self.pseudo_labels = pseudo_labels
        self.num_images = num_images
        self.owner = owner
        self.num_classes = 0
        self.most = 0  # answers of one image
        self.default = UNKNOWN  # answer about what an image does not list
        self.register_buffer("starts", torch.zeros(0, dtype=torch.int64), persistent=False)
        self.register_buffer("classes", torch.zeros(0, dtype=torch.int16), persistent=False)
        self.register_buffer("values", torch.zeros(0, dtype=torch.int8), persistent=False)

    def read(self, num_classes: int, class_names: Sequence[str] | None = None) -> None:
        """Read the answers.

        Args:
            num_classes: Number of classes C of the training set.
            class_names: Their names; ``None`` where the dataset has none.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If the answers are not about the images and classes of the training set, or are none
                of 1, 0 and -1.
        """
        self.num_classes = num_classes
        source = self.pseudo_labels
        if not isinstance(source, (str, os.PathLike)):
            starts, classes, values = self._rows_of_table(np.asarray(source))
        elif Path(source, "manifest.json").is_file():
            starts, classes, values = self._rows_of_store(Path(source), class_names)
        elif Path(source).is_file():
            starts, classes, values = self._rows_of_table(self._table_of_file(source))
        else:
            raise FileNotFoundError(
                f"The 'pseudo_labels' argument of {self.owner} must be a .npy file or the folder of a label "
                f"store. Got {str(source)!r} instead, where there is none."
            )
        self.most = int(np.diff(starts).max())
        index = torch.int16 if num_classes <= torch.iinfo(torch.int16).max else torch.int32
        self.starts = torch.from_numpy(starts).to(self.starts.device)
        self.classes = torch.from_numpy(classes).to(index).to(self.classes.device)
        self.values = torch.from_numpy(values).to(self.values.device)

    def forward(self, sample_ids: Tensor, num_classes: int) -> Tensor:
        """Look up the answers of a batch; nothing is read back from the device.

        Args:
            sample_ids: Index of each image, of shape (N,).
            num_classes: Number of classes C of the logits.

        Returns:
            int8, of shape (N, C).
        """
        if num_classes != self.num_classes:
            raise ValueError(
                f"The head gives logits of {num_classes} classes, but the answers of {self.owner} are about "
                f"{self.num_classes} classes. Set the head's num_classes to that of the dataset."
            )
        rows = sample_ids.clamp(0, self.num_images - 1)
        # As many positions for each image as the fullest has; those beyond its own go to one more column.
        positions = self.starts[rows, None] + torch.arange(self.most, device=rows.device)
        listed = positions < self.starts[rows + 1, None]
        positions = positions.clamp(max=max(len(self.values) - 1, 0))
        columns = torch.where(listed, self.classes[positions].long(), num_classes)
        table = self.values.new_full((len(rows), num_classes + 1), self.default)
        return table.scatter(1, columns, self.values[positions])[:, :num_classes]

    def _table_of_file(self, file: str | os.PathLike) -> np.ndarray:
        try:
            table = np.load(file, mmap_mode="r")
        except (ValueError, EOFError):
            table = None
        if not isinstance(table, np.ndarray):
            self._refuse("a .npy file or the folder of a label store", "something else")
        return table

    def _rows_of_table(self, table: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Offsets of the images, classes and values of all answers of a table, some rows at a time."""
        self._check_shape(table.shape)
        sizes, classes, values = [np.zeros(1, np.int64)], [], []
        step = max(_CHUNK // self.num_classes, 1)
        for first in range(0, self.num_images, step):
            part = np.asarray(table[first : first + step])
            wrong = ~np.isin(part, (POSITIVE, NEGATIVE, UNKNOWN))
            if wrong.any():
                image, column = np.argwhere(wrong)[0]
                self._refuse(
                    "1 (positive), 0 (negative) or -1 (no answer) in every element",
                    f"{part[image, column]} at image {first + image}, class {column}",
                )
            rows, columns = np.nonzero(part != UNKNOWN)
            sizes.append(np.bincount(rows, minlength=len(part)))
            classes.append(columns.astype(np.int32))
            values.append(part[rows, columns].astype(np.int8))
        return np.concatenate(sizes).cumsum(), np.concatenate(classes), np.concatenate(values)

    def _rows_of_store(
        self, folder: Path, class_names: Sequence[str] | None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The same of a label store, which is in this form already."""
        try:
            facts = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
            stored_names, self.default = facts["class_names"], facts["default_label"]
            starts, classes, values = (
                np.load(folder / f"{array}.npy") for array in ("indptr", "classes", "values")
            )
        except (OSError, ValueError, EOFError, KeyError, TypeError) as error:
            self._refuse("a label store as it was written", f"{type(error).__name__} ({error})")
        starts, classes = starts.astype(np.int64), classes.astype(np.int32)
        fits = len(starts) and starts[0] == 0 and starts[-1] == len(classes) == len(values)
        if not fits or (np.diff(starts) < 0).any():
            self._refuse("a label store as it was written", "arrays that do not fit each other")
        self._check_shape((len(starts) - 1, len(stored_names)))
        for given, expected in zip(stored_names, class_names or ()):
            if given != expected:
                self._refuse(
                    "about the classes of the training set, in its order",
                    f"{given!r} in place of {expected!r}",
                )
        in_range = not len(values) or (
            0 <= classes.min() <= classes.max() < self.num_classes and -1 <= values.min() <= values.max() <= 1
        )
        if not in_range:
            self._refuse("a label store as it was written", "other classes or values")
        return starts, classes, values

    def _check_shape(self, shape: tuple[int, ...]) -> None:
        expected = (self.num_images, self.num_classes)
        if shape != expected:
            self._refuse(
                f"an answer about each image and class of the training set, of shape {expected}",
                f"the shape {shape}",
            )

    def _refuse(self, expected: str, got: str) -> NoReturn:
        source = self.pseudo_labels
        where = f" in {os.fspath(source)}" if isinstance(source, (str, os.PathLike)) else ""
        raise ValueError(
            f"The 'pseudo_labels' argument of {self.owner} must be {expected}. Got {got}{where} instead."
        )
