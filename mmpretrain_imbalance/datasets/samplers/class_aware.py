"""Sampler that draws classes equally often, and then images of these classes."""

from __future__ import annotations

from typing import Any

import numpy as np
from mmpretrain.registry import DATA_SAMPLERS

from ..dataset_labels import label_chunks, label_counts
from .base import DrawnSampler


@DATA_SAMPLERS.register_module()
class ClassAwareSampler(DrawnSampler):
    r"""Draw all classes equally often, and for each of them an image in which it is a known positive.

    Classes are drawn in rounds, with every class once per round in random order. The images of a class are
    also drawn in rounds: no image is repeated for its class before all others are drawn. An image can be
    drawn for each of its classes. Since frequent classes co-occur with rare ones, the drawn images do not
    contain all classes equally often. Classes without known positives are left out.

    Source: Shen, Lin, Huang, "Relay Backpropagation", ECCV 2016 (arXiv 1512.05830), for single labels; for
    several labels per image as in Wu et al., ECCV 2020 (arXiv 2007.09654). In the sources, rounds continue
    over epochs; here every epoch starts new rounds, so that it depends only on the seed and its number.

    Args:
        dataset: A dataset or wrapper that :func:`label_counts` supports.
        without_positives: Probability of an image without known positives, as a multiple of the mean
            probability of the other images. 1 keeps their fraction of the data, 0 leaves them out. They are
            drawn in separate rounds.
        **kwargs: The arguments ``epoch_size``, ``seed``, ``shuffle`` and ``round_up`` of the base class; see
            :class:`ClassWeightedSampler`.

    Raises:
        ValueError: If an argument is invalid, the dataset is empty, or all images have the weight 0.

    Example:
        >>> from mmpretrain_imbalance.datasets import MultiDigits
        >>> dataset = MultiDigits(num_images=1000)
        >>> drawn = list(ClassAwareSampler(dataset, seed=0))
        >>> nines = dataset.get_gt_labels()[:, 9] == 1
        >>> int(nines.sum()), int(nines[drawn].sum()) >= 100
        (10, True)
    """

    def __init__(self, dataset: Any, *, without_positives: float = 1.0, **kwargs: Any) -> None:
        super().__init__(dataset, without_positives=without_positives, **kwargs)
        # Group g has the images images[starts[g]:starts[g + 1]]. There is one group per class, and a last
        # group of the images without known positives.
        sizes, self._images = _images_by_class(dataset, self.num_images)
        num_others = int(sizes[-1])
        weight_of_others = without_positives * num_others
        total = self.num_images - num_others + weight_of_others
        self.check_some_weight(total)
        self._fraction_of_others = weight_of_others / total
        self._starts = np.concatenate([[0], np.cumsum(sizes)])
        self._groups = np.flatnonzero(sizes[:-1])

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """Draw the groups in rounds, then the images of each group in rounds."""
        expected = self.epoch_size * self._fraction_of_others
        num_others = int(expected + rng.random())
        groups = _rounds(self._groups, self.epoch_size - num_others, rng)
        if num_others:
            # Images without positives are spread over the epoch, which does not change the rounds of classes.
            positions = rng.choice(self.epoch_size, num_others, replace=False)
            with_others = np.full(self.epoch_size, len(self._starts) - 2)
            is_class = np.ones(self.epoch_size, dtype=bool)
            is_class[positions] = False
            with_others[is_class] = groups
            groups = with_others
        drawn = np.empty(self.epoch_size, dtype=np.int64)
        order = np.argsort(groups, kind="stable")
        ends = np.cumsum(np.bincount(groups, minlength=len(self._starts) - 1))
        start = 0
        for group in np.flatnonzero(np.diff(ends, prepend=0)):
            members = self._images[self._starts[group] : self._starts[group + 1]]
            drawn[order[start : ends[group]]] = _rounds(members, ends[group] - start, rng)
            start = ends[group]
        return drawn


def _rounds(items: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Take ``count`` items in rounds: complete random permutations, and a part of the last one."""
    if not len(items):
        return np.empty(0, dtype=np.int64)
    whole, rest = divmod(int(count), len(items))
    rounds = rng.permuted(np.tile(items, (whole, 1)), axis=1).reshape(-1)
    return np.concatenate([rounds, rng.choice(items, rest, replace=False)])


def _images_by_class(dataset: Any, num_images: int) -> tuple[np.ndarray, np.ndarray]:
    """Group images by positive class, and images without positives last; return group sizes and images."""
    positives = label_counts(dataset).positives
    num_classes = len(positives)
    images = np.empty(positives.sum(), dtype=np.int32 if num_images < 2**31 else np.int64)
    others = [np.empty(0, dtype=images.dtype)]
    filled = np.cumsum(positives) - positives  # position of the next image of each class
    for chunk in label_chunks(dataset):
        positive = chunk.values == 1
        samples, classes = chunk.samples[positive], chunk.classes[positive]
        order = np.argsort(classes, kind="stable")
        sizes = np.bincount(classes, minlength=num_classes)
        within = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        images[np.repeat(filled, sizes) + within] = chunk.positions[samples[order]]
        filled += sizes
        has_no_positive = np.bincount(samples, minlength=len(chunk.positions)) == 0
        others.append(chunk.positions[has_no_positive].astype(images.dtype))
    rest = np.concatenate(others)
    return np.append(positives, len(rest)), np.concatenate([images, rest])
