"""Registered distribution-balanced loss: label counts, weight norms, and unknown elements."""

from __future__ import annotations

import math

import pytest
import torch
from mmpretrain.registry import MODELS

from mmpretrain_imbalance.functional.losses.distribution_balanced_loss import distribution_balanced_loss
from tests.losses.smallest_losses import build, elements_of, random_batch

NAME = "DistributionBalancedLoss"
POSITIVES = torch.tensor([10.0, 20, 30])  # of 100, as set by `build`


def test_equals_the_function():
    logits, labels = random_batch()
    loss = build(dict(type=NAME))
    losses = loss(logits, labels, reduction_override="none")
    torch.testing.assert_close(losses, distribution_balanced_loss(logits, labels, POSITIVES, 100 - POSITIVES))
    assert torch.equal(elements_of(loss, logits, labels).weight, labels != -1)
    losses.sum().backward()
    assert (logits.grad[labels == -1] == 0).all()


def test_the_number_of_images_can_be_given():
    logits, labels = random_batch()
    loss = build(dict(type=NAME, num_images=1000, gamma=0.3, negative_scale=5, reduction="mean"))
    expected = distribution_balanced_loss(
        logits, labels, POSITIVES, 1000 - POSITIVES, gamma=0.3, negative_scale=5
    )
    torch.testing.assert_close(loss(logits, labels), expected.mean())


def by_hand(logits, labels, weight_norm, alpha=0.1, beta=10.0, gamma=0.2):
    """Compute the published loss with the parameters of COCO-MLT, element by element."""
    num_images, num_classes = labels.shape
    counts = [10.0 * (c + 1) for c in range(num_classes)]  # of 100
    weights = torch.zeros(num_images, num_classes, dtype=torch.float64)
    for n in range(num_images):
        repeats = sum(1 / counts[c] for c in range(num_classes) if labels[n, c] == 1)
        for c in range(num_classes):
            ratio = 1 / counts[c] / repeats if repeats else math.inf
            weights[n, c] = alpha + 1 / (1 + math.exp(-beta * (ratio - gamma)))
    known = [(n, c) for n in range(num_images) for c in range(num_classes) if labels[n, c] != -1]
    largest_of_image = [
        max((weights[m, c].item() for m, c in known if m == n), default=0.0) for n in range(num_images)
    ]
    losses = torch.zeros(num_images, num_classes, dtype=torch.float64)
    for n, c in known:
        norm = {None: 1.0, "by_instance": largest_of_image[n], "by_batch": max(largest_of_image)}[weight_norm]
        z = logits[n, c].item() - math.log(100 / counts[c] - 1) * 0.05 / 2
        z, scale = (z, 1) if labels[n, c] == 1 else (-2 * z, 2)
        likelihood = 1 / (1 + math.exp(-z))
        loss = -math.log(likelihood) * (1 - likelihood) ** 2 / scale
        losses[n, c] = 2 * weights[n, c] / norm * loss
    return losses


def with_and_without_positives():
    """Return images with and without positives, including one of negatives only and one of unknown labels."""
    logits, labels = random_batch(8, 4)
    labels[0], labels[1], labels[2] = torch.tensor([0, 0, -1, 0]), 0, -1
    labels[3] = torch.tensor([1, 0, 1, -1])
    return logits, labels


@pytest.mark.parametrize("weight_norm", [None, "by_instance", "by_batch"])
def test_the_norm_of_the_weights_equals_the_loop(weight_norm):
    logits, labels = with_and_without_positives()
    loss = build(dict(type=NAME, weight_norm=weight_norm, reduction="sum"), 4)
    expected = by_hand(logits, labels, weight_norm)
    assert (expected[1:3].sum(dim=1) > 0).tolist() == [True, False]
    found = loss(logits.double(), labels, reduction_override="none")
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-9)
    assert loss(logits, labels).item() == pytest.approx(expected.sum().item(), rel=1e-5)


def test_an_unknown_element_is_not_the_largest_weight():
    """Class 0 is the rarest, so its weight is the largest of the image if it is known."""
    logits, labels = random_batch(1, 3)
    labels[:] = torch.tensor([[-1, 0, 1]])
    tables_of_norms = [
        build(dict(type=NAME, weight_norm=norm))(logits, labels, reduction_override="none")
        for norm in ("by_instance", "by_batch", None)
    ]
    torch.testing.assert_close(tables_of_norms[0], tables_of_norms[1])
    torch.testing.assert_close(tables_of_norms[0].double(), by_hand(logits, labels, "by_instance"))
    assert not torch.equal(tables_of_norms[0], tables_of_norms[2])


def test_of_one_image_the_largest_weight_becomes_one():
    """Without focusing and scaling, the loss at a logit of 0 is the weight times log 2."""
    plain = dict(type=NAME, focusing=0.0, negative_scale=1.0, initial_bias=0.0)
    logits, labels = torch.zeros(2, 3), torch.tensor([[1, 0, 1], [0, 0, 0]])
    for norm, largest in (("by_instance", [1, 1]), ("by_batch", None), (None, None)):
        losses = build(dict(plain, weight_norm=norm))(logits, labels, reduction_override="none") / math.log(2)
        if largest:
            assert losses.amax(dim=1).tolist() == pytest.approx(largest)
        else:
            assert losses.max().item() == pytest.approx(1.0 if norm else 1.1)
            assert losses[1].tolist() == pytest.approx([losses.max().item()] * 3)


@pytest.mark.parametrize("value", ["by_class", True, ""])
def test_invalid_norm(value):
    with pytest.raises(
        ValueError,
        match=r"'weight_norm' argument of DistributionBalancedLoss must be one of None, 'by_instance', "
        rf"'by_batch'. Got {value!r} instead",
    ):
        MODELS.build(dict(type=NAME, weight_norm=value))


def test_invalid_argument():
    with pytest.raises(
        ValueError, match=r"'negative_scale' argument of DistributionBalancedLoss must be above 0. Got 0"
    ):
        MODELS.build(dict(type=NAME, negative_scale=0))
