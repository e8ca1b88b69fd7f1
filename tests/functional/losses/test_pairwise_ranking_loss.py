"""Pairwise ranking: the loss of the authors' code, computed by a loop over pairs with a hinge."""

from __future__ import annotations

import pytest
import torch

from mmpretrain_imbalance.functional.losses.pairwise_ranking_loss import pairwise_ranking_loss
from tests.functional.loop_oracle import KINDS, assert_finite_at_extremes, assert_same, tables


def pairs(logits, labels):
    """Loss of each element: the weighted sum of its hinges against all other classes."""
    p = 1 / (1 + torch.exp(-logits))
    fraction = labels.clamp(min=0).double()
    table = torch.zeros_like(logits)
    for n in range(len(p)):
        for i in range(p.shape[1]):
            for j in range(p.shape[1]):
                if i != j:
                    hinge = (1 - p[n, i] + p[n, j]).clamp(min=0)
                    weight = torch.zeros_like(table)
                    weight[n, i] = fraction[n, i] * (1 - fraction[n, j])
                    table = table + weight * hinge
    return table


@pytest.mark.parametrize("kinds", KINDS, ids=str)
def test_equals_loop(kinds):
    logits, labels = tables(kinds, shape=(3, 6))
    assert_same(pairwise_ranking_loss, lambda x, y: pairs(x, y).sum(), logits, labels, joint=True)
    torch.testing.assert_close(pairwise_ranking_loss(logits, labels), pairs(logits, labels))


def test_soft_labels_are_on_both_sides_of_a_pair():
    logits, _ = tables(shape=(2, 5))
    labels = torch.tensor([[1, 0.3, 0, -1, 0.8], [0.6, 0.6, -1, -1, 0]], dtype=torch.float64)
    assert_same(pairwise_ranking_loss, lambda x, y: pairs(x, y).sum(), logits, labels, joint=True)
    torch.testing.assert_close(pairwise_ranking_loss(logits, labels), pairs(logits, labels))


def test_argument_of_the_hinge_is_never_negative():
    """This includes the largest and smallest probabilities of single precision."""
    p = torch.sigmoid(torch.tensor([-torch.inf, -80.0, -3.0, 0.0, 3.0, 80.0, torch.inf]))
    slack = 1 - p[:, None] + p
    assert slack.min() == 0
    assert (slack == 0).nonzero().tolist() == [[i, j] for i in (5, 6) for j in (0,)]


def test_every_logit_has_its_gradient_in_its_own_element():
    logits, labels = tables(shape=(3, 6))
    exact = logits.clone().requires_grad_()
    (whole,) = torch.autograd.grad(pairs(exact, labels).sum(), exact)
    logits.requires_grad_()
    keep = torch.rand(3, 6, generator=torch.Generator().manual_seed(2)).double().round()
    (gradient,) = torch.autograd.grad((pairwise_ranking_loss(logits, labels) * keep).sum(), logits)
    torch.testing.assert_close(gradient, whole * keep)
    assert whole[labels == -1].abs().sum() > 0


def test_loss_of_an_image_without_positives_is_zero():
    logits = torch.randn(1, 4, requires_grad=True)
    table = pairwise_ranking_loss(logits, torch.tensor([[0, -1, 0, -1]]))
    table.sum().backward()
    assert not table.any()
    assert not logits.grad.any()


def test_extremes():
    assert_finite_at_extremes(pairwise_ranking_loss)


def test_invalid_arguments_raise():
    with pytest.raises(ValueError, match="'labels' argument of pairwise_ranking_loss must be 1"):
        pairwise_ranking_loss(torch.zeros(1, 1), torch.full((1, 1), 2))
