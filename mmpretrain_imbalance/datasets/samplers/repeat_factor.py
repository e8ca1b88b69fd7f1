"""Repeat factor sampling of LVIS, which repeats images of rare classes."""

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
    r"""Repeat images of classes that are positive in less than a fraction t of the images.

    .. math:: r_i = \max_{c \in P_i} \max(1, \sqrt{t / f_c})

    :math:`P_i` are the known positives of image i, and :math:`f_c` is the fraction of images in which c is a
    known positive. In each epoch, :math:`r_i` is rounded up or down at random, so that it holds on average.
    All epochs have :math:`\lceil \sum_i r_i \rceil` images; if the rounded factors sum to one image less, the
    first image is repeated. No image is left out (unless ``without_positives`` is below 1).

    Source: Gupta, Dollár, Girshick, "LVIS", CVPR 2019 (arXiv 1908.03195), where images are rounded
    independently and epochs differ in length.

    Args:
        dataset: A dataset or wrapper that :func:`label_counts` supports.
        threshold: Threshold t; 0.001 for LVIS.
        without_positives: Repeat factor of images without known positives.
        **kwargs: The arguments ``seed``, ``shuffle`` and ``round_up`` of the base class; see
            :class:`ClassWeightedSampler`. The size of an epoch follows from the repeat factors.

    Attributes:
        repeat_factors: :math:`r_i`, float64 of shape (N,).

    Raises:
        ValueError: If an argument is invalid, or the dataset is empty.

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
                f"The 'epoch_size' argument of {type(self).__name__} must not be set, because it follows "
                f"from the repeat factors. Got {kwargs['epoch_size']!r} instead."
            )
        super().__init__(dataset, without_positives=without_positives, **kwargs)
        self.threshold = threshold
        factors = class_repeat_factors(label_counts(dataset).positives, self.num_images, threshold)
        values = self.image_values(factors, "max")
        self.repeat_factors = np.where(np.isnan(values), without_positives, values)
        total = float(self.repeat_factors.sum())
        self.check_some_weight(total)
        # Rounded, because a float sum can be slightly above an integer.
        self.epoch_size = max(1, math.ceil(round(total, 6)))

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """Draw every image as often as its repeat factor, rounded at random."""
        return draw_by_weight(self.repeat_factors, self.epoch_size, rng)
