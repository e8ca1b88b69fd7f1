"""Registered entropy maximization loss (EM)."""

from __future__ import annotations

import pytest
import torch
from mmpretrain.registry import MODELS

from mmpretrain_imbalance.functional.losses.entropy_maximization_loss import entropy_maximization_loss
from tests.losses.smallest_losses import build, random_batch


def test_equals_the_function():
    logits, labels = random_batch()
    loss = build(dict(type="EntropyMaximizationLoss", alpha=0.2, eps=1e-4, reduction="mean"))
    torch.testing.assert_close(
        loss(logits, labels), entropy_maximization_loss(logits, labels, 0.2, 1e-4).mean()
    )


def test_invalid_argument():
    with pytest.raises(
        ValueError, match=r"'alpha' argument of EntropyMaximizationLoss must be at least 0. Got -1 instead"
    ):
        MODELS.build(dict(type="EntropyMaximizationLoss", alpha=-1))
