"""Figures of a label store against counts of the dense labels."""

import numpy as np
import pytest

from mmpretrain_imbalance.apis.store_figures import positives_per_image, store_figures
from mmpretrain_imbalance.datasets import label_store_from_array
from mmpretrain_imbalance.functional import label_figures

LABELS = np.random.default_rng(0).choice([1, 0, -1], (40, 5), p=[0.2, 0.4, 0.4])
LABELS[3] = -1


@pytest.fixture
def store():
    return label_store_from_array(LABELS, [f"{index}.jpg" for index in range(40)], list("abcde"))


@pytest.mark.parametrize("rows", [None, [0], [3], [7, 3, 30, 39]])
def test_figures_are_those_of_the_counts(store, rows):
    labels = LABELS if rows is None else LABELS[rows]
    per_image = np.bincount((labels == 1).sum(axis=1))
    expected = label_figures(*((labels == value).sum(axis=0) for value in (1, 0, -1)), per_image)
    assert store_figures(store, None if rows is None else np.array(rows)) == expected


def test_images_are_counted_by_their_positives(store):
    rows = np.array([3, 7, 8, 9])
    np.testing.assert_array_equal(
        positives_per_image(store, rows), np.bincount((LABELS[rows] == 1).sum(axis=1))
    )
    np.testing.assert_array_equal(positives_per_image(store, np.array([3])), [1])
    assert positives_per_image(store, np.array([], dtype=int)).sum() == 0
