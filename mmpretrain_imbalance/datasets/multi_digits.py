"""Synthetic multi-label dataset of handwritten digits on a canvas, with long-tailed classes."""

from __future__ import annotations

import gzip
import os
import zlib
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from mmpretrain.registry import DATASETS

from ..utils.argument_checks import check_choice
from .base import LabelStoreDataset
from .label_store.build import label_store_from_array
from .label_store.store import LabelStore

_IDX_PREFIX = {"train": "train", "val": "train", "test": "t10k"}
_SEED_OF_SPLIT = {"train": 0, "test": 1, "val": 2}


@DATASETS.register_module()
class MultiDigits(LabelStoreDataset):
    r"""Images of 1 to 4 handwritten digits, fully labeled with the classes they show.

    Without ``data_root`` the digits are the 1,797 real digits of 8 x 8 pixels that are part of scikit-learn.
    Nothing is downloaded, and the images are created in memory when the dataset is built. Half of the digits
    of each class are used for training, a sixth for validation and a third for testing, independently of
    ``seed``, so that no digit is in two splits. With ``data_root`` the digits are those of MNIST, read from
    its four IDX files: its test digits, and its training digits, of which the last sixth is for validation.

    The class of a digit is random with frequencies :math:`n_c \propto f^{-c/(C-1)}`; an image may have
    several digits of one class. The construction differs from the MultiMNIST of Duarte et al.
    (arXiv 2105.10782), whose details were not available.

    Args:
        split: ``'train'``, ``'val'`` or ``'test'``.
        num_images: Number of images.
        seed: Seed of the composition of the images; the digits of a split do not depend on it.
        class_frequency: ``'long_tailed'`` or ``'balanced'``; by default training is long-tailed, and
            validation and testing are balanced.
        imbalance_factor: Imbalance factor f of ``'long_tailed'``.
        max_digits: Maximum number of digits per image.
        canvas_size: Edge length of the images in pixels; by default 32 for digits of 8 x 8 pixels and 64 for
            MNIST.
        color_type: ``'grayscale'`` for images of shape (H, W, 1), ``'color'`` for three equal channels.
        data_root: Folder with ``train-images-idx3-ubyte.gz``, ``train-labels-idx1-ubyte.gz`` and the two
            ``t10k`` files.
        **kwargs: Further arguments of :class:`LabelStoreDataset`, such as ``pipeline``, ``indices`` and
            ``label_format``.

    Raises:
        FileNotFoundError: If a file of MNIST is missing.
        ValueError: If an argument is invalid, or a file of MNIST is damaged.

    Example:
        >>> dataset = MultiDigits(num_images=100)
        >>> info = dataset.get_data_info(3)
        >>> info['img'].shape, info['gt_score']
        ((32, 32, 1), array([1., 0., 0., 1., 0., 0., 0., 0., 0., 0.], dtype=float32))
    """

    METAINFO: ClassVar[dict[str, Any]] = {"classes": tuple(map(str, range(10)))}

    def __init__(
        self,
        split: str = "train",
        num_images: int = 2000,
        *,
        seed: int = 0,
        class_frequency: str | None = None,
        imbalance_factor: float = 100.0,
        max_digits: int = 4,
        canvas_size: int | None = None,
        color_type: str = "grayscale",
        data_root: str = "",
        **kwargs: Any,
    ) -> None:
        check_choice("MultiDigits", tuple(_IDX_PREFIX), split=split)
        if class_frequency is not None:
            check_choice("MultiDigits", ("long_tailed", "balanced"), class_frequency=class_frequency)
        check_choice("MultiDigits", ("grayscale", "color"), color_type=color_type)
        minima = {
            "num_images": (num_images, 1),
            "max_digits": (max_digits, 1),
            "imbalance_factor": (imbalance_factor, 1),
        }
        for name, (value, least) in minima.items():
            if not value >= least:
                raise ValueError(
                    f"The '{name}' argument of MultiDigits must be at least {least}. Got {value!r} instead."
                )
        self.split = split
        self.num_images = num_images
        self.seed = seed
        self.class_frequency = class_frequency or ("long_tailed" if split == "train" else "balanced")
        self.imbalance_factor = imbalance_factor
        self.max_digits = max_digits
        self.canvas_size = canvas_size
        self.color_type = color_type
        super().__init__(data_root=data_root, **kwargs)

    def load_label_store(self) -> LabelStore:
        """Create the images.

        Returns:
            The labels of the images.
        """
        pool, labels, self.digit_ids = self._load_digits()
        size = pool.shape[1]
        canvas_size = self.canvas_size or (32 if size == 8 else 64)
        if canvas_size < size:
            raise ValueError(
                f"The 'canvas_size' argument of MultiDigits must be at least {size}, the size of a digit. "
                f"Got {canvas_size} instead."
            )
        factor = self.imbalance_factor if self.class_frequency == "long_tailed" else 1.0
        rng = np.random.default_rng([self.seed, _SEED_OF_SPLIT[self.split]])
        digits = draw_digits(labels, self.num_images, self.max_digits, class_frequencies(10, factor), rng)
        self.images = draw_canvases(pool, digits, canvas_size, rng)
        self.digits = np.where(digits >= 0, self.digit_ids[digits], -1)
        image_labels = np.zeros((self.num_images, 10), dtype=np.int8)
        images, columns = np.nonzero(digits >= 0)
        image_labels[images, labels[digits[images, columns]]] = 1
        names = [f"{self.split}_{number:06d}" for number in range(self.num_images)]
        return label_store_from_array(image_labels, names, self.METAINFO["classes"], default_label=0)

    def image_info(self, row: int) -> dict[str, Any]:
        """Return the pixels of an image, uint8 of shape (H, W, 1) or (H, W, 3), and its size."""
        image = self.images[row][:, :, None]
        image = image.copy() if self.color_type == "grayscale" else image.repeat(3, axis=2)
        return {"img": image, "img_shape": image.shape[:2], "ori_shape": image.shape[:2]}

    def _load_digits(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return pictures (P, S, S), classes (P,) and ids (P,) of the digits of this split."""
        if self.data_root:
            prefix = Path(self.data_root) / _IDX_PREFIX[self.split]
            pictures = read_idx(f"{prefix}-images-idx3-ubyte.gz")
            labels = read_idx(f"{prefix}-labels-idx1-ubyte.gz").astype(np.int64)
            if (
                pictures.ndim != 3
                or labels.ndim != 1
                or len(pictures) != len(labels)
                or labels.max(initial=0) > 9
            ):
                raise ValueError(
                    "The 'data_root' argument of MultiDigits must be a folder with pictures and one class "
                    f"from 0 to 9 per picture. Got shapes {pictures.shape} and {labels.shape} at {prefix}* "
                    "instead."
                )
            chosen = np.arange(len(labels))
            if self.split != "test":
                start = len(labels) - len(labels) // 6
                chosen = chosen[:start] if self.split == "train" else chosen[start:]
            missing = sorted(set(range(10)) - set(labels[chosen].tolist()))
            if missing:
                raise ValueError(
                    "The 'data_root' argument of MultiDigits must be a folder with pictures of all ten "
                    f"digits. Got no pictures of {missing} at {prefix}* instead."
                )
            return pictures[chosen], labels[chosen], chosen
        pictures, labels = _digits_of_sklearn()
        splits = np.full(len(labels), "test", dtype="<U5")
        # A fixed seed, because the splits must be disjoint for any `seed`.
        rng = np.random.default_rng(1797)
        for label in range(10):
            members = rng.permutation(np.flatnonzero(labels == label))
            splits[members[: len(members) * 2 // 3]] = "val"
            splits[members[: len(members) // 2]] = "train"
        chosen = np.flatnonzero(splits == self.split)
        pictures = np.round(pictures.reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)
        return pictures[chosen], labels[chosen], chosen


@cache
def _digits_of_sklearn() -> tuple[np.ndarray, np.ndarray]:
    """Read the digits once: parsing their text file takes longer than drawing a small dataset of them."""
    from sklearn.datasets import load_digits

    pictures, labels = load_digits(return_X_y=True)
    return pictures, labels


def class_frequencies(num_classes: int, imbalance_factor: float) -> np.ndarray:
    r"""Return exponentially decreasing frequencies of the classes.

    .. math:: n_c \propto f^{-c / (C - 1)}

    Args:
        num_classes: Number of classes C, at least 2.
        imbalance_factor: Ratio f of the frequencies of the first and the last class; 1 for equal frequencies.

    Returns:
        Frequencies that sum to 1, of shape (C,).

    Example:
        >>> class_frequencies(3, 100).round(3)
        array([0.901, 0.09 , 0.009])
    """
    weights = imbalance_factor ** -(np.arange(num_classes) / (num_classes - 1))
    frequencies: np.ndarray = weights / weights.sum()
    return frequencies


def draw_digits(
    labels: np.ndarray, num_images: int, max_digits: int, frequencies: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Choose the digits of each image: 1 to ``max_digits`` digits of any classes, in random order.

    Over all images each class has its exact fraction of the digits (up to rounding), and within a class all
    digits of the pool are used equally often.

    Args:
        labels: Class of each digit of the pool, of shape (P,).
        num_images: Number of images N.
        max_digits: Maximum number of digits per image.
        frequencies: Fraction of each class, of shape (C,).
        rng: Random number generator.

    Returns:
        Indices in the pool, of shape (N, max_digits), padded with -1 for images with fewer digits.
    """
    sizes = rng.permutation(np.arange(num_images) % max_digits + 1)
    ends = np.round(np.cumsum(frequencies) * sizes.sum()).astype(np.int64)
    chosen = []
    for label, count in enumerate(np.diff(ends, prepend=0)):
        pool = np.flatnonzero(labels == label)
        rounds = [rng.permutation(pool) for _ in range(-(-count // len(pool)))]
        chosen += [np.concatenate(rounds)[:count]] if count else []
    digits = np.full((num_images, max_digits), -1, dtype=np.int64)
    digits[np.arange(max_digits) < sizes[:, None]] = rng.permutation(np.concatenate(chosen))
    return digits


def draw_canvases(
    pool: np.ndarray, digits: np.ndarray, canvas_size: int, rng: np.random.Generator, tries: int = 16
) -> np.ndarray:
    """Draw the digits of each image at random positions with little overlap.

    Args:
        pool: Pictures of digits, uint8 of shape (P, S, S).
        digits: Indices in the pool, padded with -1, of shape (N, M).
        canvas_size: Edge length of a canvas, at least S.
        rng: Random number generator.
        tries: Number of random positions per digit; the first one with the smallest overlap is used.

    Returns:
        Canvases, uint8 of shape (N, canvas_size, canvas_size). Where digits overlap, the brighter pixel is
        used.
    """
    num_images, size = len(digits), pool.shape[1]
    canvases = np.zeros((num_images, canvas_size, canvas_size), dtype=np.uint8)
    corners = np.zeros((num_images, 0, 2), dtype=np.int64)
    for column in digits.T:
        positions = rng.integers(0, canvas_size - size + 1, (num_images, tries, 2))
        overlap = np.maximum(size - np.abs(positions[:, :, None] - corners[:, None]), 0).prod(axis=-1)
        best = positions[np.arange(num_images), overlap.sum(axis=-1).argmin(axis=1)]
        # An image without a digit in this column has none in later columns, so its corner has no effect.
        corners = np.concatenate([corners, best[:, None]], axis=1)
        image = np.flatnonzero(column >= 0)
        rows, columns = (best[image, axis, None] + np.arange(size) for axis in (0, 1))
        window = (image[:, None, None], rows[:, :, None], columns[:, None, :])
        canvases[window] = np.maximum(canvases[window], pool[column[image]])
    return canvases


def read_idx(path: str | os.PathLike[str]) -> np.ndarray:
    """Read an IDX file of bytes, compressed with gzip or not.

    Args:
        path: The file. The compressed file, with the ending ``.gz``, is read if it exists, and else the
            uncompressed one.

    Returns:
        The array, uint8.

    Raises:
        FileNotFoundError: If neither file exists.
        ValueError: If the file is truncated or not an IDX file of bytes.
    """
    plain = Path(str(path).removesuffix(".gz"))
    packed = plain.with_name(plain.name + ".gz")
    file = packed if packed.is_file() else plain
    if not file.is_file():
        raise FileNotFoundError(
            f"The 'data_root' argument of MultiDigits must be a folder with {packed.name}. Got no file at "
            f"{packed} instead."
        )
    try:
        content = gzip.decompress(file.read_bytes()) if file == packed else file.read_bytes()
    except (EOFError, OSError, zlib.error) as error:
        raise ValueError(
            f"The file {file} must be complete gzip data. Got this error instead: {error}."
        ) from error
    # Two zero bytes, 8 (the type code of bytes), the number of dimensions, and then the dimensions, each as
    # four bytes in big-endian order.
    num_dims = content[3] if len(content) > 3 and content[:3] == b"\x00\x00\x08" else 0
    shape: tuple[int, ...] = ()
    if len(content) >= 4 + 4 * num_dims:
        shape = tuple(np.frombuffer(content, dtype=">u4", count=num_dims, offset=4).tolist())
    if not num_dims or not shape:
        raise ValueError(
            f"The file {file} must be an IDX file of bytes. Got the first bytes {content[:4]!r} instead."
        )
    start, size = 4 + 4 * num_dims, int(np.prod(shape, dtype=np.int64))
    if len(content) != start + size:
        raise ValueError(
            f"The file {file} must have {start + size} bytes for its shape {shape}. "
            f"Got {len(content)} instead: it is truncated or damaged. Download it again."
        )
    return np.frombuffer(content, dtype=np.uint8, offset=start).reshape(shape)
