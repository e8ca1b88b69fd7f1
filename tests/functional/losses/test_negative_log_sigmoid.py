"""Logarithms of probabilities."""

from __future__ import annotations

import math

import pytest
import torch

from mmpretrain_imbalance.functional.losses.negative_log_sigmoid import focused_loss, negative_log_sigmoid


@pytest.mark.parametrize("eps", [0.0, 1e-5])
def test_negative_log_sigmoid(eps):
    for x in (-5.0, 0.0, 2.5):
        expected = -math.log(1 / (1 + math.exp(-x)) + eps)
        assert negative_log_sigmoid(torch.tensor(x, dtype=torch.float64), eps).item() == pytest.approx(
            expected, rel=1e-12
        )


def test_constant_is_an_upper_bound():
    assert negative_log_sigmoid(torch.tensor(-200.0), 1e-5).item() == pytest.approx(-math.log(1e-5))
    assert negative_log_sigmoid(torch.tensor(-200.0)).item() == 200


@pytest.mark.parametrize("gamma", [0, 0.5, 2])
def test_focused_loss(gamma):
    for u in (-6.0, 0.0, 3.0):
        p = 1 / (1 + math.exp(-u))
        expected = p**gamma * -math.log(1 - p)
        assert focused_loss(torch.tensor(u, dtype=torch.float64), gamma).item() == pytest.approx(
            expected, rel=1e-12
        )
