"""Soft labels of Mixup and CutMix: a mixture of two hard labels, or a part of two sums."""

from __future__ import annotations

import math

import pytest
import torch

from mmpretrain_imbalance.functional.losses.distribution_balanced_loss import distribution_balanced_loss
from mmpretrain_imbalance.functional.losses.two_way_loss import two_way_loss
from mmpretrain_imbalance.functional.losses.zlpr_loss import zlpr_loss
from tests.losses.smallest_losses import SMALLEST, build, random_batch

#: Losses whose elements depend on the labels of others.
JOINT = {
    "DistributionBalancedLoss",
    "PairwiseRankingLoss",
    "ReflectiveLabelCorrectorLoss",
    "TwoWayLoss",
    "ZLPRLoss",
}


@pytest.mark.parametrize("name", sorted(SMALLEST))
def test_soft_labels_of_mixup_are_computed(name):
    logits, labels = random_batch()
    labels[0] = 0.3
    loss = build(SMALLEST[name])(logits, labels)
    loss.backward()
    assert logits.grad.isfinite().all()


@pytest.mark.parametrize("name", sorted(set(SMALLEST) - JOINT))
def test_the_loss_of_a_soft_label_is_the_mean_of_both_labels(name):
    logits = random_batch()[0].detach()

    def elements(label: float) -> torch.Tensor:
        labels = torch.full_like(logits, label)
        return build(SMALLEST[name]).eval()(logits, labels, reduction_override="none")

    torch.testing.assert_close(elements(0.3), 0.3 * elements(1.0) + 0.7 * elements(0.0))


def zlpr_of(scores, labels):
    total = 0.0
    for row, marks in zip(scores, labels):
        pairs = [(x, y) for x, y in zip(row, marks) if y >= 0]
        total += math.log(1 + sum((1 - y) * math.exp(x) for x, y in pairs))
        total += math.log(1 + sum(y * math.exp(-x) for x, y in pairs))
    return total


def two_way_of(scores, labels):
    """Compute the sum of the elements: N times the mean over rows plus the mean over columns."""
    total = 0.0
    for lines, line_labels in ((scores, labels), (list(zip(*scores)), list(zip(*labels)))):
        losses, counted = [], []
        for row, marks in zip(lines, line_labels):
            pairs = [(x, y) for x, y in zip(row, marks) if y >= 0]
            absent = sum((1 - y) * math.exp(x) for x, y in pairs)
            present = sum(y * math.exp(-x / 4) for x, y in pairs) ** 4
            counted.append(1 - math.prod(1 - y for _, y in pairs))
            losses.append(counted[-1] * math.log(1 + absent * present))
        total += len(scores) * sum(losses) / max(sum(counted), 1)
    return total


def soft_batch():
    generator = torch.Generator().manual_seed(3)
    scores = torch.randn(4, 5, generator=generator, dtype=torch.float64)
    labels = torch.tensor(
        [[1, 0.3, 0, 0, -1], [0.6, 0.6, 0, -1, -1], [0, 0, 0, 0, 0], [1, 1, 0.9, -1, 0]], dtype=torch.float64
    )
    return scores.requires_grad_(), labels


@pytest.mark.parametrize(("function", "oracle"), [(zlpr_loss, zlpr_of), (two_way_loss, two_way_of)])
def test_soft_labels_in_two_sums(function, oracle):
    scores, labels = soft_batch()
    expected = oracle(scores.tolist(), labels.tolist())
    assert function(scores, labels).sum().item() == pytest.approx(expected, rel=1e-10)
    (gradient,) = torch.autograd.grad(function(scores, labels).sum(), scores)
    for element in [(0, 0), (0, 1), (0, 4), (1, 0), (2, 3), (3, 2), (3, 4)]:
        step = torch.zeros_like(scores)
        step[element] = 1e-5
        up, down = (oracle((scores + sign * step).tolist(), labels.tolist()) for sign in (1, -1))
        assert gradient[element].item() == pytest.approx((up - down) / 2e-5, abs=1e-7)


@pytest.mark.parametrize("hard", [0.0, 1.0])
def test_an_almost_hard_label_is_almost_the_hard_one(hard):
    scores, labels = soft_batch()
    counts = torch.tensor([5.0, 20.0, 3.0, 9.0, 1.0]), torch.tensor([50.0, 20.0, 30.0, 9.0, 10.0])
    almost = abs(hard - 1e-9)
    for function, *arguments in ((zlpr_loss,), (two_way_loss,), (distribution_balanced_loss, *counts)):
        elements = []
        for label in (hard, almost):
            changed = labels.clone()
            changed[0, 1] = label
            changed[1] = torch.tensor([1, 0, 0, -1, 0.5])
            elements.append(function(scores, changed, *arguments).sum(dim=1))
        torch.testing.assert_close(*elements, rtol=1e-6, atol=1e-6)


def test_distribution_balanced_weights_are_those_of_the_soft_image():
    scores, labels = torch.zeros(1, 2), torch.tensor([[1.0, 0.5]])
    counts = torch.tensor([10.0, 5.0]), torch.tensor([10.0, 5.0])
    repeats = 1 / 10 + 0.5 / 5
    weights = [0.1 + 1 / (1 + math.exp(-10 * (1 / f / repeats - 0.2))) for f in (10, 5)]
    focused = 2 * 0.25 * math.log(2)  # the scale of negatives divides, and both halves are at p = 1 / 2
    expected = [weights[0] * focused, weights[1] * (0.5 * focused + 0.5 * focused / 2)]
    elements = distribution_balanced_loss(scores, labels, *counts)
    torch.testing.assert_close(elements, torch.tensor([expected]))
