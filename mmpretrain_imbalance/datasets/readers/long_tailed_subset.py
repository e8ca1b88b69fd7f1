"""Long-tailed subsets of multi-label data."""

from __future__ import annotations

import numpy as np

from ..label_store.store import LabelStore


def pareto_sizes(num_classes: int, largest: int, smallest: int, shape: float = 6.0) -> np.ndarray:
    r"""Numbers of positives that fall with the rank of a class as the density of a Pareto distribution.

    .. math:: n_r = n_0 \, x_r^{-(\alpha + 1)}, \qquad
        x_r = 1 + \tfrac{r}{C - 1} \left( (n_0 / n_{C-1})^{1 / (\alpha + 1)} - 1 \right)

    Source: the Pareto rule of Wu et al. (https://arxiv.org/abs/2007.09654). They draw by their own code; the
    scale here is ours, chosen so that the two ends are exact.

    Args:
        num_classes: C.
        largest: n of the most frequent class.
        smallest: n of the rarest class.
        shape: Pareto's alpha.

    Returns:
        n of each rank, of shape (C,).

    Raises:
        ValueError: If the sizes do not fall.

    Example:
        >>> pareto_sizes(5, 100, 4).tolist()
        [100, 39, 17, 8, 4]
    """
    if not largest >= smallest >= 1:
        raise ValueError(
            "The 'smallest' argument of pareto_sizes must be from 1 to 'largest'. Got "
            f"{smallest} with {largest} instead."
        )
    end = (largest / smallest) ** (1 / (shape + 1))
    places = np.linspace(1.0, end, num_classes)
    return np.round(largest * places ** -(shape + 1)).astype(np.int64)


def long_tailed_subset(
    store: LabelStore, largest: int, smallest: int, shape: float = 6.0, seed: int = 0
) -> np.ndarray:
    """Choose images so that the positives of the classes fall by :func:`pareto_sizes`.

    Classes keep their order of frequency. From the rarest to the most frequent one, images of the class are
    drawn until it has its number; those with a class that is complete are not drawn any more. So a class
    exceeds its number only by images that were drawn for rarer classes, which co-occurrence forces, and
    stays below it only where no other image is left.

    Args:
        store: Labels of the full data; known positives count.
        largest: Number of positives of the most frequent class.
        smallest: Number of positives of the rarest class.
        shape: Pareto's alpha.
        seed: Another seed draws other images.

    Returns:
        Rows of the store, in rising order.
    """
    images, classes, values = store.elements(np.arange(len(store)))
    images, classes = images[values == 1], classes[values == 1]
    positives = np.bincount(classes, minlength=store.num_classes)
    order = np.argsort(-positives, kind="stable")
    targets = np.empty(store.num_classes, dtype=np.int64)
    targets[order] = pareto_sizes(store.num_classes, largest, smallest, shape)
    by_class = np.argsort(classes, kind="stable")
    members = np.split(images[by_class], np.cumsum(positives)[:-1])
    rng = np.random.default_rng(seed)
    chosen, closed = np.zeros(len(store), dtype=bool), np.zeros(len(store), dtype=bool)
    for number in order[::-1]:
        own = members[number]
        missing = max(0, targets[number] - int(chosen[own].sum()))
        candidates = own[~chosen[own] & ~closed[own]]
        chosen[rng.permutation(candidates)[:missing]] = True
        closed[own] = True
    return np.flatnonzero(chosen)
