"""What samplers have in common that draw the images of each epoch anew."""

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


class DrawnSampler(Sampler):
    """Base of samplers that draw ``epoch_size`` images an epoch, some of them more than once.

    What an epoch draws follows from the seed and the epoch alone, so a resumed run draws what the run that it
    goes on from would have drawn. The draws are dealt to the ranks in turn: all ranks together see the draws
    of one process. MMEngine's ``DistSamplerSeedHook`` tells the sampler its epoch.

    Args:
        dataset: A dataset, or wrapper of datasets, whose labels :func:`label_counts` can read.
        without_positives: How often images without known positives are drawn; a subclass says in what unit.
        epoch_size: Draws in an epoch, over all ranks; by default the number of images.
        seed: Another seed gives other draws; every rank must have the same. Runner gives its own; absent, the
            ranks agree on a random one.
        shuffle: Whether the draws come in random order, or in the order of the dataset.
        round_up: Whether the first draws are repeated so that all ranks have equally many.

    Attributes:
        num_images: Number of images of the dataset.

    Raises:
        ValueError: If the dataset is empty, or another argument has no meaning.
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
            raise ValueError(f"The 'dataset' argument of {name} must have samples. Got none instead.")
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
            rng: Where chance comes from; seeded with the seed and the epoch.

        Returns:
            Indices into the dataset, int64 of shape (epoch_size,), in random order.
        """
        raise NotImplementedError(f"{type(self).__name__} must implement draw")

    def image_values(self, class_values: np.ndarray, reduction: str) -> np.ndarray:
        """One value an image, from those of its known positives.

        Args:
            class_values: Value of each class, of shape (C,).
            reduction: ``'max'``, ``'mean'`` or ``'sum'`` over the positives of an image.

        Returns:
            Values of shape (num_images,); ``nan`` for an image without known positives.
        """
        values = np.full(self.num_images, np.nan)
        for chunk in label_chunks(self.dataset):
            positive = chunk.values == 1
            values[chunk.positions] = image_values(
                chunk.places[positive], chunk.classes[positive], class_values, len(chunk.positions), reduction
            )
        return values

    def check_some_weight(self, total: float) -> None:
        """Refuse to draw where every image has the weight 0.

        Args:
            total: Sum of the weights of all images.

        Raises:
            ValueError: If it is 0.
        """
        if not total > 0:
            raise ValueError(
                f"The 'dataset' argument of {type(self).__name__} must have an image with a known positive, "
                "or 'without_positives' must be above 0. Got neither instead: there would be nothing to draw."
            )

    def __iter__(self) -> Iterator[int]:
        drawn = self.draw(np.random.default_rng([self.seed, self.epoch]))
        if not self.shuffle:
            drawn = np.sort(drawn)
        if self.round_up:
            drawn = np.resize(drawn, len(self) * self.world_size)  # repeats from the first one on
        # One rank's part as Python ints, a block at a time: nine million of them would be 300 MB.
        own = drawn[self.rank :: self.world_size]
        for start in range(0, len(own), 2**16):
            yield from own[start : start + 2**16].tolist()

    def __len__(self) -> int:
        """Number of draws of this rank."""
        others_first = 0 if self.round_up else self.rank
        return math.ceil((self.epoch_size - others_first) / self.world_size)

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that the next iteration draws.

        Args:
            epoch: Its number.
        """
        self.epoch = epoch
