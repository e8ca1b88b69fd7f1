"""ROLE: value and both gradients against loops."""

from __future__ import annotations

import pytest
import torch

from mmpretrain_imbalance.functional.losses.online_label_estimation_loss import online_label_estimation_loss
from tests.functional.loop_oracle import KINDS, TOLERANCES, assert_finite_at_extremes, tables

EXPECTED = 1.7


def by_hand(logits, labels, scores, use_negatives):
    """Mean over the elements plus both regularizers, as in the paper."""
    num_images, num_classes = logits.shape
    total = 0.0
    for n in range(num_images):
        for c in range(num_classes):
            p, e = 1 / (1 + torch.exp(-logits[n, c])), 1 / (1 + torch.exp(-scores[n, c]))
            if labels[n, c] == 1:
                total = total + 0.5 * (-torch.log(p + 1e-5) - torch.log(e + 1e-5))
            if labels[n, c] == 0 and use_negatives:
                total = total + 0.5 * (-torch.log(1 - p + 1e-5) - torch.log(1 - e + 1e-5))
            for target, value in ((e.detach(), p), (p.detach(), e)):
                cross = -target * torch.log(value + 1e-5) - (1 - target) * torch.log(1 - value + 1e-5)
                total = total + 0.5 * cross
    regularizer = 0.0
    for table in (logits, scores):
        count = (1 / (1 + torch.exp(-table))).sum() / num_images
        regularizer = regularizer + 0.5 * ((count - EXPECTED) / num_classes) ** 2
    return total / (num_images * num_classes) + regularizer


@pytest.mark.parametrize("kinds", KINDS, ids=str)
@pytest.mark.parametrize("use_negatives", [False, True])
def test_mean_equals_loop(kinds, use_negatives):
    logits, labels = tables(kinds)
    scores = tables(seed=3)[0]
    exact = logits.clone().requires_grad_(), scores.clone().requires_grad_()
    expected = by_hand(exact[0], labels, exact[1], use_negatives)
    slopes = torch.autograd.grad(expected, exact)
    for dtype, (rtol, atol) in TOLERANCES.items():
        inputs = logits.to(dtype).requires_grad_(), scores.to(dtype).requires_grad_()
        found = online_label_estimation_loss(inputs[0], labels, inputs[1], EXPECTED, use_negatives).mean()
        torch.testing.assert_close(found.double(), expected.detach(), rtol=rtol, atol=atol)
        for gradient, slope in zip(torch.autograd.grad(found, inputs), slopes):
            torch.testing.assert_close(gradient.double(), slope, rtol=rtol, atol=atol)


def test_extremes():
    for score in (-80.0, 0.0, 80.0):
        assert_finite_at_extremes(
            lambda x, y, z=score: online_label_estimation_loss(x, y, torch.full(y.shape, z), EXPECTED)
        )
