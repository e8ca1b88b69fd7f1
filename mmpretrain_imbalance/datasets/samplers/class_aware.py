"""A class first, then an image that is known to show it."""

from __future__ import annotations

from typing import Any

import numpy as np
from mmpretrain.registry import DATA_SAMPLERS

from ..dataset_labels import label_chunks, label_counts
from .base import DrawnSampler


@DATA_SAMPLERS.register_module()
class ClassAwareSampler(DrawnSampler):
    r"""Draw a class, every one as often as the others, then an image in which it is a known positive.

    Classes come in rounds, each class once a round in random order. The images of a class come in rounds too:
    none comes again for its class before all others did. An image may be drawn for each of its classes, and
    a frequent class rides along with rare ones: classes are drawn equally often, but they do not show equally
    often. Classes without known positives are left out.

    Source: Shen, Lin, Huang, "Relay Backpropagation", ECCV 2016 (arXiv 1512.05830), for single labels; with
    several labels an image as in Wu et al., ECCV 2020 (arXiv 2007.09654). There the rounds go on over
    epochs; here each epoch begins its own, so that it follows from the seed and its number alone.

    Args:
        dataset: A dataset, or wrapper of datasets, whose labels :func:`label_counts` can read.
        without_positives: Chance of an image without known positives to be drawn, as a multiple of the mean
            chance of the others: 1 keeps such images, drawn in rounds of their own, at their share of the
            data, 0 leaves them out.
        **kwargs: ``epoch_size``, ``seed``, ``shuffle`` and ``round_up`` of :class:`DrawnSampler`.

    Raises:
        ValueError: If an argument has no meaning, or the dataset is empty or has nothing to draw.

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
        # The images of group g are images[starts[g]:starts[g + 1]]: the classes that have any, then the rest.
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
            # Spread over the epoch, and the rounds of classes stay rounds.
            places = rng.choice(self.epoch_size, num_others, replace=False)
            with_others = np.full(self.epoch_size, len(self._starts) - 2)
            is_class = np.ones(self.epoch_size, dtype=bool)
            is_class[places] = False
            with_others[is_class] = groups
            groups = with_others
        drawn = np.empty(self.epoch_size, dtype=np.int64)
        places = np.argsort(groups, kind="stable")
        ends = np.cumsum(np.bincount(groups, minlength=len(self._starts) - 1))
        start = 0
        for group in np.flatnonzero(np.diff(ends, prepend=0)):
            members = self._images[self._starts[group] : self._starts[group + 1]]
            drawn[places[start : ends[group]]] = _rounds(members, ends[group] - start, rng)
            start = ends[group]
        return drawn


def _rounds(items: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Take ``count`` items: all of them in random order, again and again, at last some of them."""
    if not len(items):
        return np.empty(0, dtype=np.int64)
    whole, rest = divmod(int(count), len(items))
    rounds = rng.permuted(np.tile(items, (whole, 1)), axis=1).reshape(-1)
    return np.concatenate([rounds, rng.choice(items, rest, replace=False)])


def _images_by_class(dataset: Any, num_images: int) -> tuple[np.ndarray, np.ndarray]:
    """Number of images of each class, and last of those without positives; the images in that order."""
    positives = label_counts(dataset).positives
    num_classes = len(positives)
    images = np.empty(positives.sum(), dtype=np.int32 if num_images < 2**31 else np.int64)
    others = [np.empty(0, dtype=images.dtype)]
    filled = np.cumsum(positives) - positives  # where the next image of each class goes
    for chunk in label_chunks(dataset):
        positive = chunk.values == 1
        places, classes = chunk.places[positive], chunk.classes[positive]
        order = np.argsort(classes, kind="stable")
        sizes = np.bincount(classes, minlength=num_classes)
        within = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        images[np.repeat(filled, sizes) + within] = chunk.positions[places[order]]
        filled += sizes
        shows_none = np.bincount(places, minlength=len(chunk.positions)) == 0
        others.append(chunk.positions[shows_none].astype(images.dtype))
    rest = np.concatenate(others)
    return np.append(positives, len(rest)), np.concatenate([images, rest])
