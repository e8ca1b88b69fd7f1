"""Metrics of one run on resampled images, from one sorting of the scores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

import numpy as np
import torch
from numpy.typing import ArrayLike

from .average_precision import mean_average_precision
from .known_elements import KnownElements, known_elements
from .predicted_labels import labels_above
from .ranked_elements import RankedElements, rank_positives


def resampled_metrics(
    scores: ArrayLike | torch.Tensor,
    labels: ArrayLike | torch.Tensor,
    classes: ArrayLike | torch.Tensor | None = None,
    images: ArrayLike | torch.Tensor | None = None,
    *,
    mean_average_precisions: Mapping[str, ArrayLike | None],
    macro_f1s: Mapping[str, tuple[ArrayLike, ArrayLike | None]],
    num_classes: int | None = None,
    num_resamples: int = 1000,
    seed: int | np.random.Generator | np.random.SeedSequence = 0,
) -> dict[str, np.ndarray]:
    """Compute mAP and macro F1 of a run on the images, and on resamples of the images.

    The resamples depend only on ``seed`` and on the number of images that have a known element. Runs with the
    same test images therefore have the same resamples, and the differences of their values are paired. Each
    value is the mean over the classes that can be evaluated in the resample: those with a known positive, and
    for mAP also a known negative.

    Args:
        scores: Scores of the run, of shape (N, C); or of shape (K,), one for each element of ``classes``.
        labels: 1 positive, 0 negative, -1 unknown, of the same shape.
        classes: Class index of each element, of shape (K,); None for matrices.
        images: Image index of each element, of shape (K,); None for matrices.
        mean_average_precisions: Name of each mAP, and its classes as bool of shape (C,) or as indices; None
            for all.
        macro_f1s: Name of each macro F1, its threshold (one, or one per class, of shape (C,)), and its
            classes.
        num_classes: The number of classes of flat elements; by default the largest class index plus one.
        num_resamples: The number of resamples R.
        seed: Seed or random number generator of the resamples.

    Returns:
        The values in [0, 1] by name, each of shape (1 + R,): the value on the original images, then that of
        each resample. A value is NaN if no class can be evaluated.

    Raises:
        ValueError: As :func:`average_precision`, or if ``num_resamples`` is less than 1, or classes do not
            match.

    Example:
        >>> scores, labels = np.array([[0.9], [0.6], [0.2]]), np.array([[1], [0], [1]])
        >>> found = resampled_metrics(scores, labels, mean_average_precisions={"mAP": None},
        ...                           macro_f1s={"F1": (0.5, None)}, num_resamples=2)
        >>> found["mAP"].shape, found["mAP"][0].round(3), found["F1"][0]
        ((3,), np.float64(0.833), np.float64(0.5))
    """
    elements = known_elements(
        scores,
        labels,
        classes,
        images,
        num_classes=num_classes,
        keep_images=True,
        caller="resampled_metrics",
    )
    size = elements.num_classes
    aps = {
        name: as_class_mask(keep, size, "resampled_metrics") for name, keep in mean_average_precisions.items()
    }
    f1s = {name: as_class_mask(keep, size, "resampled_metrics") for name, (_, keep) in macro_f1s.items()}
    ranking = ResampledRanking(elements, np.any([*aps.values(), np.zeros(size, bool)], axis=0))
    predicted = {name: ResampledF1(elements, thresholds) for name, (thresholds, _) in macro_f1s.items()}
    values: dict[str, list[float]] = {name: [] for name in (*aps, *f1s)}
    for times in image_resamples(ranking.num_images, num_resamples, seed, "resampled_metrics"):
        if aps:
            per_class = ranking.average_precision(times)
        for name, keep in aps.items():
            values[name].append(mean_average_precision(per_class, keep=keep))
        for name, keep in f1s.items():
            values[name].append(mean_average_precision(predicted[name].f1(times), keep=keep))
    return {name: np.array(column) for name, column in values.items()}


def image_resamples(
    num_images: int,
    num_resamples: int,
    seed: int | np.random.Generator | np.random.SeedSequence,
    caller: str = "image_resamples",
) -> Iterator[np.ndarray]:
    """Yield the number of times that each image counts, for the original images and for each resample.

    Args:
        num_images: The number of images N.
        num_resamples: The number of resamples, each N images drawn with replacement.
        seed: Seed or random number generator.
        caller: Name of the function whose argument ``num_resamples`` is, for the message.

    Yields:
        Ones, then one array per resample, each int32, of shape (N,).

    Raises:
        ValueError: If ``num_resamples`` is less than 1.

    Example:
        >>> [times.sum() for times in image_resamples(5, 2, seed=0)]
        [np.int64(5), np.int64(5), np.int64(5)]
    """
    if num_resamples < 1:
        raise ValueError(
            f"The 'num_resamples' argument of {caller} must be at least 1. Got {num_resamples} instead."
        )
    generator = np.random.default_rng(seed)
    yield np.ones(num_images, dtype=np.int32)
    for _ in range(num_resamples):
        drawn = generator.integers(num_images, size=num_images)
        yield np.bincount(drawn, minlength=num_images).astype(np.int32)


def as_class_mask(keep: ArrayLike | None, num_classes: int, caller: str) -> np.ndarray:
    """Convert a selection of classes to bool.

    Args:
        keep: The classes as bool of shape (C,) or as indices; None for all.
        num_classes: The number of classes C.
        caller: Name of the function whose argument this is, for the message.

    Returns:
        Whether each class is selected, of shape (C,).

    Raises:
        ValueError: If the selection does not match the classes.

    Example:
        >>> as_class_mask([1], 2, "paired_bootstrap")
        array([False,  True])
    """
    if keep is None:
        return np.ones(num_classes, bool)
    chosen = np.asarray(keep)
    chosen = chosen if chosen.size else chosen.astype(int)  # numpy converts an empty list to floats
    kept = np.zeros(num_classes, bool)
    try:
        kept[chosen] = True
    except IndexError as error:
        raise ValueError(
            f"The 'keep' argument of {caller} must select some of the {num_classes} classes, as bool "
            f"or as indices. Got {keep!r} instead."
        ) from error
    return kept


class ResampledRanking:
    """Ranking of one run, sorted once; a resample changes only the number of times that an element counts.

    Args:
        elements: The known elements, with their images.
        kept: Classes to rank, bool, of shape (C,).
    """

    def __init__(self, elements: KnownElements, kept: np.ndarray) -> None:
        indices = cast(np.ndarray, elements.images)  # not None because of keep_images=True
        known_images, images = np.unique(indices, return_inverse=True)
        order = np.lexsort((elements.scores, elements.classes))
        order = order[kept[elements.classes[order]]]
        self.num_images = len(known_images)
        self.images = images[order]
        self.bounds = np.concatenate([[0], np.cumsum(np.where(kept, elements.counts, 0))])
        self.positives = rank_positives(
            RankedElements(elements.scores[order], elements.positive[order], self.bounds)
        )
        # int32 takes half the time of int64. A resample has about as many elements as the ranking.
        dtype = np.int32 if len(order) < 10**8 else np.int64
        self.known_before: np.ndarray = np.zeros(len(order) + 1, dtype)
        self.positive_before: np.ndarray = np.zeros(len(self.positives.positions) + 1, dtype)

    def average_precision(self, times: np.ndarray) -> np.ndarray:
        """Average precision of each class if image i counts ``times[i]`` times, of shape (C,)."""
        known, positives = times[self.images], self.positives
        weights = known[positives.positions]
        np.cumsum(known, out=self.known_before[1:], dtype=self.known_before.dtype)
        np.cumsum(weights, out=self.positive_before[1:], dtype=self.positive_before.dtype)
        known_ends = np.repeat(self.known_before[self.bounds[1:]], positives.counts)
        predicted = known_ends - self.known_before[positives.tie_starts]
        positive_ends = np.repeat(self.positive_before[positives.bounds[1:]], positives.counts)
        true_positives = positive_ends - self.positive_before[positives.positives_before]
        terms = weights * (true_positives / np.maximum(predicted, 1))
        # For a class without positives, reduceat returns the first term of the next class. Such classes are
        # not evaluated.
        total = np.add.reduceat(np.append(terms, 0), positives.bounds[:-1])
        num_positives = np.diff(self.positive_before[positives.bounds])
        evaluated = (num_positives > 0) & (num_positives < np.diff(self.known_before[self.bounds]))
        result: np.ndarray = np.divide(total, num_positives, out=np.full(len(total), np.nan), where=evaluated)
        return result


class ResampledF1:
    """Predicted labels of one run; a resample changes only the number of times that an element counts.

    Args:
        elements: The known elements, with their images.
        thresholds: One threshold, or one per class, of shape (C,), as in :func:`labels_above`.
    """

    def __init__(self, elements: KnownElements, thresholds: ArrayLike) -> None:
        limits = np.broadcast_to(np.asarray(thresholds), (elements.num_classes,))
        predicted = labels_above(elements.scores, limits[elements.classes])
        images = np.unique(cast(np.ndarray, elements.images), return_inverse=True)[1]
        self._num_classes = elements.num_classes
        # F1 = 2 TP / (predicted + positives): only elements that are predicted or positive count. Each has
        # its class, and how often it counts in the numerator and in the denominator.
        counted = np.flatnonzero(predicted | elements.positive)
        counted = counted[np.argsort(elements.classes[counted], kind="stable")]
        classes = elements.classes[counted]
        self._images = images[counted]
        self._positive = elements.positive[counted]
        self._both = self._positive & predicted[counted]
        self._bounds = np.searchsorted(classes, np.arange(elements.num_classes + 1))

    def f1(self, times: np.ndarray) -> np.ndarray:
        """F1 of each class if image i counts ``times[i]`` times, of shape (C,); NaN without a positive."""
        weights = times[self._images].astype(np.int64)
        true_positives, positives, counted = (
            np.diff(np.concatenate([[0], np.cumsum(part)])[self._bounds])
            for part in (weights * self._both, weights * self._positive, weights)
        )
        # An element that is predicted and positive counts twice in `predicted + positives`.
        result: np.ndarray = np.divide(
            2 * true_positives,
            counted + true_positives,
            out=np.full(self._num_classes, np.nan),
            where=positives > 0,
        )
        return result
