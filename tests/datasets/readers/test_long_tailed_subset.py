"""Long-tailed subsets: sizes, order of classes, and seeds."""

from __future__ import annotations

import numpy as np
import pytest

from mmpretrain_imbalance.datasets import label_store_from_array
from mmpretrain_imbalance.datasets.readers.long_tailed_subset import long_tailed_subset, pareto_sizes


@pytest.fixture(scope="module")
def store():
    generator = np.random.default_rng(0)
    labels = (generator.random((3000, 6)) < np.linspace(0.1, 0.4, 6)).astype(int)
    return label_store_from_array(labels, [str(row) for row in range(3000)], list("abcdef"), default_label=0)


def test_sizes_are_a_pareto_density():
    sizes = pareto_sizes(80, 1000, 5, shape=6.0)
    assert (sizes[0], sizes[-1]) == (1000, 5)
    assert (np.diff(sizes) <= 0).all()
    # The density of a Pareto distribution is a power law, which is linear in logarithms.
    x = 1 + np.arange(80) / 79 * (200 ** (1 / 7) - 1)
    np.testing.assert_allclose(np.log(sizes[:40]), np.log(1000) - 7 * np.log(x[:40]), atol=0.02)


def test_counts(store):
    rows = long_tailed_subset(store, largest=200, smallest=4)
    positives = store.label_counts(rows).positives
    targets = pareto_sizes(6, 200, 4)[::-1]  # class f is the most frequent one
    assert positives[0] == 4  # exact for the rarest class
    assert (positives >= targets).all()
    assert np.array_equal(np.unique(rows), rows)


def test_images_chosen_for_a_class_have_no_class_that_was_complete(store):
    rows = long_tailed_subset(store, largest=200, smallest=4)
    labels = np.array([store.dense(row) for row in rows])
    for number, target in enumerate(pareto_sizes(6, 200, 4)[::-1]):
        with_rarer = (labels[:, number] == 1) & (labels[:, :number] == 1).any(axis=1)
        assert (labels[:, number] == 1).sum() == max(target, with_rarer.sum())


def test_seeds(store):
    first = long_tailed_subset(store, 200, 4, seed=1)
    np.testing.assert_array_equal(first, long_tailed_subset(store, 200, 4, seed=1))
    assert not np.array_equal(first, long_tailed_subset(store, 200, 4, seed=2))


def test_wrong_sizes(store):
    with pytest.raises(ValueError, match=r"must be from 1 to 'largest'. Got 5 with 4"):
        long_tailed_subset(store, 4, 5)
