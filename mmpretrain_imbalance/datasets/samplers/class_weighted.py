"""Sampler with image weights that increase with the rarity of the classes."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from mmpretrain.registry import DATA_SAMPLERS

from ...functional.class_weights import class_balanced_weights
from ...functional.sampling import draw_by_weight
from ..dataset_labels import label_counts
from .base import DrawnSampler


@DATA_SAMPLERS.register_module()
class ClassWeightedSampler(DrawnSampler):
    r"""Draw images with weights that depend on the number of known positives of their classes.

    The weight :math:`w_c` of a class is that of :func:`class_balanced_weights`:

    - ``'inverse_square_root'``: :math:`1 / \sqrt{n_c}`, square-root sampling (Kang et al., ICLR 2020,
      arXiv 1910.09217);
    - ``'effective_number'``: :math:`(1 - \beta) / (1 - \beta^{n_c})` (Cui et al., CVPR 2019,
      arXiv 1901.05555, who use it as a weight of the loss);
    - ``'inverse'``: :math:`1 / n_c`.

    The weight of an image is the sum, mean or maximum over its known positives. Both sources have one class
    per image, for which the three are equal. With ``'sum'``, the probability of an image is the same as if a
    class was drawn with a probability proportional to :math:`n_c w_c` and then one of its images, as in the
    sources. ``'sum'`` prefers images with many classes, ``'mean'`` does not.

    In an epoch of T images, image i is drawn :math:`T w_i / \sum_j w_j` times, rounded up or down at random.

    Args:
        dataset: A dataset or wrapper that :func:`label_counts` supports.
        scheme: Name of the class weight.
        beta: Parameter :math:`\beta` of the effective number, in [0, 1).
        reduction: ``'sum'``, ``'mean'`` or ``'max'``.
        without_positives: Weight of an image without known positives, as a multiple of the mean weight of the
            other images. 1 keeps their fraction of the data, 0 leaves them out.
        **kwargs: Arguments of the base class: ``epoch_size`` (number T of drawn images per epoch, over all
            ranks; by default the number of images), ``seed`` (the same on every rank), ``shuffle`` (random
            order instead of the order of the dataset), and ``round_up`` (repeat the first images so that all
            ranks have the same number).

    Attributes:
        weights: :math:`w_i`, with mean 1 over images with positives, float64 of shape (N,).

    Raises:
        ValueError: If an argument is invalid, the dataset is empty, or all images have the weight 0.

    Example:
        >>> from mmpretrain_imbalance.datasets import MultiDigits
        >>> dataset = MultiDigits(num_images=1000)
        >>> drawn = list(ClassWeightedSampler(dataset, seed=0))
        >>> nines = dataset.get_gt_labels()[:, 9] == 1
        >>> int(nines.sum()), int(nines[drawn].sum()) > 20
        (10, True)
    """

    def __init__(
        self,
        dataset: Any,
        scheme: str = "inverse_square_root",
        *,
        beta: float = 0.9999,
        reduction: str = "mean",
        without_positives: float = 1.0,
        **kwargs: Any,
    ) -> None:
        if not 0 <= beta < 1:
            raise ValueError(
                f"The 'beta' argument of {type(self).__name__} must be in [0, 1). Got {beta!r} instead."
            )
        super().__init__(dataset, without_positives=without_positives, **kwargs)
        self.scheme, self.beta, self.reduction = scheme, beta, reduction
        positives = torch.from_numpy(label_counts(dataset).positives)
        class_weights = class_balanced_weights(positives, scheme, beta).numpy()
        self.weights = self.image_values(class_weights, reduction)
        without = np.isnan(self.weights)
        if not without.all():
            self.weights /= self.weights[~without].mean()
        self.weights[without] = without_positives
        self.check_some_weight(self.weights.sum())

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """Draw every image as often as its weight, rounded at random."""
        return draw_by_weight(self.weights * (self.epoch_size / self.weights.sum()), self.epoch_size, rng)
