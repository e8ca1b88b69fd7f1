"""Base class of losses that treat unknown labels as negatives or leave them out."""

from __future__ import annotations

import torch

from mmpretrain_imbalance.losses.base.elementwise_loss import Elements
from mmpretrain_imbalance.losses.base.unknown_as_negative_loss import UnknownAsNegativeLoss


class HalfWeightOfTheFirstClass(UnknownAsNegativeLoss):
    def formula(self, logits, labels):
        return Elements(torch.ones_like(logits), torch.tensor([0.5, 1.0]).expand_as(logits))


def test_weights_of_the_formula_are_kept_if_unknown_elements_are_left_out():
    logits, labels = torch.zeros(2, 2), torch.tensor([[1, -1], [-1, 0]])
    as_negative, ignored = (HalfWeightOfTheFirstClass(unknown) for unknown in ("negative", "ignore"))
    assert as_negative(logits, labels, reduction_override="none").tolist() == [[0.5, 1.0], [0.5, 1.0]]
    assert ignored(logits, labels, reduction_override="none").tolist() == [[0.5, 0.0], [0.0, 1.0]]
