"""Registered ZLPR: the mean over images, without unknown elements."""

from __future__ import annotations

import torch

from tests.losses.smallest_losses import build, elements_of, random_batch


def test_equals_the_mean_over_images():
    logits, labels = random_batch()
    none = torch.tensor(-torch.inf)
    expected = 0
    for kind, sign in ((0, 1), (1, -1)):
        members = torch.where(labels == kind, sign * logits, none)
        expected = expected + torch.cat([members, torch.zeros(6, 1)], dim=1).logsumexp(dim=1).mean()
    zlpr = build(dict(type="ZLPRLoss"))
    loss = zlpr(logits, labels)
    torch.testing.assert_close(loss, expected)
    assert torch.equal(elements_of(zlpr, logits, labels).weight, labels != -1)
    torch.testing.assert_close(*(torch.autograd.grad(value, logits)[0] for value in (loss, expected)))
