"""Several handwritten digits on a canvas, with long-tailed classes."""

from __future__ import annotations

import gzip
import os
import zlib
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from mmpretrain.registry import DATASETS

from ..utils.argument_checks import check_choice
from .base import LabelStoreDataset
from .label_store.build import label_store_from_table
from .label_store.store import LabelStore

_IDX_PREFIX = {"train": "train", "test": "t10k"}


@DATASETS.register_module()
class MultiDigits(LabelStoreDataset):
    r"""Images of 1 to 4 handwritten digits, fully labeled with the classes they show.

    Without ``data_root`` the digits are the 1,797 real 8 x 8 ones that scikit-learn ships: nothing is
    downloaded, and the images are made in memory whenever the dataset is built (there is no cache that could
    be stale). Two thirds of the digits of each class are for training and the others for testing, the same
    ones for every ``seed``: no digit is in both splits. With ``data_root`` they are MNIST's, from its four
    IDX files, where MNIST's own split holds.

    The class of a digit is drawn with shares :math:`n_c \propto f^{-c/(C-1)}`; a class may be in an image
    more than once. The construction of the MultiMNIST of Duarte et al. (arXiv 2105.10782) was not at hand;
    this one is ours.

    Args:
        split: ``'train'`` or ``'test'``.
        num_images: Number of images.
        seed: Another seed gives other images of the same digits.
        class_frequency: ``'long_tailed'`` or ``'balanced'``; by default training is long-tailed and testing
            balanced.
        imbalance_factor: f, for ``'long_tailed'``.
        max_digits: Largest number of digits in an image.
        canvas_size: Edge of the images in pixels; by default 32 for 8 x 8 digits and 64 for MNIST's.
        color_type: ``'grayscale'`` for images of shape (H, W, 1), ``'color'`` for three equal channels.
        data_root: Folder with ``train-images-idx3-ubyte.gz``, ``train-labels-idx1-ubyte.gz`` and the two
            ``t10k`` files.
        **kwargs: Further arguments of :class:`LabelStoreDataset`, such as ``pipeline``, ``indices`` and
            ``label_format``.

    Raises:
        FileNotFoundError: If a file of MNIST is missing.
        ValueError: If an argument has no meaning, or a file of MNIST is damaged.

    Example:
        >>> dataset = MultiDigits(num_images=100)
        >>> info = dataset.get_data_info(3)
        >>> info['img'].shape, info['gt_score']
        ((32, 32, 1), array([1., 1., 0., 0., 0., 0., 0., 0., 0., 0.], dtype=float32))
    """

    METAINFO: ClassVar[dict] = {"classes": tuple(map(str, range(10)))}

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
        check_choice("MultiDigits", ("train", "test"), split=split)
        check_choice("MultiDigits", (None, "long_tailed", "balanced"), class_frequency=class_frequency)
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
        """Draw the images.

        Returns:
            Their labels.
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
        rng = np.random.default_rng([self.seed, self.split == "test"])
        digits = draw_digits(labels, self.num_images, self.max_digits, class_frequencies(10, factor), rng)
        self.images = draw_canvases(pool, digits, canvas_size, rng)
        self.digits = np.where(digits >= 0, self.digit_ids[digits], -1)
        table = np.zeros((self.num_images, 10), dtype=np.int8)
        image, place = np.nonzero(digits >= 0)
        table[image, labels[digits[image, place]]] = 1
        names = [f"{self.split}_{number:06d}" for number in range(self.num_images)]
        return label_store_from_table(table, names, self.METAINFO["classes"], default_label=0)

    def image_info(self, row: int) -> dict:
        """The pixels of an image, uint8 of shape (H, W, 1) or (H, W, 3), and its size."""
        image = self.images[row][:, :, None]
        image = image.copy() if self.color_type == "grayscale" else image.repeat(3, axis=2)
        return {"img": image, "img_shape": image.shape[:2], "ori_shape": image.shape[:2]}

    def _load_digits(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Pictures (P, S, S), classes (P,) and ids (P,) of the digits of this split."""
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
                    "The 'data_root' argument of MultiDigits must be a folder with pictures and as many "
                    "classes from 0 to 9. "
                    f"Got shapes {pictures.shape} and {labels.shape} at {prefix}* instead."
                )
            missing = sorted(set(range(10)) - set(labels.tolist()))
            if missing:
                raise ValueError(
                    "The 'data_root' argument of MultiDigits must be a folder with pictures of all ten "
                    f"digits. Got none of {missing} at {prefix}* instead."
                )
            return pictures, labels, np.arange(len(labels))
        from sklearn.datasets import load_digits

        pictures, labels = load_digits(return_X_y=True)
        in_train = np.zeros(len(labels), dtype=bool)
        # Not the seed: the two splits must stay disjoint whatever their seeds are.
        rng = np.random.default_rng(1797)
        for label in range(10):
            members = rng.permutation(np.flatnonzero(labels == label))
            in_train[members[: len(members) * 2 // 3]] = True
        chosen = np.flatnonzero(in_train == (self.split == "train"))
        pictures = np.round(pictures.reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)
        return pictures[chosen], labels[chosen], chosen


def class_frequencies(num_classes: int, imbalance_factor: float) -> np.ndarray:
    r"""Exponentially falling shares of the classes.

    .. math:: n_c \propto f^{-c / (C - 1)}

    Args:
        num_classes: Number of classes C, at least 2.
        imbalance_factor: f, how much more frequent the first class is than the last; 1 for equal shares.

    Returns:
        Shares that sum to 1, of shape (C,).

    Example:
        >>> class_frequencies(3, 100).round(3)
        array([0.901, 0.09 , 0.009])
    """
    weights = imbalance_factor ** -(np.arange(num_classes) / (num_classes - 1))
    return weights / weights.sum()


def draw_digits(
    labels: np.ndarray, num_images: int, max_digits: int, frequencies: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Choose the digits of each image: 1 to ``max_digits`` in random order, a class more than once or not.

    Over all images each class has its exact share of the digits (to one digit), and within a class every
    digit of the pool is used equally often.

    Args:
        labels: Class of each digit of the pool, of shape (P,).
        num_images: Number of images N.
        max_digits: Largest number of digits in an image.
        frequencies: Share of each class, of shape (C,).
        rng: Source of the draws.

    Returns:
        Indices into the pool, -1 where an image has fewer digits, of shape (N, max_digits).
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
    """Put the digits of each image in random places that overlap as little as ``tries`` attempts find.

    Args:
        pool: Pictures of digits, uint8 of shape (P, S, S).
        digits: Indices into the pool, -1 for none, of shape (N, M).
        canvas_size: Edge of a canvas, at least S.
        rng: Source of the draws.
        tries: Places that are drawn for each digit; the first of those with the smallest overlap is taken.

    Returns:
        Canvases, uint8 of shape (N, canvas_size, canvas_size). Where digits overlap, the brighter one is
        seen.
    """
    num_images, size = len(digits), pool.shape[1]
    canvases = np.zeros((num_images, canvas_size, canvas_size), dtype=np.uint8)
    corners = np.zeros((num_images, 0, 2), dtype=np.int64)
    for column in digits.T:
        places = rng.integers(0, canvas_size - size + 1, (num_images, tries, 2))
        shared = np.maximum(size - np.abs(places[:, :, None] - corners[:, None]), 0).prod(axis=-1)
        best = places[np.arange(num_images), shared.sum(axis=-1).argmin(axis=1)]
        # An image that has no digit here has none later either, so that this corner disturbs nothing.
        corners = np.concatenate([corners, best[:, None]], axis=1)
        image = np.flatnonzero(column >= 0)
        rows, columns = (best[image, axis, None] + np.arange(size) for axis in (0, 1))
        window = (image[:, None, None], rows[:, :, None], columns[:, None, :])
        canvases[window] = np.maximum(canvases[window], pool[column[image]])
    return canvases


def read_idx(path: str | os.PathLike) -> np.ndarray:
    """Read an IDX file of bytes, packed with gzip or not.

    Args:
        path: The file, with or without the ending ``.gz``; whichever of the two exists is read.

    Returns:
        The array, uint8.

    Raises:
        FileNotFoundError: If neither exists.
        ValueError: If the file is truncated or no IDX file of bytes.
    """
    plain = Path(str(path).removesuffix(".gz"))
    packed = plain.with_name(plain.name + ".gz")
    file = packed if packed.is_file() else plain
    if not file.is_file():
        raise FileNotFoundError(
            f"The 'data_root' argument of MultiDigits must be a folder with {packed.name}. Got none at "
            f"{packed} instead."
        )
    try:
        content = gzip.decompress(file.read_bytes()) if file == packed else file.read_bytes()
    except (EOFError, OSError, zlib.error) as error:
        raise ValueError(f"The file {file} must be complete gzip data. Got instead: {error}.") from error
    # Two zero bytes, 8 for bytes, the number of dimensions; then the dimensions, four bytes each, big-endian.
    num_dims = content[3] if len(content) > 3 and content[:3] == b"\x00\x00\x08" else 0
    shape = (
        np.frombuffer(content, dtype=">u4", count=num_dims, offset=4)
        if len(content) >= 4 + 4 * num_dims
        else []
    )
    if not num_dims or not len(shape):
        raise ValueError(
            f"The file {file} must be an IDX file of bytes. Got the first bytes {content[:4]!r} instead."
        )
    start, size = 4 + 4 * num_dims, int(np.prod(shape, dtype=np.int64))
    if len(content) != start + size:
        raise ValueError(
            f"The file {file} must have {start + size} bytes for its shape {tuple(shape.tolist())}. "
            f"Got {len(content)} instead: it is truncated or damaged. Download it again."
        )
    return np.frombuffer(content, dtype=np.uint8, offset=start).reshape(shape.astype(np.int64))
