from __future__ import annotations

import math

import numpy as np
import pytest

from mmpretrain_imbalance.datasets.samplers.repeat_factor import RepeatFactorSampler
from tests.datasets.label_table import LabelTable, long_tailed_table


def expected_factors(labels, threshold, without_positives):
    """Compute the repeat factor of each image in a plain loop."""
    factors = []
    for row in labels:
        values = [without_positives]
        for c, label in enumerate(row):
            if label == 1:
                fraction = sum(other[c] == 1 for other in labels) / len(labels)
                values.append(max(1.0, math.sqrt(threshold / fraction)))
        factors.append(values[0] if len(values) == 1 else max(values[1:]))
    return np.array(factors)


@pytest.mark.parametrize("without_positives", [0.0, 0.4, 1.0])
def test_factors_are_those_of_a_loop(without_positives) -> None:
    labels = long_tailed_table(90)
    sampler = RepeatFactorSampler(LabelTable(labels), 0.2, without_positives=without_positives, seed=0)
    expected = expected_factors(labels, 0.2, without_positives)
    np.testing.assert_allclose(sampler.repeat_factors, expected)
    assert expected.max() > 1.5
    assert len(sampler) == math.ceil(round(expected.sum(), 6))


def test_images_are_repeated_by_their_factors() -> None:
    labels = long_tailed_table(60)
    sampler = RepeatFactorSampler(LabelTable(labels), 0.2, seed=0)
    factors, totals = sampler.repeat_factors, np.zeros(60)
    for epoch in range(600):
        sampler.set_epoch(epoch)
        counts = np.bincount(list(sampler), minlength=60)
        beyond = np.maximum(counts - np.ceil(factors), 0).sum()
        assert beyond <= 1  # the image that is repeated to complete the epoch
        assert (counts >= np.floor(factors)).all()
        totals += counts
    np.testing.assert_allclose(totals / 600, factors, atol=0.1)


def test_no_rare_class_means_every_image_once() -> None:
    sampler = RepeatFactorSampler(LabelTable(np.ones((7, 2))), 0.5, seed=0)
    assert sorted(sampler) == list(range(7))
