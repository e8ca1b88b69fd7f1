from __future__ import annotations

import numpy as np
import torch
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from mmpretrain_imbalance.functional.soft_labels import out_of_fold_logits, principal_components


def problem():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(60, 4)) * [1, 2, 0.5, 1] + [0, 1, 0, 3]
    logits = features @ rng.normal(size=(4, 3))
    labels = (logits - logits.mean(0) + rng.logistic(size=logits.shape) > 0).astype(int)
    labels[rng.random(labels.shape) < 0.3] = -1
    return features, labels, rng.integers(0, 3, 60)


def test_logits_are_those_of_models_of_the_other_folds() -> None:
    features, labels, folds = problem()
    strength, ridge = 0.3, 2.0
    found = out_of_fold_logits(*(torch.from_numpy(part) for part in problem()), strength, ridge).numpy()
    for fold in range(3):
        inside = folds == fold
        x, y = features[~inside], labels[~inside]
        covariance = np.cov(x.T, bias=True)
        covariance += ridge * np.trace(covariance) / 4 * np.eye(4)
        for c in range(3):
            known = y[:, c] >= 0
            model = LogisticRegression(C=1 / (strength * known.sum()), tol=1e-9, max_iter=1000)
            model.fit(x[known], y[known, c])
            expected = model.decision_function(features[inside])
            np.testing.assert_allclose(found[0, inside, c], expected, atol=2e-3)
            weight = np.linalg.solve(covariance, x[y[:, c] == 1].mean(0) - x.mean(0))
            expected = (features[inside] - x.mean(0)) @ weight
            np.testing.assert_allclose(found[1, inside, c], expected, atol=1e-4)


def test_a_class_without_positives_elsewhere_has_a_constant_logit() -> None:
    features, labels, folds = problem()
    labels[:, 1] = 0
    labels[folds == 0, 1] = 1
    found = out_of_fold_logits(*(torch.from_numpy(part) for part in (features, labels, folds)))
    assert found.isfinite().all()
    assert found[:, torch.from_numpy(folds == 0), 1].std(dim=1).max() < 1e-6


def test_components_equal_those_of_scikit_learn_up_to_the_sign() -> None:
    features = np.random.default_rng(0).normal(size=(30, 6)) @ np.random.default_rng(1).normal(size=(6, 6))
    features = np.c_[features, np.full(30, 7.0)]  # a constant feature
    found = principal_components(torch.from_numpy(features).float(), 3).numpy()
    expected = PCA(3).fit_transform(StandardScaler().fit_transform(features))
    np.testing.assert_allclose(np.abs(found), np.abs(expected), atol=1e-3)
    assert principal_components(torch.from_numpy(features), 99).shape == (30, 7)
