"""Registered multi-grained focal loss: class weights from the label counts, and unknown labels."""

from __future__ import annotations

import math

import pytest
import torch
from mmpretrain.registry import MODELS

from mmpretrain_imbalance.functional.losses.multi_grained_focal_loss import multi_grained_focal_loss
from tests.losses.smallest_losses import build, elements_of, random_batch

CONFIG = dict(type="MultiGrainedFocalLoss")
WEIGHT = torch.tensor([(1 - math.log(n / 30)) ** (1 / 6) for n in (10, 20, 30)])  # label counts of build()


def test_weights_are_those_of_the_training_set():
    logits, labels = random_batch()
    for arguments in (dict(), dict(gamma_pos=1.0, gamma_neg=2.0, clip=0.1, detach_focus=False, eps=1e-6)):
        loss = build(dict(CONFIG, reduction="sum", **arguments))
        expected = multi_grained_focal_loss(logits, labels, WEIGHT, **arguments)
        torch.testing.assert_close(loss(logits, labels), expected.sum())
    torch.testing.assert_close(loss.class_state()["class_weight"], WEIGHT)


def test_without_a_training_set_class_weights_are_equal():
    logits, labels = random_batch()
    expected = multi_grained_focal_loss(logits, labels, torch.ones(3)).sum() / 6
    torch.testing.assert_close(MODELS.build(CONFIG).eval()(logits, labels), expected)


def test_unknown_labels_are_negatives_or_left_out():
    logits, labels = random_batch()
    as_negative = elements_of(build(CONFIG), logits, labels)
    torch.testing.assert_close(
        as_negative.weighed(), elements_of(build(CONFIG), logits, labels.clamp(min=0)).weighed()
    )
    assert as_negative.weight.all()
    ignored = elements_of(build(dict(CONFIG, unknown="ignore")), logits, labels)
    torch.testing.assert_close(ignored.weighed(), as_negative.weighed().masked_fill(labels == -1, 0))
    assert torch.equal(ignored.weight, labels != -1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(gamma_neg=-1), "'gamma_neg' argument of MultiGrained"),
        (dict(clip=2), "'clip'"),
        (dict(eps=-1), "'eps'"),
    ],
)
def test_invalid_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        MODELS.build(dict(CONFIG, **arguments))
