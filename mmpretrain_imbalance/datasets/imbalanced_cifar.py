"""CIFAR-10 and CIFAR-100 with class imbalance."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from mmpretrain.registry import DATASETS

from ..utils.argument_checks import check_choice
from .base import LabelStoreDataset
from .label_store.build import build_label_store
from .label_store.store import LabelStore
from .readers.plain_pickle import read_plain_pickle

# Folder; files of the two splits; labels; file and key of the class names.
_LAYOUT = {
    10: (
        "cifar-10-batches-py",
        {"train": [f"data_batch_{number}" for number in range(1, 6)], "test": ["test_batch"]},
        b"labels",
        ("batches.meta", b"label_names"),
    ),
    100: (
        "cifar-100-python",
        {"train": ["train"], "test": ["test"]},
        b"fine_labels",
        ("meta", b"fine_label_names"),
    ),
}


@DATASETS.register_module()
class ImbalancedCIFAR(LabelStoreDataset):
    r"""CIFAR with :math:`n_c` training images of class c; the test set stays balanced.

    .. math:: n_c = \lfloor n_\text{max} f^{-c/(C-1)} \rfloor \text{ (exponential)} \qquad
        n_c = n_\text{max} \text{ or } \lfloor n_\text{max} / f \rfloor
        \text{ for the first and second half of the classes (step)}

    The images are kept in memory. The pickled files are read without executing code from them.

    Args:
        data_root: Folder of ``cifar-10-batches-py`` or ``cifar-100-python``.
        split: ``'train'`` or ``'test'``.
        num_classes: 10 or 100.
        imbalance: ``'exponential'`` or ``'step'``.
        imbalance_factor: Ratio f of the numbers of images of the most frequent and the rarest class.
        seed: Seed of the choice of images.
        single_label: Whether a sample has the class index ``gt_label``, for a softmax head, instead of a
            label 1 or 0 per class.
        **kwargs: Further arguments of :class:`LabelStoreDataset`.

    Raises:
        FileNotFoundError: If a file of CIFAR is missing.
        ValueError: If an argument is invalid or a file is damaged.
    """

    def __init__(
        self,
        data_root: str,
        split: str = "train",
        num_classes: int = 10,
        *,
        imbalance: str = "exponential",
        imbalance_factor: float = 100.0,
        seed: int = 0,
        single_label: bool = False,
        **kwargs: Any,
    ) -> None:
        check_choice("ImbalancedCIFAR", ("train", "test"), split=split)
        if num_classes not in _LAYOUT:
            raise ValueError(
                f"The 'num_classes' argument of ImbalancedCIFAR must be 10 or 100. Got {num_classes!r} "
                "instead."
            )
        check_choice("ImbalancedCIFAR", ("exponential", "step"), imbalance=imbalance)
        if not imbalance_factor >= 1:
            raise ValueError(
                "The 'imbalance_factor' argument of ImbalancedCIFAR must be at least 1. Got "
                f"{imbalance_factor!r} instead."
            )
        self.split = split
        self.num_classes = num_classes
        self.imbalance = imbalance
        self.imbalance_factor = imbalance_factor
        self.seed = seed
        self.single_label = single_label
        super().__init__(data_root=data_root, **kwargs)

    def load_label_store(self) -> LabelStore:
        """Read the files and choose the images.

        Returns:
            The labels of the chosen images, in the order of the files.
        """
        folder, files, key, names = _LAYOUT[self.num_classes]
        root = Path(self.data_root) / folder
        class_names = [_text(name) for name in _values(root / names[0], names[1])]
        image_parts, label_parts = [], []
        for file in files[self.split]:
            data = np.asarray(_values(root / file, b"data"))
            classes = np.asarray(_values(root / file, key))
            is_index = classes.dtype.kind == "i" and ((classes >= 0) & (classes < len(class_names))).all()
            if data.dtype != np.uint8 or data.shape != (len(classes), 3072) or not is_index:
                raise ValueError(
                    f"The file {root / file} must have images of 3072 bytes and one class index from 0 to "
                    f"{len(class_names) - 1} per image. Got data {data.dtype} {data.shape} and labels "
                    f"{classes.dtype} {classes.shape} instead."
                )
            image_parts.append(data)
            label_parts.append(classes)
        images, labels = np.concatenate(image_parts), np.concatenate(label_parts).astype(np.int64)
        chosen = np.arange(len(labels))
        if self.split == "train":
            sizes = np.bincount(labels, minlength=len(class_names))
            sizes = imbalanced_sizes(sizes, self.imbalance, self.imbalance_factor)
            chosen = _choose(labels, sizes, self.seed)
        # The files have planes of red, green and blue; pipelines expect the channels blue, green, red.
        self.images = images[chosen].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)[..., ::-1].copy()
        self.labels = labels[chosen]
        return build_label_store(
            np.arange(len(chosen)),
            self.labels,
            np.ones(len(chosen), dtype=np.int8),
            [f"{self.split}_{number:05d}" for number in chosen],
            class_names,
            default_label=0,
        )

    def image_info(self, row: int) -> dict[str, Any]:
        """Return the pixels of an image, uint8 of shape (32, 32, 3) in the order BGR, and its size."""
        size = {"img_shape": (32, 32), "ori_shape": (32, 32)}
        return {"img": self.images[row].copy(), "channel_order": "bgr", **size}

    def label_info(self, row: int) -> dict[str, Any]:
        """Return the class of an image, as an index or as labels of all classes."""
        return {"gt_label": int(self.labels[row])} if self.single_label else super().label_info(row)


def imbalanced_sizes(sizes: np.ndarray, imbalance: str, factor: float) -> np.ndarray:
    """Return the number of images to keep per class; see :class:`ImbalancedCIFAR`.

    Args:
        sizes: Number of images per class, of shape (C,).
        imbalance: ``'exponential'`` or ``'step'``.
        factor: Ratio of the numbers of images of the most frequent and the rarest class.

    Returns:
        Number of images to keep, of shape (C,), at most ``sizes``.

    Example:
        >>> imbalanced_sizes(np.full(4, 1000), 'exponential', 100).tolist()
        [1000, 215, 46, 10]
        >>> imbalanced_sizes(np.full(4, 1000), 'step', 100).tolist()
        [1000, 1000, 10, 10]
    """
    ranks = np.arange(len(sizes))
    steps = ranks / max(1, len(sizes) - 1) if imbalance == "exponential" else (ranks >= len(sizes) / 2)
    # The epsilon prevents that 50 becomes 49 if the power is slightly too small.
    wanted = np.floor(sizes.max() * factor ** -steps.astype(np.float64) + 1e-9)
    kept: np.ndarray = np.minimum(wanted, sizes).astype(np.int64)
    return kept


def _choose(labels: np.ndarray, sizes: np.ndarray, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    kept = [rng.permutation(np.flatnonzero(labels == label))[:size] for label, size in enumerate(sizes)]
    return np.sort(np.concatenate(kept))


def _values(path: Path, key: bytes) -> Any:
    content = read_plain_pickle(path)
    if not isinstance(content, dict) or not {key, key.decode()} & set(content):
        raise ValueError(
            f"The pickled file {path} must have the key {key.decode()!r}. Got a file without it instead."
        )
    return content[key] if key in content else content[key.decode()]


def _text(name: str | bytes) -> str:
    return name.decode() if isinstance(name, bytes) else name
