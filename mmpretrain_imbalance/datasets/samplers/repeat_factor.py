"""Images of rare classes several times an epoch, as LVIS is trained."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from mmpretrain.registry import DATA_SAMPLERS

from ...functional.sampling import class_repeat_factors, draw_by_weight
from ..dataset_labels import label_counts
from .base import DrawnSampler


@DATA_SAMPLERS.register_module()
class RepeatFactorSampler(DrawnSampler):
    r"""Repeat images of classes that fewer than a share t of the images show.

    .. math:: r_i = \max_{c \in P_i} \max(1, \sqrt{t / f_c})

    :math:`P_i` are the known positives of image i, :math:`f_c` the share of the images in which c is a known
    positive. Each epoch rounds :math:`r_i` up or down at random, so that it is met on average. An epoch has
    :math:`\lceil \sum_i r_i \rceil` draws, always as many: where it rounds down to one fewer, its first draw
    comes again. No image is ever left out (unless ``without_positives`` is below 1).

    Source: Gupta, Dollár, Girshick, "LVIS", CVPR 2019 (arXiv 1908.03195), where images are rounded one by one
    and epochs differ in length.

    Args:
        dataset: A dataset, or wrapper of datasets, whose labels :func:`label_counts` can read.
        threshold: t; 0.001 for LVIS.
        without_positives: Repeat factor of images without known positives.
        **kwargs: ``seed``, ``shuffle`` and ``round_up`` of :class:`DrawnSampler`. The size of an epoch
            follows from the repeat factors.

    Attributes:
        repeat_factors: :math:`r_i`, float64 of shape (N,).

    Raises:
        ValueError: If an argument has no meaning, or the dataset is empty.

    Example:
        >>> from mmpretrain_imbalance.datasets import MultiDigits
        >>> dataset = MultiDigits(num_images=200)
        >>> sampler = RepeatFactorSampler(dataset, threshold=0.1, seed=0)
        >>> len(dataset), len(list(sampler)), sorted(set(sampler)) == list(range(200))
        (200, 220, True)
    """

    def __init__(
        self, dataset: Any, threshold: float, *, without_positives: float = 1.0, **kwargs: Any
    ) -> None:
        if "epoch_size" in kwargs:
            raise ValueError(
                f"The 'epoch_size' argument of {type(self).__name__} must be left out, as it follows from "
                f"the repeat factors. Got {kwargs['epoch_size']!r} instead."
            )
        super().__init__(dataset, without_positives=without_positives, **kwargs)
        self.threshold = threshold
        factors = class_repeat_factors(label_counts(dataset).positives, self.num_images, threshold)
        values = self.image_values(factors, "max")
        self.repeat_factors = np.where(np.isnan(values), without_positives, values)
        total = float(self.repeat_factors.sum())
        self.check_some_weight(total)
        # Sums of floats: a hair above a whole number is that number.
        self.epoch_size = max(1, math.ceil(round(total, 6)))

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """Draw every image as often as its repeat factor, rounded at random, says."""
        return draw_by_weight(self.repeat_factors, self.epoch_size, rng)
