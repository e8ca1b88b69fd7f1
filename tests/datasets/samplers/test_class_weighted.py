from __future__ import annotations

import math

import numpy as np
import pytest

from mmpretrain_imbalance.datasets.samplers.class_weighted import ClassWeightedSampler
from tests.datasets.label_table import LabelTable, long_tailed_table


def expected_weights(table, scheme, beta, reduction, without_positives):
    """The weight of each image, by a loop."""
    counts = [(table[:, c] == 1).sum() for c in range(table.shape[1])]
    weigh = {
        "inverse_square_root": lambda n: 1 / math.sqrt(n),
        "inverse": lambda n: 1 / n,
        "effective_number": lambda n: (1 - beta) / (1 - beta**n),
    }[scheme]
    weights = []
    for row in table:
        values = [weigh(counts[c]) for c in range(len(row)) if row[c] == 1]
        combine = {"max": max, "sum": sum, "mean": lambda v: sum(v) / len(v)}[reduction]
        weights.append(combine(values) if values else None)
    mean = np.mean([weight for weight in weights if weight is not None])
    return np.array([without_positives if weight is None else weight / mean for weight in weights])


@pytest.mark.parametrize("reduction", ["sum", "mean", "max"])
@pytest.mark.parametrize("scheme", ["inverse_square_root", "inverse", "effective_number"])
def test_weights_are_those_of_a_loop(scheme, reduction) -> None:
    table = long_tailed_table(80)
    sampler = ClassWeightedSampler(
        LabelTable(table), scheme, beta=0.9, reduction=reduction, without_positives=0.5, seed=0
    )
    expected = expected_weights(table, scheme, 0.9, reduction, 0.5)
    np.testing.assert_allclose(sampler.weights, expected, rtol=1e-5)  # class weights are float32


def test_every_epoch_draws_each_image_as_its_weight_says() -> None:
    table = long_tailed_table(50)
    sampler = ClassWeightedSampler(LabelTable(table), seed=0, epoch_size=120)
    expected = 120 * sampler.weights / sampler.weights.sum()
    totals = np.zeros(50)
    for epoch in range(600):
        sampler.set_epoch(epoch)
        counts = np.bincount(list(sampler), minlength=50)
        assert (np.abs(counts - expected) < 1).all()
        totals += counts
    np.testing.assert_allclose(totals / 600, expected, atol=0.09)  # 4 standard errors of a coin


def test_sum_is_a_class_first_and_then_an_image() -> None:
    """Square-root sampling by its definition: a class with share sqrt(n_c), then one of its images."""
    table = long_tailed_table(60)
    counts = (table == 1).sum(axis=0)
    by_definition = ((table == 1) * (np.sqrt(counts) / np.sqrt(counts).sum() / counts)).sum(axis=1)
    sampler = ClassWeightedSampler(LabelTable(table), reduction="sum", without_positives=0, seed=0)
    np.testing.assert_allclose(sampler.weights / sampler.weights.sum(), by_definition, rtol=1e-5)


def test_arguments_without_a_meaning() -> None:
    dataset = LabelTable(long_tailed_table(20))
    with pytest.raises(ValueError, match=r"'scheme' argument .* must be one of .* Got 'linear' instead"):
        ClassWeightedSampler(dataset, "linear", seed=0)
    with pytest.raises(
        ValueError, match=r"'beta' argument of ClassWeightedSampler must be in \[0, 1\). Got 1"
    ):
        ClassWeightedSampler(dataset, beta=1, seed=0)
    with pytest.raises(ValueError, match=r"'reduction' argument .* Got 'median' instead"):
        ClassWeightedSampler(dataset, reduction="median", seed=0)
