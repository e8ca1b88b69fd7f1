"""GPR: pseudo-labels of each image, the schedule, and the regularizer on its published scale."""

from __future__ import annotations

import pytest
import torch
from mmpretrain.registry import MODELS

from mmpretrain_imbalance.functional import LossContext, generalized_robust_loss
from mmpretrain_imbalance.functional.losses.generalized_pseudo_label_robust_loss import (
    generalized_pseudo_label_robust_loss,
)
from tests.losses.smallest_losses import PSEUDO_LABELS, build, elements_of, random_batch

NAME = "GeneralizedPseudoLabelRobustLoss"
CONFIG = dict(type=NAME, pseudo_labels=PSEUDO_LABELS, num_images=64, expected_positives=1.5)
IDS = torch.tensor([40, 3, 63, 0, 3, 17])


def regularizer(logits, k=1.5):
    """Compute the regularizer of 6 images and 3 classes."""
    predicted = sum(torch.sigmoid(logits[n, c]) for n in range(6) for c in range(3)) / 6
    return (predicted - k) ** 2 / 9


@pytest.mark.parametrize("epoch", [0, 5, 9])
def test_published_is_the_mean_plus_the_regularizer(epoch):
    logits, labels = random_batch()
    context = LossContext(sample_ids=IDS)
    early, late = epoch / 10, (epoch + 1) / 10
    losses = generalized_pseudo_label_robust_loss(
        logits,
        labels,
        torch.tensor(PSEUDO_LABELS)[IDS],
        10 * early,
        -2 - 6 * early,
        0.5 + 0.3 * late,
        2 - 1.5 * late,
        positive_weights=(0.4, 0.6),
        smoothing=0.2,
    )
    expected = losses.mean() + 0.05 * regularizer(logits)
    arguments = dict(positive_weights=(0.4, 0.6), smoothing=0.2, regularization=0.05, reduction="mean")
    loss = build(dict(CONFIG, **arguments), epoch=epoch)(logits, labels, context=context)
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(*(torch.autograd.grad(value, logits)[0] for value in (loss, expected)))


def test_without_pseudo_labels_it_is_the_robust_loss():
    logits, labels = random_batch()
    expected = generalized_robust_loss(logits, labels, 10, -8, 0.8, 0.5).mean()
    loss = build(dict(CONFIG, reduction="mean", regularization=0))
    torch.testing.assert_close(loss.eval()(logits, labels), expected)
    none = build(dict(CONFIG, pseudo_labels=[[-1] * 3] * 64, regularization=0))
    robust = build(dict(type="GeneralizedRobustLoss", slope=(0, 10), offset=(-2, -8)))
    torch.testing.assert_close(none(logits, labels), robust(logits, labels))


def test_learned_labels_are_the_pseudo_labels():
    logits, labels = random_batch()
    elements = elements_of(build(CONFIG), logits, labels, LossContext(sample_ids=IDS))
    assert elements.weight.all()
    expected = torch.where(labels == -1, torch.tensor(PSEUDO_LABELS)[IDS], labels)
    assert torch.equal(elements.labels, expected.to(torch.int8))


def test_elementwise_but_for_the_regularizer():
    assert not MODELS.build(CONFIG).traits.elementwise
    assert MODELS.build(dict(CONFIG, regularization=0)).traits.elementwise


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            dict(positive_weights=(0.7, 0.5)),
            f"'positive_weights' argument of {NAME} .* Got .0.7, 0.5. instead",
        ),
        (dict(positive_weights=(0.7,)), "'positive_weights'"),
        (dict(expected_positives=0), "'expected_positives'"),
        (dict(regularization=-1), "'regularization'"),
        (dict(smoothing=2), "'smoothing'"),
        (dict(slope=(1, 2, 3)), "'slope'"),
    ],
)
def test_invalid_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        MODELS.build(dict(CONFIG, **arguments))
