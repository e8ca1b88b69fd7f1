"""Pseudo-labels of the training images, read from a file and looked up by sample id."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from ...functional import NEGATIVE, POSITIVE, UNKNOWN
from ...utils.argument_checks import check_integer
from ...utils.array_files import load_array
from ...utils.class_names import check_class_names
from ...utils.json_content import parse_json
from .loss_checks import required_num_images

_Array = NDArray[Any]
_CHUNK = 2**24  # number of array elements to process at once


class GivenPseudoLabels(nn.Module):
    """Pseudo-labels of the training images from another source, such as a vision-language model.

    Pseudo-labels follow the label convention of this package: 1 positive, 0 negative, -1 no pseudo-label.
    Some published code uses -1 for negatives and 0 for no pseudo-label; convert such files first.

    A loss calls ``read`` once the classes are known, and calls the module for each batch. The
    pseudo-labels are stored sparsely on the device of the loss, and not in checkpoints: 8 bytes per image and
    3 bytes per pseudo-label (5 bytes with more than 32,767 classes). Only the rows of a batch become dense.
    COCO with a pseudo-label for each of its 82,783 x 80 elements takes 21 MB; 9M images with 20 pseudo-labels
    each take 612 MB.

    Args:
        pseudo_labels: A ``.npy`` file with an array of shape (num_images, C), the folder of a label store, or
            an array. Row i belongs to sample id i. The columns are the classes of the training set, in its
            order; the class names of a label store must equal those of the training set.
        num_images: Length of the training set; ``None`` if ``set_num_images`` sets it.
        owner: Name of the loss with these arguments, for error messages.

    Raises:
        ValueError: If ``num_images`` is not at least 1.

    Example:
        >>> given = GivenPseudoLabels([[1, -1, 0], [-1, -1, -1]], num_images=2)
        >>> given.read(num_classes=3)
        >>> given(torch.tensor([1, 0]), num_classes=3)
        tensor([[-1, -1, -1],
                [ 1, -1,  0]], dtype=torch.int8)
    """

    starts: Tensor
    classes: Tensor
    values: Tensor

    def __init__(
        self,
        pseudo_labels: str | os.PathLike[str] | ArrayLike,
        num_images: int | None,
        owner: str = "GivenPseudoLabels",
    ) -> None:
        super().__init__()
        if num_images is not None:
            check_integer(owner, 1, num_images=num_images)
        self.pseudo_labels = pseudo_labels
        self.num_images = num_images
        self.owner = owner
        self.num_classes = 0
        self.max_per_image = 0  # largest number of pseudo-labels of an image
        self.default = UNKNOWN  # value of elements that are not listed
        self.register_buffer("starts", torch.zeros(0, dtype=torch.int64), persistent=False)
        self.register_buffer("classes", torch.zeros(0, dtype=torch.int16), persistent=False)
        self.register_buffer("values", torch.zeros(0, dtype=torch.int8), persistent=False)

    def set_num_images(self, num_images: int) -> int:
        """Set the length of the training set unless it was given, and return the length that is used."""
        if self.num_images is None:
            self.num_images = num_images
        return self.num_images

    def read(self, num_classes: int, class_names: Sequence[str] | None = None) -> None:
        """Read the pseudo-labels.

        Args:
            num_classes: Number of classes C of the training set.
            class_names: Names of the classes; ``None`` if the dataset has no names.

        Raises:
            FileNotFoundError: If the file does not exist.
            ValueError: If images or classes differ from those of the training set, or a pseudo-label is not
                1, 0 or -1.
        """
        self.num_images = required_num_images(self.num_images, self.owner)
        self.num_classes = num_classes
        source = self.pseudo_labels
        if not isinstance(source, (str, os.PathLike)):
            starts, classes, values = self._read_array(np.asarray(source))
        elif Path(source, "manifest.json").is_file():
            starts, classes, values = self._read_store(Path(source), class_names)
        elif Path(source).is_file():
            starts, classes, values = self._read_array(self._load_array(source))
        else:
            raise FileNotFoundError(
                f"The 'pseudo_labels' argument of {self.owner} must be a .npy file or the folder of a label "
                f"store. Got {str(source)!r} instead, where neither exists."
            )
        self.max_per_image = int(np.diff(starts).max())
        index = torch.int16 if num_classes <= torch.iinfo(torch.int16).max else torch.int32
        self.starts = torch.from_numpy(starts).to(self.starts.device)
        self.classes = torch.from_numpy(classes).to(index).to(self.classes.device)
        self.values = torch.from_numpy(values).to(self.values.device)

    def forward(self, sample_ids: Tensor, num_classes: int) -> Tensor:
        """Look up the pseudo-labels of a batch; the host does not wait for the device.

        Args:
            sample_ids: Index of each image, of shape (N,).
            num_classes: Number of classes C of the logits.

        Returns:
            int8, of shape (N, C).
        """
        if num_classes != self.num_classes:
            raise ValueError(
                f"The logits of the head have {num_classes} classes, but the pseudo-labels of {self.owner} "
                f"have {self.num_classes} classes. Set num_classes of the head to the number of classes of "
                "the dataset."
            )
        # The offsets are one more than the images.
        rows = sample_ids.clamp(0, len(self.starts) - 2)
        # Every image gets max_per_image positions; positions beyond its own go to an additional column.
        positions = self.starts[rows, None] + torch.arange(self.max_per_image, device=rows.device)
        listed = positions < self.starts[rows + 1, None]
        positions = positions.clamp(max=max(len(self.values) - 1, 0))
        columns = torch.where(listed, self.classes[positions].long(), num_classes)
        dense = self.values.new_full((len(rows), num_classes + 1), self.default)
        return dense.scatter(1, columns, self.values[positions])[:, :num_classes]

    def _load_array(self, file: str | os.PathLike[str]) -> _Array:
        try:
            return load_array(file, mmap_mode="r")
        except ValueError as error:
            self._raise_invalid("a .npy file or the folder of a label store", str(error))

    def _read_array(self, array: _Array) -> tuple[_Array, _Array, _Array]:
        """Return the offsets of the images, and classes and values of all pseudo-labels of an array."""
        self._check_shape(array.shape)
        if array.dtype.kind not in "biuf":
            self._raise_invalid("1, 0 or -1 in every element", f"the type {array.dtype}")
        sizes, classes, values = [np.zeros(1, np.int64)], [], []
        step = max(_CHUNK // self.num_classes, 1)
        for first in range(0, len(array), step):
            part = np.asarray(array[first : first + step])
            wrong = ~np.isin(part, (POSITIVE, NEGATIVE, UNKNOWN))
            if wrong.any():
                image, column = np.argwhere(wrong)[0]
                self._raise_invalid(
                    "1 (positive), 0 (negative) or -1 (no pseudo-label) in every element",
                    f"{part[image, column]} at image {first + image}, class {column}",
                )
            rows, columns = np.nonzero(part != UNKNOWN)
            sizes.append(np.bincount(rows, minlength=len(part)))
            classes.append(columns.astype(np.int32))
            values.append(part[rows, columns].astype(np.int8))
        return np.concatenate(sizes).cumsum(), np.concatenate(classes), np.concatenate(values)

    def _read_store(self, folder: Path, class_names: Sequence[str] | None) -> tuple[_Array, _Array, _Array]:
        """Return offsets, classes and values of a label store, which stores these three arrays."""
        try:
            manifest = parse_json((folder / "manifest.json").read_bytes(), "Its manifest")
            stored_names, self.default = manifest["class_names"], manifest["default_label"]
            starts, classes, values = (
                load_array(folder / f"{array}.npy") for array in ("indptr", "classes", "values")
            )
            check_class_names(stored_names, "Its 'class_names'")
        except (OSError, ValueError, KeyError, TypeError) as error:
            self._raise_invalid("an intact label store", f"{type(error).__name__} ({error})")
        arrays = starts, classes, values
        if self.default not in (UNKNOWN, NEGATIVE) or any(
            array.ndim != 1 or array.dtype.kind not in "iu" for array in arrays
        ):
            self._raise_invalid("an intact label store", "another default label or other arrays")
        starts, classes = starts.astype(np.int64), classes.astype(np.int32)
        fits = len(starts) and starts[0] == 0 and starts[-1] == len(classes) == len(values)
        if not fits or (np.diff(starts) < 0).any():
            self._raise_invalid("an intact label store", "arrays of inconsistent lengths or offsets")
        self._check_shape((len(starts) - 1, len(stored_names)))
        for given, expected in zip(stored_names, class_names or ()):
            if given != expected:
                self._raise_invalid(
                    "pseudo-labels of the classes of the training set, in the same order",
                    f"{given!r} at the position of {expected!r}",
                )
        in_range = not len(values) or (
            0 <= classes.min() <= classes.max() < self.num_classes and -1 <= values.min() <= values.max() <= 1
        )
        if not in_range:
            self._raise_invalid("an intact label store", "class indices or labels out of range")
        return starts, classes, values

    def _check_shape(self, shape: tuple[int, ...]) -> None:
        expected = (self.num_images, self.num_classes)
        if shape != expected:
            self._raise_invalid(
                f"one pseudo-label per image and class of the training set, of shape {expected}",
                f"the shape {shape}",
            )

    def _raise_invalid(self, expected: str, got: str) -> NoReturn:
        source = self.pseudo_labels
        where = f" in {os.fspath(source)}" if isinstance(source, (str, os.PathLike)) else ""
        raise ValueError(
            f"The 'pseudo_labels' argument of {self.owner} must be {expected}. Got {got}{where} instead."
        )
