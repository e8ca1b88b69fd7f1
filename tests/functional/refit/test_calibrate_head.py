"""Calibration against scipy on the same objective."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.optimize import brentq, minimize
from scipy.special import expit

from mmpretrain_imbalance.functional.refit import LinearHead, calibrate_head
from tests.functional.refit.partial_images import batches, partial_images

HEAD = LinearHead(torch.linspace(-1, 2, 12).reshape(3, 4).double(), torch.tensor([1.0, -2.0, 0.5]).double())


def platt_loss(labels: np.ndarray, logits: np.ndarray) -> float:
    """Mean loss over known elements, from the definition, with a loop over the classes."""
    total = 0.0
    for label, logit in zip(labels.T, logits.T):
        positive, negative = (label == 1).sum(), (label == 0).sum()
        for value, target in ((1, (positive + 1) / (positive + 2)), (0, 1 / (negative + 2))):
            chosen = logit[label == value]
            losses = target * np.logaddexp(0, -chosen) + (1 - target) * np.logaddexp(0, chosen)
            total += losses.sum()
    return total / (labels >= 0).sum()


def trained_logits(features: np.ndarray) -> np.ndarray:
    return features @ HEAD.weight.numpy().T + HEAD.bias.numpy()


@pytest.mark.parametrize("scale", [0.01, 1.0, 100.0])
def test_equal_to_scipy(scale: float) -> None:
    features, labels = partial_images()
    logits = trained_logits(features)
    # Labels that agree with the head, so that the slope is positive.
    labels = np.where(labels < 0, -1, logits + np.random.default_rng(1).logistic(size=logits.shape) * 3 > 0)
    labels = labels.astype(int)
    found = minimize(
        lambda point: platt_loss(labels, point[0] * logits + point[1:]), [0.1, 0, 0, 0], tol=1e-12
    )
    head = LinearHead(scale * HEAD.weight, scale * HEAD.bias)
    calibrated = calibrate_head(head, batches(features, labels), tolerance=1e-12)
    expected = found.x[0] * logits + found.x[1:]
    np.testing.assert_allclose(calibrated.logits(torch.from_numpy(features)), expected, atol=1e-4)
    assert platt_loss(labels, calibrated.logits(torch.from_numpy(features)).numpy()) <= found.fun + 1e-12


def test_separable_classes_have_a_finite_slope() -> None:
    features, _ = partial_images()
    logits = trained_logits(features)
    calibrated = calibrate_head(HEAD, batches(features, (logits > np.median(logits, axis=0)).astype(int)))
    assert calibrated.weight.isfinite().all()
    assert (calibrated.weight * HEAD.weight >= 0).all()


@pytest.mark.parametrize("kind", [1, 0])
def test_class_with_one_kind_of_labels_has_its_own_intercept_and_no_influence(kind: int) -> None:
    features, labels = partial_images()
    logits = trained_logits(features)
    labels[:, :2] = logits[:, :2] + np.random.default_rng(1).logistic(size=(60, 2)) > 0
    labels[:, 2] = -1
    without = calibrate_head(HEAD, batches(features, labels), tolerance=1e-12)
    labels[:20, 2] = kind
    found = calibrate_head(HEAD, batches(features, labels), tolerance=1e-12)
    torch.testing.assert_close(without.weight[2], HEAD.weight[2], rtol=0, atol=0)
    torch.testing.assert_close(found.weight[:2], without.weight[:2], rtol=1e-8, atol=1e-10)
    torch.testing.assert_close(found.bias[:2], without.bias[:2], rtol=1e-8, atol=1e-8)

    slope = float(found.weight[0, 0] / HEAD.weight[0, 0])
    target = 21 / 22 if kind else 1 / 22
    intercept = brentq(lambda a: (expit(slope * logits[:20, 2] + a) - target).sum(), -500, 500, xtol=1e-13)
    np.testing.assert_allclose(found.bias[2], slope * HEAD.bias[2] + intercept, rtol=1e-6)


def test_slope_of_a_head_worse_than_chance_is_one() -> None:
    features, _ = partial_images()
    logits = trained_logits(features)
    labels = (logits < np.median(logits, axis=0)).astype(int)
    calibrated = calibrate_head(HEAD, batches(features, labels), tolerance=1e-10)
    torch.testing.assert_close(calibrated.weight, HEAD.weight)
    # The best intercepts: the mean sigmoid is the mean target.
    probabilities = expit(calibrated.logits(torch.from_numpy(features)).numpy())
    np.testing.assert_allclose(probabilities.mean(axis=0), 0.5, atol=1e-6)


def test_few_passes() -> None:
    features, labels = partial_images(num_images=300, seed=3)

    class Counted(list):
        passes = 0

        def __iter__(self):
            self.passes += 1
            return super().__iter__()

    images = Counted(batches(features, labels))
    calibrate_head(
        LinearHead(torch.randn(3, 4, generator=torch.Generator().manual_seed(0)), torch.zeros(3)), images
    )
    assert images.passes < 25
