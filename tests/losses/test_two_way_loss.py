"""Registered two-way loss: the reduction 'mean_images' gives the published value."""

from __future__ import annotations

import pytest
import torch
from mmpretrain.registry import MODELS

from tests.losses.smallest_losses import build, elements_of, random_batch


def test_equals_the_mean_over_images_plus_the_mean_over_classes():
    logits, labels = random_batch()
    none = torch.tensor(-torch.inf)
    expected = 0
    for dim in (0, 1):
        low = 4 * torch.where(labels == 1, -logits / 4, none).logsumexp(dim=dim)
        high = torch.where(labels == 0, logits, none).logsumexp(dim=dim)
        counted = (labels == 1).any(dim=dim)
        expected = expected + torch.nn.functional.softplus((low + high)[counted]).mean()
    two_way = build(dict(type="TwoWayLoss"))
    loss = two_way(logits, labels)
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(*(torch.autograd.grad(value, logits)[0] for value in (loss, expected)))
    assert torch.equal(elements_of(two_way, logits, labels).weight, labels != -1)


def test_invalid_argument():
    with pytest.raises(
        ValueError, match=r"'positive_temperature' argument of TwoWayLoss must be above 0. Got 0 instead"
    ):
        MODELS.build(dict(type="TwoWayLoss", positive_temperature=0))
