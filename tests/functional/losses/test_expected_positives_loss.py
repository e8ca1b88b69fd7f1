"""EPR: the mean of the elements is the published loss, with its gradient."""

from __future__ import annotations

import pytest
import torch

from mmpretrain_imbalance.functional.losses.expected_positives_loss import expected_positives_loss
from tests.functional.loop_oracle import KINDS, assert_finite_at_extremes, assert_same, tables


def by_hand(logits, labels, k=1.5, use_negatives=False, eps=1e-5):
    """N C times the published loss, which is the sum of the elements."""
    num_images, num_classes = logits.shape
    total, expected = 0.0, 0.0
    for n in range(num_images):
        for c in range(num_classes):
            p = 1 / (1 + torch.exp(-logits[n, c]))
            expected = expected + p / num_images
            if labels[n, c] == 1:
                total = total - torch.log(p + eps)
            elif use_negatives and labels[n, c] == 0:
                total = total - torch.log(1 - p + eps)
    return total + num_images * num_classes * (expected - k) ** 2 / num_classes**2


@pytest.mark.parametrize("kinds", KINDS, ids=str)
@pytest.mark.parametrize("use_negatives", [False, True])
def test_equals_loop(kinds, use_negatives):
    assert_same(
        lambda x, y: expected_positives_loss(x, y, 1.5, use_negatives),
        lambda x, y: by_hand(x, y, 1.5, use_negatives),
        *tables(kinds),
        joint=True,
    )


def test_every_element_has_the_regularizer_and_its_own_gradient():
    logits, labels = tables((-1,))
    logits.requires_grad_()
    table = expected_positives_loss(logits, labels, 1.5)
    regularizer = (torch.sigmoid(logits).sum() / 5 - 1.5) ** 2 / 36
    torch.testing.assert_close(table, regularizer.expand(5, 6))
    (whole,) = torch.autograd.grad(30 * regularizer, logits)
    keep = torch.zeros(5, 6, dtype=torch.float64)
    keep[2, 3] = 1
    (gradient,) = torch.autograd.grad((table * keep).sum(), logits)
    torch.testing.assert_close(gradient, whole * keep)


def test_regularizer_is_zero_at_the_expected_number():
    table = expected_positives_loss(torch.zeros(2, 4), torch.tensor([[1, -1, -1, 0]] * 2), 2)
    torch.testing.assert_close(table, torch.tensor([[0.6931272, 0, 0, 0]] * 2))


def test_extremes():
    assert_finite_at_extremes(lambda x, y: expected_positives_loss(x, y, 1.5, True))
