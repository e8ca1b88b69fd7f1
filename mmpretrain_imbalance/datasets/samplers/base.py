"""Base class of samplers that draw the images of each epoch at random."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from mmengine.dist import get_dist_info, sync_random_seed
from torch.utils.data import Sampler

from ...functional.sampling import image_values
from ...utils.argument_checks import check_integer
from ..dataset_labels import label_chunks
from ..wrapped import initialize


class DrawnSampler(Sampler[int]):
    """Base class of samplers that draw ``epoch_size`` images per epoch, some of them several times.

    The drawn images depend only on the seed and the epoch, so that a resumed run draws the same images as an
    uninterrupted one. They are distributed over the ranks in turn: all ranks together get the images that a
    single process would get. MMEngine's ``DistSamplerSeedHook`` sets the epoch.

    Args:
        dataset: A dataset or wrapper that :func:`label_counts` supports.
        without_positives: Frequency of images without known positives, in the unit of the subclass.
        epoch_size: Number of drawn images per epoch, over all ranks; by default the number of images.
        seed: Seed, which must be the same on every rank. Runner passes its own seed; by default, the ranks
            agree on a random seed.
        shuffle: Whether drawn images are in random order instead of the order of the dataset.
        round_up: Whether to repeat the first drawn images so that all ranks have the same number of images.

    Attributes:
        num_images: Number of images of the dataset.

    Raises:
        ValueError: If the dataset is empty, or another argument is invalid.
    """

    def __init__(
        self,
        dataset: Any,
        *,
        without_positives: float = 1.0,
        epoch_size: int | None = None,
        seed: int | None = None,
        shuffle: bool = True,
        round_up: bool = True,
    ) -> None:
        self.rank, self.world_size = get_dist_info()
        name = type(self).__name__
        initialize(dataset)
        self.dataset = dataset
        self.num_images = len(dataset)
        if not self.num_images:
            raise ValueError(f"The 'dataset' argument of {name} must have samples. Got no samples instead.")
        if not 0 <= without_positives < math.inf:
            raise ValueError(
                f"The 'without_positives' argument of {name} must be a finite number of at least 0. Got "
                f"{without_positives!r} instead."
            )
        self.without_positives = without_positives
        self.seed = sync_random_seed() if seed is None else seed
        self.epoch_size = self.num_images if epoch_size is None else epoch_size
        check_integer(name, 0, seed=self.seed)
        check_integer(name, 1, epoch_size=self.epoch_size)
        self.shuffle = shuffle
        self.round_up = round_up
        self.epoch = 0

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """Draw the images of one epoch.

        Args:
            rng: Random number generator, seeded with the seed and the epoch.

        Returns:
            Indices in the dataset, int64 of shape (epoch_size,), in random order.
        """
        raise NotImplementedError(f"{type(self).__name__} must implement draw")

    def image_values(self, class_values: np.ndarray, reduction: str) -> np.ndarray:
        """Reduce the values of the known positive classes of each image to one value per image.

        Args:
            class_values: Value of each class, of shape (C,).
            reduction: ``'max'``, ``'mean'`` or ``'sum'`` over the positives of an image.

        Returns:
            Values of shape (num_images,); NaN for images without known positives.
        """
        values = np.full(self.num_images, np.nan)
        for chunk in label_chunks(self.dataset):
            positive = chunk.values == 1
            values[chunk.positions] = image_values(
                chunk.samples[positive],
                chunk.classes[positive],
                class_values,
                len(chunk.positions),
                reduction,
            )
        return values

    def check_some_weight(self, total: float) -> None:
        """Raise if all images have the weight 0.

        Args:
            total: Sum of the weights of all images.

        Raises:
            ValueError: If the sum is 0.
        """
        if not total > 0:
            raise ValueError(
                f"The 'dataset' argument of {type(self).__name__} must have an image with a known positive, "
                "or 'without_positives' must be above 0. Got no known positive and 'without_positives' 0 "
                "instead."
            )

    def __iter__(self) -> Iterator[int]:
        drawn = self.draw(np.random.default_rng([self.seed, self.epoch]))
        if not self.shuffle:
            drawn = np.sort(drawn)
        if self.round_up:
            drawn = np.resize(drawn, len(self) * self.world_size)  # np.resize repeats from the start
        # Converted to Python integers in blocks, because nine million of them would take 300 MB.
        of_rank = drawn[self.rank :: self.world_size]
        for start in range(0, len(of_rank), 2**16):
            yield from of_rank[start : start + 2**16].tolist()

    def __len__(self) -> int:
        """Number of images that this rank draws per epoch."""
        offset = 0 if self.round_up else self.rank
        size: int = math.ceil((self.epoch_size - offset) / self.world_size)
        return size

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch of the next iteration over the sampler.

        Args:
            epoch: Number of the epoch.
        """
        self.epoch = epoch
