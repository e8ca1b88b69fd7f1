"""Estimated prior: the mean over images, with epochs weighted according to the window."""

from __future__ import annotations

import pytest
import torch
from mmpretrain.registry import MODELS

from tests.losses.smallest_losses import PLAIN, build, clear_gathered, random_batch

NAME = "ClassPriorTrackingLoss"


@pytest.mark.parametrize("window", ["run", "epoch", "ema"])
def test_equals_the_loop(window):
    loss = build(dict(type=NAME, loss=PLAIN, window=window, momentum=0.75))
    batches = [[random_batch(size, seed=10 * epoch + size) for size in (3, 5)] for epoch in range(3)]
    means, everything = [], []
    for epoch in batches:
        for logits, labels in epoch:
            loss(logits, labels)
        seen = torch.cat([torch.sigmoid(logits.detach()) for logits, _ in epoch]).double()
        everything.append(seen)
        means.append(seen.mean(dim=0))
        loss.update_statistics()
        clear_gathered(loss)
        expected = {
            "run": torch.cat(everything).mean(dim=0),
            "epoch": means[-1],
        }.get(window)
        if window == "ema":
            expected = means[0]
            for mean in means[1:]:
                expected = 0.75 * expected + 0.25 * mean
        torch.testing.assert_close(loss.class_prior.double(), expected, rtol=1e-6, atol=0)


def test_changes_neither_loss_nor_gradient():
    logits, labels = random_batch()
    tracked, plain = build(dict(type=NAME, loss=PLAIN))(logits, labels), build(PLAIN)(logits, labels)
    torch.testing.assert_close(tracked, plain)
    torch.testing.assert_close(*(torch.autograd.grad(loss, logits)[0] for loss in (tracked, plain)))


def test_validation_and_an_empty_epoch_change_nothing():
    loss = build(dict(type=NAME, loss=PLAIN)).eval()
    loss(*random_batch())
    loss.update_statistics()
    assert loss.class_prior.tolist() == [0, 0, 0]


def test_invalid_window():
    with pytest.raises(
        ValueError, match=r"'window' argument of ClassPriorTrackingLoss must be one of 'run', .*Got 'day'"
    ):
        MODELS.build(dict(type=NAME, loss=PLAIN, window="day"))
