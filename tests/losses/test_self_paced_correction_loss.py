"""The registered SPLC: its epoch, its threshold, its sum."""

from __future__ import annotations

import pytest
import torch
from mmpretrain.registry import MODELS

from mmpretrain_imbalance.functional.losses.self_paced_correction_loss import self_paced_correction_loss
from tests.losses.smallest_losses import build, tables

NAME = "SelfPacedCorrectionLoss"


@pytest.mark.parametrize(
    ("epoch", "first", "corrects"), [(0, 1, False), (1, 1, True), (5, 1, True), (2, 3, False), (0, 0, True)]
)
def test_corrects_from_the_epoch_on(epoch, first, corrects):
    logits, labels = tables()
    loss = build(dict(type=NAME, correction_epoch=first, reduction="sum"), epoch=epoch)
    expected = self_paced_correction_loss(logits, labels, correct=corrects).sum()
    torch.testing.assert_close(loss(logits, labels), expected)
    assert loss.traits.needs == (("progress",) if first > 0 else ())
    uncorrected = self_paced_correction_loss(logits, labels, correct=False).sum()
    torch.testing.assert_close(loss.eval()(logits, labels), uncorrected)


def test_an_annotated_negative_can_be_trusted():
    logits, labels = torch.full((1, 2), 3.0), torch.tensor([[0, -1]])
    table = build(dict(type=NAME, correct_negatives=False))(logits, labels, reduction_override="none")
    assert table[0, 0] > 1 > table[0, 1]


def test_refusal():
    with pytest.raises(ValueError, match=r"of SelfPacedCorrectionLoss must be a number from 0 to 1. Got 2"):
        MODELS.build(dict(type=NAME, threshold=2))
