from __future__ import annotations

import numpy as np
import torch
from scipy.optimize import minimize

from mmpretrain_imbalance.functional.soft_labels import stack_logits


def problem(seed=0, num_scores=3, scale=1.0):
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(num_scores, 60, 4)) * scale
    logits = 1.5 * scores[0] / scale - 0.5 * scores[-1] / scale - np.array([0, 1, 2, -1])
    labels = (rng.random(logits.shape) < 1 / (1 + np.exp(-logits))).astype(np.int64)
    labels[rng.random(labels.shape) < 0.3] = -1
    labels[:2] = [[0], [1]]
    return scores, labels


def cost(parameters, scores, labels):
    logits = np.einsum("m,mnc->nc", parameters[: len(scores)], scores) + parameters[len(scores) :]
    signs = np.where(labels == 1, -1, 1)
    return np.logaddexp(0, signs * logits)[labels >= 0].sum()


def test_slopes_and_intercepts_minimize_the_cross_entropy() -> None:
    for seed in range(3):
        scores, labels = problem(seed)
        best = minimize(cost, np.zeros(7), args=(scores, labels), method="BFGS", options=dict(gtol=1e-9)).x
        found = stack_logits(torch.from_numpy(scores), torch.from_numpy(labels))
        np.testing.assert_allclose(found.slopes, best[:3], atol=1e-4)
        np.testing.assert_allclose(found.intercepts, best[3:], atol=1e-4)
        expected = np.einsum("m,mnc->nc", best[:3], scores) + best[3:]
        np.testing.assert_allclose(found.logits, expected, atol=1e-3)


def test_scores_of_very_different_scales_converge() -> None:
    scores, labels = problem(4)
    scores *= np.array([1e3, 1, 1e-3])[:, None, None]
    # The scale of a rare class is larger than that of the others, as that of class means is.
    scores[:, :, 2] *= 50
    found = stack_logits(torch.from_numpy(scores).float(), torch.from_numpy(labels))
    best = cost(np.r_[found.slopes, found.intercepts], scores, labels)
    rng = np.random.default_rng(0)
    for _ in range(50):
        other = np.r_[found.slopes, found.intercepts] * (1 + 0.01 * rng.normal(size=7))
        assert cost(other, scores, labels) > best - 1e-3


def test_equal_scores_share_the_slope_and_each_class_has_its_fraction() -> None:
    scores, labels = problem(5, num_scores=1)
    twice = torch.from_numpy(np.concatenate([scores, scores]))
    found = stack_logits(twice, torch.from_numpy(labels))
    once = stack_logits(twice[:1], torch.from_numpy(labels))
    torch.testing.assert_close(found.slopes, (once.slopes / 2).repeat(2), rtol=1e-4, atol=1e-4)
    known = labels >= 0
    mean = (torch.sigmoid(once.logits).numpy() * known).sum(0) / known.sum(0)
    np.testing.assert_allclose(mean, (labels == 1).sum(0) / known.sum(0), atol=1e-4)
