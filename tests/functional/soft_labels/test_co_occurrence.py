from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from mmpretrain_imbalance.functional.soft_labels import correct_by_co_occurrence


def problem(seed=0):
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(80, 4)) - 0.5
    shared = rng.normal(size=80)
    labels = (logits + shared[:, None] * [1, 1, -1, 0] + rng.logistic(size=logits.shape) > 0).astype(int)
    labels[rng.random(labels.shape) < 0.3] = -1
    return logits, labels


def best_logits(logits, labels, penalty):
    """Fit each class by scipy, with weights that are a difference of two numbers of at least 0."""
    residuals = np.where(labels >= 0, labels - 1 / (1 + np.exp(-logits)), 0)
    corrected = np.empty_like(logits)
    for c in range(labels.shape[1]):
        others = np.delete(residuals, c, axis=1)
        known = labels[:, c] >= 0
        sign = np.where(labels[known, c] == 1, -1, 1)
        size = others.shape[1]

        def cost(values, known=known, sign=sign, others=others, size=size, c=c):
            z = logits[:, c] + others @ (values[:size] - values[size:-1]) + values[-1]
            return np.logaddexp(0, sign * z[known]).mean() + penalty * values[:-1].sum()

        bounds = [(0, None)] * (2 * size) + [(None, None)]
        fit = minimize(
            cost, np.zeros(2 * size + 1), bounds=bounds, method="L-BFGS-B", options=dict(ftol=1e-14)
        ).x
        corrected[:, c] = logits[:, c] + others @ (fit[:size] - fit[size:-1]) + fit[-1]
    return corrected


@pytest.mark.parametrize("penalty", [0.0, 0.02, 1.0])
def test_logits_equal_those_of_scipy(penalty) -> None:
    logits, labels = problem()
    labels_tensor = torch.from_numpy(labels)
    found = correct_by_co_occurrence(torch.from_numpy(logits), labels_tensor, labels_tensor, penalty, 500)
    np.testing.assert_allclose(found, best_logits(logits, labels, penalty), atol=3e-3)


def test_labels_that_are_not_fitted_are_inputs_only() -> None:
    logits, labels = (torch.from_numpy(part) for part in problem(1))
    fitted = labels.clone()
    fitted[40:] = -1
    found = correct_by_co_occurrence(logits, labels, fitted, 0.02)
    alone = correct_by_co_occurrence(logits[:40], labels[:40], labels[:40], 0.02)
    torch.testing.assert_close(found[:40], alone, rtol=1e-4, atol=1e-4)
    assert (found[40:] - logits[40:]).std() > 0.1
    other = labels.clone()
    other[79, 0] = 1 - labels[79, 0].clamp(min=0)
    changed = correct_by_co_occurrence(logits, other, fitted, 0.02)
    torch.testing.assert_close(changed[79, 0], found[79, 0])  # its own label has no influence
    assert (changed[79, 1:] - found[79, 1:]).abs().max() > 0.01


def test_a_class_without_known_labels_keeps_its_logits() -> None:
    logits, labels = (torch.from_numpy(part) for part in problem(2))
    labels[:, 3] = -1
    found = correct_by_co_occurrence(logits, labels, labels, 0.01)
    torch.testing.assert_close(found[:, 3], logits[:, 3].float())
