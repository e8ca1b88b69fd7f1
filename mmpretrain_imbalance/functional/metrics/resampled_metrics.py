"""Metrics of one run on resampled images, from one sorting of the scores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

import numpy as np
import torch
from numpy.typing import ArrayLike

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
    macro_f1s: Sequence[tuple[ArrayLike, Mapping[str, ArrayLike | None]]],
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
        macro_f1s: Thresholds (one, or one per class, of shape (C,)), with the name and the classes of each
            macro F1 of the labels that reach these thresholds.
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
        ...                           macro_f1s=[(0.5, {"F1": None})], num_resamples=2)
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
    means = ClassMeans(mean_average_precisions, elements.num_classes, "resampled_metrics")
    ranking = ResampledRanking(elements, means.kept)
    f1s = [
        (ResampledF1(elements, thresholds), ClassMeans(keeps, elements.num_classes, "resampled_metrics"))
        for thresholds, keeps in macro_f1s
    ]
    columns = []
    for times in image_resamples(ranking.num_images, num_resamples, seed, "resampled_metrics"):
        groups = [means(ranking.average_precision(times))] if means.names else []
        columns.append(np.concatenate([*groups, *(mean(f1.f1(times)) for f1, mean in f1s)]))
    names = [*means.names, *(name for _, mean in f1s for name in mean.names)]
    return dict(zip(names, np.array(columns).T))


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


class ClassMeans:
    """Means over several groups of classes, each over the classes whose value is not NaN.

    Args:
        keeps: Name of each group and its classes, as bool of shape (C,) or as indices; None for all.
        num_classes: The number of classes C.
        caller: Name of the function whose argument the classes are, for the message.
    """

    def __init__(self, keeps: Mapping[str, ArrayLike | None], num_classes: int, caller: str) -> None:
        self.names = list(keeps)
        groups = [as_class_mask(keep, num_classes, caller) for keep in keeps.values()]
        #: Whether each class belongs to any group, of shape (C,).
        self.kept: np.ndarray = np.any([*groups, np.zeros(num_classes, bool)], axis=0)
        self._groups = np.array(groups, dtype=float).reshape(len(groups), num_classes)

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Return the mean of each group, NaN for a group without values, (C,) -> (G,)."""
        evaluated = ~np.isnan(values)
        total = self._groups @ np.where(evaluated, values, 0)
        count = self._groups @ evaluated
        result: np.ndarray = np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0)
        return result


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
        # F1 = 2 TP / (predicted + positives): only elements that are predicted or positive count. Each has
        # its class, and how often it counts in the numerator and in the denominator.
        counted = np.flatnonzero(predicted | elements.positive)
        counted = counted[np.argsort(elements.classes[counted], kind="stable")]
        classes = elements.classes[counted]
        self._images = images[counted]
        self._positive = elements.positive[counted]
        self._both = self._positive & predicted[counted]
        self._bounds = np.searchsorted(classes, np.arange(elements.num_classes + 1))
        self._before: np.ndarray = np.zeros((3, len(counted) + 1), np.int64)

    def f1(self, times: np.ndarray) -> np.ndarray:
        """F1 of each class if image i counts ``times[i]`` times, of shape (C,); NaN without a positive."""
        weights = times[self._images]
        # An element that is predicted and positive counts twice in `predicted + positives`.
        np.cumsum(weights, out=self._before[0, 1:])
        np.cumsum(weights * self._positive, out=self._before[1, 1:])
        np.cumsum(weights * self._both, out=self._before[2, 1:])
        counted, positives, true_positives = np.diff(self._before[:, self._bounds], axis=1)
        result: np.ndarray = np.divide(
            2 * true_positives,
            counted + true_positives,
            out=np.full(len(positives), np.nan),
            where=positives > 0,
        )
        return result
