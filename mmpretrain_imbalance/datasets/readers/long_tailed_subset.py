"""Selection of long-tailed subsets of multi-label data."""

from __future__ import annotations

import numpy as np

from ..label_store.store import LabelStore


def pareto_sizes(num_classes: int, largest: int, smallest: int, shape: float = 6.0) -> np.ndarray:
    r"""Return numbers of positives per class that decrease like the density of a Pareto distribution.

    .. math:: n_r = n_0 \, x_r^{-(\alpha + 1)}, \qquad
        x_r = 1 + \tfrac{r}{C - 1} \left( (n_0 / n_{C-1})^{1 / (\alpha + 1)} - 1 \right)

    Source: the Pareto rule of Wu et al. (https://arxiv.org/abs/2007.09654). Their sampling code is different;
    the scale here is our choice, with exact sizes of the first and the last class.

    Args:
        num_classes: Number of classes C.
        largest: Number of positives :math:`n_0` of the most frequent class.
        smallest: Number of positives :math:`n_{C-1}` of the rarest class.
        shape: Shape parameter :math:`\alpha` of the Pareto distribution.

    Returns:
        Number of positives :math:`n_r` of each rank, of shape (C,).

    Raises:
        ValueError: If ``smallest`` is not from 1 to ``largest``.

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
    x = np.linspace(1.0, end, num_classes)
    sizes: np.ndarray = np.round(largest * x ** -(shape + 1)).astype(np.int64)
    return sizes


def long_tailed_subset(
    store: LabelStore, largest: int, smallest: int, shape: float = 6.0, seed: int = 0
) -> np.ndarray:
    """Choose images so that the numbers of positives per class follow ``pareto_sizes``.

    The order of the classes by frequency is kept. From the rarest to the most frequent class, random images
    of the class are chosen until it has its number of positives; images with a class that is already complete
    are not chosen any more. A class therefore exceeds its number only by images that were chosen for rarer
    classes, and stays below it only if no other images are left.

    Args:
        store: Labels of the full data; only known positives are used.
        largest: Number of positives of the most frequent class.
        smallest: Number of positives of the rarest class.
        shape: Shape parameter of the Pareto distribution.
        seed: Seed of the random choice of images.

    Returns:
        Rows of the chosen images in the store, in ascending order.
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
    for class_index in order[::-1]:
        rows = members[class_index]
        missing = max(0, targets[class_index] - int(chosen[rows].sum()))
        candidates = rows[~chosen[rows] & ~closed[rows]]
        chosen[rng.permutation(candidates)[:missing]] = True
        closed[rows] = True
    return np.flatnonzero(chosen)
