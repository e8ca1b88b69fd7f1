"""The refit of each class against scikit-learn and scipy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from mmpretrain_imbalance.functional.refit import LinearHead, category_wise_refit
from tests.functional.refit.partial_images import batches, partial_images

ZERO = LinearHead(torch.zeros(3, 4), torch.zeros(3))


def test_equal_to_scikit_learn_from_zero() -> None:
    features, labels = partial_images()
    strength = 0.05
    head = category_wise_refit(ZERO, batches(features, labels), strength, tolerance=1e-9, max_passes=500)
    standardized = (features - features.mean(axis=0)) / features.std(axis=0)
    for index, label in enumerate(labels.T):
        known = label >= 0
        weight = min(((label == 0).sum() / (label == 1).sum()) ** 0.5, 10)
        model = LogisticRegression(
            C=1 / (strength * known.sum()), class_weight={0: 1, 1: weight}, tol=1e-9, max_iter=2000
        ).fit(standardized[known], label[known])
        expected = model.decision_function(standardized)
        found = head.logits(torch.from_numpy(features))[:, index]
        np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("power", "limit", "strength"), [(0.5, 10.0, 0.1), (1.0, 1.5, 1e-3), (0.0, 10.0, 3.0)]
)
def test_equal_to_scipy_near_a_trained_row(power: float, limit: float, strength: float) -> None:
    features, labels = partial_images(seed=1)
    soft = np.where((labels == 1) & (features[:, :1] > -2), 0.75, labels)  # labels between 0 and 1
    generator = torch.Generator().manual_seed(0)
    trained = LinearHead(torch.randn(3, 4, generator=generator), torch.randn(3, generator=generator))
    head = category_wise_refit(
        trained,
        batches(features, soft),
        strength,
        positive_weight_power=power,
        max_positive_weight=limit,
        tolerance=1e-9,
        max_passes=500,
    )
    mean, deviation = features.mean(axis=0), features.std(axis=0)
    for index, label in enumerate(soft.T):
        known = label >= 0
        x, y, row = features[known], label[known], trained.weight[index].double().numpy()
        positive_weight = min(((1 - y).sum() / y.sum()) ** power, limit)

        def loss(point: np.ndarray, x=x, y=y, row=row, positive_weight=positive_weight) -> float:
            logits = (x - mean) / deviation @ point[:-1] + point[-1]
            losses = positive_weight * y * np.logaddexp(0, -logits) + (1 - y) * np.logaddexp(0, logits)
            return losses.mean() + strength / 2 * ((point[:-1] - row * deviation) ** 2).sum()

        found = np.append(
            head.weight[index] * deviation, head.bias[index].numpy() + head.weight[index].numpy() @ mean
        )
        best = minimize(loss, np.zeros(5), tol=1e-12)
        np.testing.assert_allclose(found, best.x, atol=2e-5)
        assert loss(found) <= best.fun + 1e-12


def test_classes_without_both_kinds_and_constant_features_keep_the_trained_weights() -> None:
    features, labels = partial_images()
    features[:, 1] = 0.1  # not exact in binary
    labels[labels[:, 0] == 1, 0] = -1
    labels[labels[:, 2] == 0, 2] = -1
    trained = LinearHead(torch.randn(3, 4), torch.randn(3))
    head = category_wise_refit(trained, batches(features, labels), 0.1)
    for index in (0, 2):
        torch.testing.assert_close(head.weight[index], trained.weight[index].double(), rtol=0, atol=0)
        torch.testing.assert_close(head.bias[index], trained.bias[index].double(), rtol=0, atol=0)
    assert head.weight[1, 1] == trained.weight[1, 1]
    assert (head.weight[1] != trained.weight[1])[[0, 2, 3]].all()


def test_a_strong_penalty_keeps_the_row_and_a_class_does_not_depend_on_others() -> None:
    features, labels = partial_images()
    trained = LinearHead(torch.ones(3, 4), torch.zeros(3))
    kept = category_wise_refit(trained, batches(features, labels), 1e6)
    torch.testing.assert_close(kept.weight, trained.weight.double(), rtol=1e-5, atol=1e-5)
    all_classes = category_wise_refit(trained, batches(features, labels), 0.1)
    one_class = LinearHead(trained.weight[1:2], trained.bias[1:2])
    alone = category_wise_refit(one_class, batches(features, labels[:, 1:2]), 0.1)
    torch.testing.assert_close(alone.weight[0], all_classes.weight[1], rtol=1e-9, atol=1e-11)


def test_errors() -> None:
    with pytest.raises(
        ValueError, match=r"'strength' argument of category_wise_refit must be above 0\. Got 0"
    ):
        category_wise_refit(ZERO, [], 0)
