"""The closed-form head against the equation in NumPy, and against Fisher's discriminant of scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from mmpretrain_imbalance.functional.refit import ClassMoments, class_mean_head
from tests.functional.refit.partial_images import partial_images


def moments_of(features: np.ndarray, labels: np.ndarray) -> ClassMoments:
    moments = ClassMoments(labels.shape[1], features.shape[1])
    moments.add(torch.from_numpy(features), torch.from_numpy(labels))
    return moments


@pytest.mark.parametrize("ridge", [0.0, 1.0, 30.0])
def test_equal_to_the_equation(ridge: float) -> None:
    features, labels = partial_images()
    head = class_mean_head(moments_of(features, labels), ridge)
    covariance = np.cov(features.T, bias=True)
    matrix = covariance + ridge * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    for index in range(labels.shape[1]):
        difference = features[labels[:, index] == 1].mean(axis=0) - features.mean(axis=0)
        weight = np.linalg.inv(matrix) @ difference
        np.testing.assert_allclose(head.weight[index], weight, rtol=1e-9)
        np.testing.assert_allclose(head.bias[index], -weight @ features.mean(axis=0), rtol=1e-9)


def test_direction_is_that_of_fishers_discriminant() -> None:
    features, labels = partial_images(num_images=200, unknown=0)
    head = class_mean_head(moments_of(features, labels), ridge=0.0)
    for index in range(labels.shape[1]):
        fisher = LinearDiscriminantAnalysis(solver="lsqr").fit(features, labels[:, index]).coef_[0]
        weight = head.weight[index].numpy()
        np.testing.assert_allclose(
            weight / np.linalg.norm(weight), fisher / np.linalg.norm(fisher), rtol=1e-8
        )


def test_unknown_negatives_do_not_change_the_head() -> None:
    features, labels = partial_images(unknown=0)
    full = class_mean_head(moments_of(features, labels), ridge=1.0)
    positives_only = class_mean_head(moments_of(features, np.where(labels == 0, -1, labels)), ridge=1.0)
    torch.testing.assert_close(positives_only, full, rtol=0, atol=0)


def test_class_without_positive_has_zeros() -> None:
    features, labels = partial_images()
    labels[labels[:, 1] == 1, 1] = -1
    head = class_mean_head(moments_of(features, labels), ridge=1.0)
    assert not head.weight[1].any()
    assert head.bias[1] == 0


def test_errors() -> None:
    moments = moments_of(np.ones((3, 2)), np.ones((3, 1), int))
    with pytest.raises(ValueError, match=r"'ridge' argument .* at least 0"):
        class_mean_head(moments, -1.0)
    with pytest.raises(ValueError, match=r"'ridge' argument .* must be positive, because .* singular"):
        class_mean_head(moments, 0.0)
    with pytest.raises(ValueError, match="must have at least one image"):
        class_mean_head(ClassMoments(1, 2), 1.0)
