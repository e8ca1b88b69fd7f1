"""Probabilities of the unknown labels of the training images, looked up by sample id."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor


class GivenSoftLabels:
    """Table of one probability per training image and class; NaN where there is none.

    The table is not a buffer, because its size is not known when the model is built, and because checkpoints
    and averaged models need no copy of it. It takes 2 bytes per element, on the device of the sample ids:
    COCO (82,783 x 80) takes 13 MB.

    Args:
        owner: Name of the loss with these soft labels, for error messages.

    Example:
        >>> given = GivenSoftLabels()
        >>> given.set([[0.25, np.nan], [0.5, 1.0]], num_images=2)
        >>> given.lookup(torch.tensor([1, 0]), num_classes=2)
        tensor([[0.5000, 1.0000],
                [0.2500,    nan]], dtype=torch.float16)
    """

    def __init__(self, owner: str = "GivenSoftLabels") -> None:
        self.owner = owner
        self.table: Tensor | None = None

    def read(self, source: str | os.PathLike[str] | ArrayLike, num_images: int) -> None:
        """Read the table from a file or an array.

        Args:
            source: A ``.npy`` file or an array, of shape (num_images, C).
            num_images: Length of the training set.

        Raises:
            FileNotFoundError: If the file does not exist.
            ValueError: If the file is no array, or as in :meth:`set`.
        """
        if not isinstance(source, (str, os.PathLike)):
            return self.set(source, num_images)
        try:
            array = np.load(source)
        except FileNotFoundError:
            raise FileNotFoundError(
                f"The 'soft_labels' argument of {self.owner} must be a .npy file. Got {os.fspath(source)!r} "
                "instead, which does not exist."
            ) from None
        except (ValueError, EOFError, OSError) as error:
            raise ValueError(
                f"The 'soft_labels' argument of {self.owner} must be a .npy file. Got {os.fspath(source)!r} "
                f"instead, which cannot be read ({error})."
            ) from error
        return self.set(array, num_images)

    def set(self, table: ArrayLike | Tensor, num_images: int) -> None:
        """Set the table.

        Args:
            table: Probabilities, NaN where there is none, of shape (num_images, C). Row i belongs to sample
                id i.
            num_images: Length of the training set.

        Raises:
            ValueError: If the shape differs, or a number is no probability.
        """
        device = table.device if isinstance(table, Tensor) else None
        values: NDArray[Any] = table.cpu().numpy() if isinstance(table, Tensor) else np.asarray(table)
        if values.ndim != 2 or len(values) != num_images:
            raise ValueError(
                f"The 'soft_labels' argument of {self.owner} must have one row per image of the training "
                f"set, of shape ({num_images}, C). Got the shape {values.shape} instead."
            )
        if not (np.isnan(values) | ((values >= 0) & (values <= 1))).all():
            raise ValueError(
                f"The 'soft_labels' argument of {self.owner} must be probabilities from 0 to 1, or NaN for "
                "an element without one. Got another number instead."
            )
        self.table = torch.from_numpy(values.astype(np.float16)).to(device)

    def lookup(self, sample_ids: Tensor, num_classes: int) -> Tensor:
        """Return the probabilities of a batch; the host does not wait for the device.

        Args:
            sample_ids: Index of each image, of shape (N,).
            num_classes: Number of classes C of the logits.

        Returns:
            Probabilities, float16, of shape (N, C), on the device of the ids.

        Raises:
            RuntimeError: If the table is not set.
            ValueError: If the logits have another number of classes.
        """
        if self.table is None:
            raise RuntimeError(
                f"{self.owner} has no soft labels. Add dict(type='SoftLabelsHook') to custom_hooks, or set "
                "its argument 'soft_labels'."
            )
        if self.table.shape[1] != num_classes:
            raise ValueError(
                f"The logits of the head have {num_classes} classes, but the soft labels of {self.owner} "
                f"have {self.table.shape[1]} classes. Set num_classes of the head to the number of classes "
                "of the dataset."
            )
        if self.table.device != sample_ids.device:
            self.table = self.table.to(sample_ids.device)
        return self.table[sample_ids.clamp(0, len(self.table) - 1)]
