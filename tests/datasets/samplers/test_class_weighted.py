from __future__ import annotations

import math

import numpy as np
import pytest

from mmpretrain_imbalance.datasets.samplers.class_weighted import ClassWeightedSampler
from tests.datasets.label_table import LabelTable, long_tailed_table


def expected_weights(labels, scheme, beta, reduction, without_positives):
    """Compute the weight of each image in a plain loop."""
    counts = [(labels[:, c] == 1).sum() for c in range(labels.shape[1])]
    weigh = {
        "inverse_square_root": lambda n: 1 / math.sqrt(n),
        "inverse": lambda n: 1 / n,
        "effective_number": lambda n: (1 - beta) / (1 - beta**n),
    }[scheme]
    weights = []
    for row in labels:
        values = [weigh(counts[c]) for c in range(len(row)) if row[c] == 1]
        combine = {"max": max, "sum": sum, "mean": lambda v: sum(v) / len(v)}[reduction]
        weights.append(combine(values) if values else None)
    mean = np.mean([weight for weight in weights if weight is not None])
    return np.array([without_positives if weight is None else weight / mean for weight in weights])


@pytest.mark.parametrize("reduction", ["sum", "mean", "max"])
@pytest.mark.parametrize("scheme", ["inverse_square_root", "inverse", "effective_number"])
def test_weights_are_those_of_a_loop(scheme, reduction) -> None:
    labels = long_tailed_table(80)
    sampler = ClassWeightedSampler(
        LabelTable(labels), scheme, beta=0.9, reduction=reduction, without_positives=0.5, seed=0
    )
    expected = expected_weights(labels, scheme, 0.9, reduction, 0.5)
    np.testing.assert_allclose(sampler.weights, expected, rtol=1e-5)  # class weights are float32


def test_images_are_drawn_in_proportion_to_their_weights() -> None:
    labels = long_tailed_table(50)
    sampler = ClassWeightedSampler(LabelTable(labels), seed=0, epoch_size=120)
    expected = 120 * sampler.weights / sampler.weights.sum()
    totals = np.zeros(50)
    for epoch in range(600):
        sampler.set_epoch(epoch)
        counts = np.bincount(list(sampler), minlength=50)
        assert (np.abs(counts - expected) < 1).all()
        totals += counts
    np.testing.assert_allclose(totals / 600, expected, atol=0.09)  # 4 standard errors


def test_sum_equals_drawing_a_class_and_then_an_image() -> None:
    """In square-root sampling, a class is drawn in proportion to sqrt(n_c), then one of its images."""
    labels = long_tailed_table(60)
    counts = (labels == 1).sum(axis=0)
    by_definition = ((labels == 1) * (np.sqrt(counts) / np.sqrt(counts).sum() / counts)).sum(axis=1)
    sampler = ClassWeightedSampler(LabelTable(labels), reduction="sum", without_positives=0, seed=0)
    np.testing.assert_allclose(sampler.weights / sampler.weights.sum(), by_definition, rtol=1e-5)


def test_wrong_arguments_raise() -> None:
    dataset = LabelTable(long_tailed_table(20))
    with pytest.raises(ValueError, match=r"'scheme' argument .* must be one of .* Got 'linear' instead"):
        ClassWeightedSampler(dataset, "linear", seed=0)
    with pytest.raises(
        ValueError, match=r"'beta' argument of ClassWeightedSampler must be in \[0, 1\). Got 1"
    ):
        ClassWeightedSampler(dataset, beta=1, seed=0)
    with pytest.raises(ValueError, match=r"'reduction' argument .* Got 'median' instead"):
        ClassWeightedSampler(dataset, reduction="median", seed=0)
