"""Registered assume-negative losses."""

from __future__ import annotations

import pytest
import torch
from mmpretrain.registry import MODELS

from mmpretrain_imbalance.functional.losses.assume_negative_loss import (
    ASSUME_NEGATIVE_VARIANTS,
    assume_negative_loss,
)
from tests.losses.smallest_losses import build, random_batch


@pytest.mark.parametrize("variant", ASSUME_NEGATIVE_VARIANTS)
def test_equals_the_function(variant):
    logits, labels = random_batch()
    loss = build(dict(type="AssumeNegativeLoss", variant=variant, smoothing=0.2, eps=1e-3, reduction="mean"))
    torch.testing.assert_close(
        loss(logits, labels), assume_negative_loss(logits, labels, variant, 0.2, 1e-3).mean()
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(dict(variant="x"), "'variant' .* Got 'x'"), (dict(smoothing=2), "'smoothing'")],
)
def test_invalid_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        MODELS.build(dict(type="AssumeNegativeLoss", **arguments))
