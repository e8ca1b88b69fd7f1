"""Prior of images that are positive less often than the training labels: a loop, and simulations."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from mmpretrain_imbalance.functional import logit_histograms, shifted_class_prior

LIMIT, BINS = 15.0, 3000


def histograms(logits: np.ndarray, bins: int = BINS) -> np.ndarray:
    everything = torch.ones(logits.shape, dtype=torch.bool)
    return logit_histograms(torch.from_numpy(logits), everything, bins, LIMIT).numpy()


def em_in_loops(logits: np.ndarray, start: list[float], steps: int) -> list[float]:
    """Apply Bayes' rule to the probabilities of each image, as in equation 2.6 of Saerens et al."""
    priors = []
    for c, prior0 in enumerate(start):
        prior = prior0
        for _ in range(steps):
            total = 0.0
            for x in logits[:, c]:
                p = 1 / (1 + math.exp(-x))
                positive, negative = p * prior / prior0, (1 - p) * (1 - prior) / (1 - prior0)
                total += positive / (positive + negative)
            prior = total / len(logits)
        priors.append(prior)
    return priors


def gaussian_logits(true: list[float], start: list[float], num_images: int, seed: int = 0) -> np.ndarray:
    """Return the exact logits of a model of two normal distributions, trained with another prior."""
    generator = np.random.default_rng(seed)
    positive = generator.random((num_images, len(true))) < true
    scores = generator.normal(size=positive.shape) + np.where(positive, 1.5, -1.5)
    start = np.array(start)
    return 3 * scores + np.log(start / (1 - start))


@pytest.mark.parametrize("steps", [1, 2, 30])
def test_equals_em_in_loops(steps: int) -> None:
    start = [0.5, 0.3, 0.05]
    logits = 3 * np.random.default_rng(1).normal(size=(60, 3)) - 1
    found = shifted_class_prior(histograms(logits), LIMIT, start, max_steps=steps)
    np.testing.assert_allclose(found, em_in_loops(logits, start, steps), atol=2e-3)


def test_finds_the_prior_of_a_simulation() -> None:
    true, start = [0.02, 0.1, 0.5, 0.9], [0.5, 0.5, 0.2, 0.5]
    logits = gaussian_logits(true, start, 20_000)
    found = shifted_class_prior(histograms(logits, bins=300), LIMIT, start)
    np.testing.assert_allclose(found, true, atol=0.012)
    mean = (1 / (1 + np.exp(-logits))).mean(axis=0)
    assert (np.abs(found - true) < np.abs(mean - true) / 4).all()


def test_a_prior_that_did_not_change_is_found() -> None:
    logits = gaussian_logits([0.3], [0.3], 20_000)
    np.testing.assert_allclose(shifted_class_prior(histograms(logits), LIMIT, [0.3]), [0.3], atol=0.012)


def test_logits_beyond_the_limit_and_classes_without_images() -> None:
    logits = np.array([[99.0], [-99.0], [-99.0], [-99.0]])
    np.testing.assert_allclose(shifted_class_prior(histograms(logits), LIMIT, [0.5]), [0.25], atol=1e-4)
    assert shifted_class_prior(np.zeros((1, 4)), LIMIT, [0.5]).tolist() == [0]


@pytest.mark.parametrize("prior", [0.0, 1.0])
def test_a_training_prior_without_one_of_the_labels_raises(prior: float) -> None:
    with pytest.raises(ValueError, match=r"'training_prior' argument of shifted_class_prior .* to 1 inst"):
        shifted_class_prior(np.ones((2, 4)), LIMIT, [prior, 1.0])
