"""Registered SPLC: first epoch, threshold, and sum over elements."""

from __future__ import annotations

import pytest
import torch
from mmpretrain.registry import MODELS

from mmpretrain_imbalance.functional.losses.self_paced_correction_loss import self_paced_correction_loss
from tests.losses.smallest_losses import build, random_batch

NAME = "SelfPacedCorrectionLoss"


@pytest.mark.parametrize(
    ("epoch", "first", "corrects"), [(0, 1, False), (1, 1, True), (5, 1, True), (2, 3, False), (0, 0, True)]
)
def test_corrects_from_the_epoch_on(epoch, first, corrects):
    logits, labels = random_batch()
    loss = build(dict(type=NAME, correction_epoch=first, reduction="sum"), epoch=epoch)
    expected = self_paced_correction_loss(logits, labels, correct=corrects).sum()
    torch.testing.assert_close(loss(logits, labels), expected)
    assert loss.traits.needs == (("progress",) if first > 0 else ())
    uncorrected = self_paced_correction_loss(logits, labels, correct=False).sum()
    torch.testing.assert_close(loss.eval()(logits, labels), uncorrected)


def test_annotated_negatives_can_be_exempt_from_correction():
    logits, labels = torch.full((1, 2), 3.0), torch.tensor([[0, -1]])
    losses = build(dict(type=NAME, correct_negatives=False))(logits, labels, reduction_override="none")
    assert losses[0, 0] > 1 > losses[0, 1]


def test_invalid_argument():
    with pytest.raises(ValueError, match=r"of SelfPacedCorrectionLoss must be a number from 0 to 1. Got 2"):
        MODELS.build(dict(type=NAME, threshold=2))
