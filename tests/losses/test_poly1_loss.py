"""Registered Poly-1: unknown labels are left out, and the loss is not negative."""

from __future__ import annotations

import pytest
import torch
from mmpretrain.registry import MODELS

from mmpretrain_imbalance.functional.losses.poly1_loss import poly1_loss
from tests.losses.smallest_losses import build, elements_of, random_batch


def test_equals_the_function_over_known_labels():
    logits, labels = random_batch()
    for epsilon in (2.0, -1.0):
        loss = build(dict(type="Poly1Loss", epsilon=epsilon))
        torch.testing.assert_close(loss(logits, labels), poly1_loss(logits, labels, epsilon).sum() / 6)
        assert torch.equal(elements_of(loss, logits, labels).weight, labels != -1)
        assert (elements_of(loss, logits, labels).loss >= 0).all()


def test_invalid_argument():
    with pytest.raises(ValueError, match=r"'epsilon' argument of Poly1Loss must be at least -1. Got -1.5"):
        MODELS.build(dict(type="Poly1Loss", epsilon=-1.5))
