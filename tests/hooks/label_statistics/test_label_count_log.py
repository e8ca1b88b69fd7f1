"""Summary of the label counts in the log, and the warning about missing negatives."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mmpretrain.registry import MODELS

from mmpretrain_imbalance.datasets import LabelCounts
from mmpretrain_imbalance.hooks.label_statistics.label_count_log import (
    label_count_summary,
    missing_negatives_warning,
)
from mmpretrain_imbalance.losses import ElementwiseLoss

IGNORE = dict(type="PartialAsymmetricLoss", unknown="ignore")
SINGLE_POSITIVES = LabelCounts(np.array([5, 2, 1]), np.zeros(3, int), np.array([3, 6, 7]))


def warning(loss: dict, counts: LabelCounts = SINGLE_POSITIVES) -> str | None:
    module = MODELS.build(loss)
    losses = [m for m in module.modules() if isinstance(m, ElementwiseLoss)]
    for m in losses:
        m.set_label_counts(torch.from_numpy(counts.positives), torch.from_numpy(counts.negatives))
    found = missing_negatives_warning(counts, losses)
    assert all(m.training for m in losses)
    return found


@pytest.mark.parametrize(
    ("loss", "named"),
    [
        (IGNORE, "PartialAsymmetricLoss"),
        (dict(type="ClassPriorTrackingLoss", loss=IGNORE), "PartialAsymmetricLoss"),
        (dict(type="ClassBalancedLoss", loss=dict(type="AsymmetricLoss")), "MMPretrainLossAdapter"),
        (dict(type="AssumeNegativeLoss", unknown="ignore"), "AssumeNegativeLoss"),
        (
            dict(type="StatisticsBalancedLoss", loss=dict(type="AssumeNegativeLoss")),
            "StatisticsBalancedLoss",
        ),
        (
            dict(
                type="StatisticsBalancedLoss",
                loss=dict(type="SelectiveNegativeLoss", loss=IGNORE),
            ),
            "StatisticsBalancedLoss",
        ),
        (dict(type="StatisticsBalancedLoss", loss=IGNORE), "PartialAsymmetricLoss"),
        # A model that never predicts a confident negative gives no pseudo-negatives.
        (dict(type="PseudoLabelLoss", loss=IGNORE), "PartialAsymmetricLoss"),
        (dict(type="PriorMatchedPseudoLabelLoss", loss=IGNORE), "PartialAsymmetricLoss"),
        (
            dict(type="ClassPriorTrackingLoss", loss=dict(type="PseudoLabelLoss", loss=IGNORE)),
            "PartialAsymmetricLoss",
        ),
        (dict(type="LabelSpaceReductionLoss", loss=IGNORE), "PartialAsymmetricLoss"),
        (dict(type="ZLPRLoss"), "ZLPRLoss"),
    ],
)
def test_losses_that_need_known_negatives_are_named(loss, named):
    assert f"no known negatives, and {named} does not use unknown labels as negatives" in warning(loss)


@pytest.mark.parametrize(
    "loss",
    [
        dict(type="AssumeNegativeLoss"),
        dict(type="PartialAsymmetricLoss", unknown="negative"),
        dict(type="ClassAwareSelectiveLoss", likelihood_topk=1),
        dict(type="EntropyMaximizationLoss"),
        dict(type="ExpectedPositivesLoss", expected_positives=1.5),
        dict(type="OnlineLabelEstimationLoss", num_images=8, num_classes=3, expected_positives=1.5),
        dict(type="AsymmetricPseudoLabelLoss", num_images=8),
        dict(type="PermanentLargeLoss"),
        dict(type="SelectiveNegativeLoss", loss=IGNORE),
        dict(type="SelectiveNegativeLoss", loss=dict(type="AsymmetricLoss")),
        dict(type="ClassPriorTrackingLoss", loss=dict(type="SelectiveNegativeLoss", loss=IGNORE)),
        dict(type="PseudoLabelLoss", loss=dict(type="SelectiveNegativeLoss", loss=IGNORE)),
        dict(type="PseudoLabelLoss", loss=dict(type="AssumeNegativeLoss")),
    ],
)
def test_losses_for_unknown_labels_give_no_warning(loss):
    assert warning(loss) is None


def test_one_known_negative_is_enough():
    assert warning(IGNORE, LabelCounts(np.array([5, 2]), np.array([0, 1]), np.array([3, 5]))) is None


def test_the_first_rarest_class_is_named():
    counts = LabelCounts(np.array([2, 0, 0]), np.array([1, 3, 0]), np.array([1, 1, 4]))
    assert label_count_summary(counts, ["cat", "dog", "emu"]) == (
        "Training labels: 4 images, 3 classes; 2 known positives, 4 known negatives, 6 unknown (50.0%). "
        "Rarest class: 'dog' with 0 known positives. "
        "2 of 3 classes have no known positives."
    )
