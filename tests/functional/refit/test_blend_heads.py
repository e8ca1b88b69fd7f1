"""The blend against logits that NumPy scales and averages."""

from __future__ import annotations

import numpy as np
import torch

from mmpretrain_imbalance.functional.refit import LinearHead, blend_heads
from tests.functional.refit.partial_images import partial_images
from tests.functional.refit.test_class_mean_head import moments_of


def two_heads() -> tuple[LinearHead, LinearHead]:
    generator = torch.Generator().manual_seed(0)
    weights = torch.randn(2, 3, 4, generator=generator)
    return LinearHead(weights[0], torch.randn(3, generator=generator)), LinearHead(weights[1], torch.ones(3))


def test_logits_are_averaged_at_the_spread_of_the_trained_head() -> None:
    features, labels = partial_images()
    trained, other = two_heads()
    images = torch.from_numpy(features)
    first, second = (head.double().logits(images).numpy() for head in (trained, other))
    expected = (first + second * first.std(axis=0) / second.std(axis=0)) / 2
    blend = blend_heads(trained, other, moments_of(features, labels))
    np.testing.assert_allclose(blend.logits(images), expected, rtol=1e-9)


def test_equal_heads_blend_to_the_same_head() -> None:
    features, labels = partial_images()
    trained, _ = two_heads()
    scaled = LinearHead(5 * trained.weight, 5 * trained.bias)
    blend = blend_heads(trained, scaled, moments_of(features, labels))
    torch.testing.assert_close(blend, trained.double(), rtol=1e-6, atol=1e-6)


def test_class_without_spread_has_the_row_of_the_other_head() -> None:
    features, labels = partial_images()
    trained, other = two_heads()
    trained.weight[0], other.weight[2] = 0, 0
    blend = blend_heads(trained, other, moments_of(features, labels))
    assert torch.equal(blend.weight[0], other.weight[0].double())
    assert torch.equal(blend.bias[0], other.bias[0].double())
    assert torch.equal(blend.weight[2], trained.weight[2].double())
    assert torch.equal(blend.bias[2], trained.bias[2].double())
