"""Moments in batches and over ranks, against NumPy on the whole array."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mmpretrain_imbalance.functional.refit import ClassMoments
from tests.functional.refit.partial_images import batches, partial_images
from tests.functional.refit.simulated_ranks import on_two_ranks


def moments_of(parts: list) -> ClassMoments:
    moments = ClassMoments(num_classes=3, num_features=4)
    for features, labels in parts:
        moments.add(features, labels)
    return moments


def assert_moments(moments: ClassMoments, features: np.ndarray, labels: np.ndarray) -> None:
    positive = labels == 1
    np.testing.assert_allclose(moments.num_images, len(features))
    np.testing.assert_allclose(moments.mean, features.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(moments.covariance, np.cov(features.T, bias=True), rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(moments.num_positives, positive.sum(axis=0))
    np.testing.assert_array_equal(moments.num_negatives, (labels == 0).sum(axis=0))
    for index, mean in enumerate(moments.class_means):
        expected = (
            features[positive[:, index]].mean(axis=0) if positive[:, index].any() else features.mean(axis=0)
        )
        np.testing.assert_allclose(mean, expected, rtol=1e-12)


@pytest.mark.parametrize("sizes", [(), (1, 2), (0, 30, 0)])
def test_equal_to_numpy(sizes: tuple[int, ...]) -> None:
    features, labels = partial_images()
    labels[labels[:, 2] == 1, 2] = -1  # a class without a known positive
    assert_moments(moments_of(batches(features, labels, sizes)), features, labels)


def test_covariance_is_exact_far_from_zero() -> None:
    """A sum of squares minus the square of the mean would lose all digits."""
    features, labels = partial_images()
    shifted = moments_of(batches(features + 1e8, labels))
    expected = np.cov((features + 1e8).T, bias=True)
    np.testing.assert_allclose(shifted.covariance, expected, rtol=1e-6)
    np.testing.assert_allclose(shifted.covariance, np.cov(features.T, bias=True), rtol=1e-5)


@pytest.mark.parametrize("end", [0, 13, 60])
def test_two_ranks_have_the_moments_of_all_images(end: int) -> None:
    """The images of the ranks have different means, and a rank may have no image."""
    features, labels = partial_images()
    order = np.argsort(features[:, 3])
    features, labels = features[order], labels[order]
    parts = [(features[:end], labels[:end]), (features[end:], labels[end:])]
    for moments in on_two_ranks(
        lambda rank, total, _: moments_of([*batches(*parts[rank], ())]).summed(total)
    ):
        assert_moments(moments, features, labels)


def test_errors() -> None:
    moments = ClassMoments(num_classes=3, num_features=4)
    with pytest.raises(ValueError, match=r"'labels' argument .* shape \(2, 3\)\. Got \(2, 2\)"):
        moments.add(torch.zeros(2, 4), torch.zeros(2, 2))
    with pytest.raises(ValueError, match=r"'features' argument .* shape \(2, 4\)\. Got \(2, 5\)"):
        moments.add(torch.zeros(2, 5), torch.zeros(2, 3))
    with pytest.raises(ValueError, match="must be finite numbers"):
        moments.add(torch.tensor([[0.0, 1.0, float("nan"), 0.0]]), torch.zeros(1, 3))
