"""Class weights from label statistics are applied to positives and negatives."""

from __future__ import annotations

import pytest
import torch
from mmpretrain.registry import MODELS

from mmpretrain_imbalance.utils.class_values import write_named_values
from tests.losses.smallest_losses import PLAIN, build, random_batch

NAME = "StatisticsBalancedLoss"


def test_equals_the_loop():
    logits, labels = random_batch()
    labels[0, 0] = 0.25
    losses = build(dict(type=NAME, loss=PLAIN, normalize=False))(logits, labels, reduction_override="none")
    plain = build(PLAIN)(logits, labels, reduction_override="none")
    for n in range(6):
        for c in range(3):
            positive = min((90 - 10 * c) / (10 * (c + 1)), 10)  # counts 10, 20, 30 of 100
            y = labels[n, c].item()
            weight = 1.0 if y == -1 else y * positive + (1 - y)
            assert losses[n, c].item() == pytest.approx(weight * plain[n, c].item(), rel=1e-5)


def test_a_prior_replaces_the_counts(tmp_path):
    prior = [0.1, 0.5, 0.25]
    loss = build(dict(type=NAME, loss=PLAIN, normalize=False, class_prior=prior))
    torch.testing.assert_close(loss.class_weights()[0], torch.tensor([9.0, 1.0, 3.0]))
    write_named_values(tmp_path / "p.json", ["class 2", "class 1", "class 0"], dict(class_prior=prior[::-1]))
    by_name = build(dict(type=NAME, loss=PLAIN, normalize=False, class_prior=str(tmp_path / "p.json")))
    torch.testing.assert_close(by_name.class_weights()[0], loss.class_weights()[0])


def test_with_a_prior_the_mean_over_known_labels_is_one():
    prior = [0.05, 0.5, 0.2]
    loss = build(dict(type=NAME, loss=PLAIN, class_prior=prior))
    positives = torch.tensor([10, 20, 30])  # of 100
    negatives = 100 - positives
    weights = [min((1 - p) / p, 10) for p in prior]
    total = sum(w * n for w, n in zip(weights, positives.tolist())) + negatives.sum().item()
    scale = (positives.sum() + negatives.sum()).item() / total
    torch.testing.assert_close(loss.class_weights()[0], scale * torch.tensor(weights))
    torch.testing.assert_close(loss.class_weights()[1], torch.full((3,), scale))


def test_invalid_arguments():
    with pytest.raises(
        ValueError, match=r"'scheme' argument of StatisticsBalancedLoss must be one of .* Got 'x'"
    ):
        MODELS.build(dict(type=NAME, loss=PLAIN, scheme="x"))
    with pytest.raises(
        ValueError, match=r"'beta' argument of StatisticsBalancedLoss must be in \[0, 1\). Got 1"
    ):
        MODELS.build(dict(type=NAME, loss=PLAIN, beta=1))
    with pytest.raises(ValueError, match=r"one number for each of the 3 classes. Got the shape \(2,\)"):
        build(dict(type=NAME, loss=PLAIN, class_prior=[0.1, 0.2]))


def test_the_wrapped_loss_treats_unknown_elements():
    inner = dict(PLAIN, unknown="negative")
    logits, labels = torch.zeros(1, 3), torch.full((1, 3), -1)
    balanced = build(dict(type=NAME, loss=inner))(logits, labels)
    torch.testing.assert_close(balanced, build(inner)(logits, labels))
