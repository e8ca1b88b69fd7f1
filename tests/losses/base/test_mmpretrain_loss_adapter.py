"""Losses of MMPretrain in the adapter, also with a single class."""

from __future__ import annotations

import math

import pytest
import torch
from mmpretrain.registry import MODELS

from mmpretrain_imbalance.losses import MMPretrainLossAdapter
from tests.losses.smallest_losses import build

LABELS = [1, 0, 1, 0, 1, 0, -1]
SCORES = [-3.0, -2.5, 0.2, 0.1, 2.0, 3.5, 0.7]


def asymmetric(x: float, y: int, gamma_pos: float = 0.0, gamma_neg: float = 4.0, clip: float = 0.05) -> float:
    """ASL of one element, with the gradient through the focusing weight."""
    p = 1 / (1 + math.exp(-x))
    likelihood = p if y == 1 else min(1 - p + clip, 1)
    return -((1 - likelihood) ** (gamma_pos if y == 1 else gamma_neg)) * math.log(max(likelihood, 1e-8))


def focal(x: float, y: int, gamma: float = 2.0, alpha: float = 0.25) -> float:
    p = 1 / (1 + math.exp(-x))
    likelihood = p if y == 1 else 1 - p
    return -(alpha if y == 1 else 1 - alpha) * (1 - likelihood) ** gamma * math.log(likelihood)


def cross_entropy(x: float, y: int) -> float:
    return math.log1p(math.exp(-x if y == 1 else x))


MMPRETRAIN_LOSSES = {
    "asl": (dict(type="AsymmetricLoss"), asymmetric),
    "asl-of-its-own": (
        dict(type="AsymmetricLoss", gamma_pos=1.0, gamma_neg=2.0, clip=0.2),
        lambda x, y: asymmetric(x, y, 1.0, 2.0, 0.2),
    ),
    "focal": (dict(type="FocalLoss"), focal),
    "focal-of-its-own": (dict(type="FocalLoss", gamma=1.5, alpha=0.6), lambda x, y: focal(x, y, 1.5, 0.6)),
    "bce": (dict(type="CrossEntropyLoss", use_sigmoid=True), cross_entropy),
}
ALL = pytest.mark.parametrize("name", MMPRETRAIN_LOSSES)


def column() -> tuple[torch.Tensor, torch.Tensor]:
    """Return logits in double precision and labels of one class."""
    logits = torch.tensor(SCORES, dtype=torch.float64)[:, None]
    return logits.requires_grad_(), torch.tensor(LABELS)[:, None]


def table_and_gradient(loss, logits, labels):
    losses = loss(logits, labels, reduction_override="none")
    return losses, torch.autograd.grad(losses.sum(), logits)[0]


@ALL
def test_one_class_equals_the_loop(name):
    config, formula = MMPRETRAIN_LOSSES[name]
    losses, gradient = table_and_gradient(MMPretrainLossAdapter(MODELS.build(config)), *column())
    assert losses.shape == gradient.shape == (len(LABELS), 1)
    for n, (x, y) in enumerate(zip(SCORES, LABELS)):
        slope = (formula(x + 1e-6, y) - formula(x - 1e-6, y)) / 2e-6
        expected, expected_slope = (0.0, 0.0) if y == -1 else (formula(x, y), slope)
        assert losses[n, 0].item() == pytest.approx(expected, rel=1e-6)
        assert gradient[n, 0].item() == pytest.approx(expected_slope, rel=1e-5, abs=1e-9)


@ALL
@pytest.mark.parametrize("other", [0, 1, -1])
def test_one_class_equals_the_first_of_two(name, other):
    loss = MMPretrainLossAdapter(MODELS.build(MMPRETRAIN_LOSSES[name][0]))
    logits, labels = column()
    losses, gradient = table_and_gradient(loss, logits, labels)
    pair = torch.cat([logits.detach(), -logits.detach()], dim=1).requires_grad_()
    both = torch.cat([labels, torch.full_like(labels, other)], dim=1)
    pair_table, pair_gradient = table_and_gradient(loss, pair, both)
    torch.testing.assert_close(losses, pair_table[:, :1], rtol=0, atol=0)
    torch.testing.assert_close(gradient, pair_gradient[:, :1], rtol=0, atol=0)


@ALL
@pytest.mark.parametrize("reduction", ["sum", "mean_images", "mean", "mean_known", "mean_kept"])
def test_one_class_in_a_wrapper_is_reduced_once(name, reduction):
    config, formula = MMPRETRAIN_LOSSES[name]
    loss = build(dict(type="ClassPriorTrackingLoss", loss=config, reduction=reduction), num_classes=1)
    total = sum(formula(x, y) for x, y in zip(SCORES, LABELS) if y != -1)
    count = dict(sum=1, mean_images=7, mean=7, mean_known=6, mean_kept=6)[reduction]
    assert loss(*column()).item() == pytest.approx(total / count, rel=1e-6)


@ALL
def test_a_soft_label_of_one_class_is_the_mixture(name):
    config, formula = MMPRETRAIN_LOSSES[name]
    logits, _ = column()
    losses = MMPretrainLossAdapter(MODELS.build(config))(
        logits, torch.full_like(logits, 0.3), reduction_override="none"
    )
    for n, x in enumerate(SCORES):
        expected = 0.3 * formula(x, 1) + 0.7 * formula(x, 0)
        assert losses[n, 0].item() == pytest.approx(expected, rel=1e-6)


@ALL
def test_the_loss_of_one_class_without_images_is_0(name):
    loss = MMPretrainLossAdapter(MODELS.build(MMPRETRAIN_LOSSES[name][0]))
    assert loss(torch.zeros(0, 1), torch.zeros(0, 1)).item() == 0
