"""Losses with constants per class are computed in double precision if the logits are."""

from __future__ import annotations

import math

import pytest
import torch

from tests.losses.smallest_losses import build

COUNTS = (10, 20, 30)  # of 100, as set by tests.losses.smallest_losses.prepare


def softplus(x: float) -> float:
    return max(x, 0) + math.log1p(math.exp(-abs(x)))


def value(config: dict, labels: list[int]) -> float:
    logits = torch.tensor([[0.3, 0.9, 20.5]], dtype=torch.float64)
    return build(config)(logits, torch.tensor([labels]), reduction_override="sum").item()


def test_margins():
    margins = [0.5 * (count / 10) ** -0.25 for count in COUNTS]
    rows = [30 * 0.3, 30 * (0.9 - margins[1]), 30 * 20.5]
    top = max(rows)
    expected = top + math.log(sum(math.exp(row - top) for row in rows)) - rows[1]
    assert value(dict(type="LDAMLoss"), [0, 1, 0]) == pytest.approx(expected, rel=1e-12)


def test_effective_numbers():
    raw = [(1 - 0.9999) / (1 - 0.9999**count) for count in COUNTS]
    weights = [3 * weight / sum(raw) for weight in raw]
    plain = [softplus(-0.3), softplus(0.9), softplus(20.5)]
    config = dict(type="ClassBalancedLoss", scope="class", loss=dict(type="PartialAsymmetricLoss"))
    expected = sum(weight * loss for weight, loss in zip(weights, plain))
    assert value(config, [1, 0, 0]) == pytest.approx(expected, rel=1e-10)


def test_statistics():
    weight = min(80 / 20, 10)
    config = dict(type="StatisticsBalancedLoss", normalize=False, loss=dict(type="PartialAsymmetricLoss"))
    expected = softplus(0.3) + weight * softplus(-0.9) + softplus(20.5)
    assert value(config, [0, 1, 0]) == pytest.approx(expected, rel=1e-12)


def test_weight_of_pseudo_labels():
    config = dict(
        type="PseudoLabelLoss", weight=0.7, warmup_epochs=0, loss=dict(type="PartialAsymmetricLoss")
    )
    expected = softplus(0.3) + softplus(0.9) + 0.7 * softplus(-20.5)
    assert value(config, [0, 0, -1]) == pytest.approx(expected, rel=1e-12)
