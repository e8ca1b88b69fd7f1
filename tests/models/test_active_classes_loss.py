"""Losses that can be computed for a subset of the classes, and losses that cannot."""

from __future__ import annotations

import copy

import pytest
import torch
from mmpretrain.registry import MODELS
from torch import nn

import mmpretrain_imbalance  # noqa: F401
from mmpretrain_imbalance.functional import LossContext
from mmpretrain_imbalance.losses import LossState
from mmpretrain_imbalance.models.active_classes_loss import check_loss_of_active_classes
from tests.losses.smallest_losses import SMALLEST

PLAIN = dict(type="PartialAsymmetricLoss")
OTHER_CLASSES = "compares or counts elements of other classes"
ALLOWED = [
    dict(type="PartialAsymmetricLoss", gamma_neg=4, clip=0.05, unknown="negative"),
    dict(type="PartialAsymmetricLoss", reduction="sum"),
    dict(type="PseudoLabelLoss", loss=PLAIN, warmup_epochs=0),
    dict(type="PseudoLabelLoss", loss=dict(type="HillLoss"), warmup_epochs=0, ramp_epochs=4),
    dict(type="PseudoLabelLoss", loss=dict(type="AsymmetricLoss")),
    dict(type="HillLoss"),
    dict(type="HillLoss", unknown="ignore"),
    dict(type="GeneralizedRobustLoss"),
    dict(type="AssumeNegativeLoss", variant="smoothed"),
    dict(type="SelfPacedCorrectionLoss"),
]
REJECTED = [
    (dict(type="ClassAwareSelectiveLoss"), OTHER_CLASSES),
    (dict(type="SelectiveNegativeLoss", loss=PLAIN), OTHER_CLASSES),
    (dict(type="PartialLabelMaskingLoss", loss=PLAIN), "keeps values of every class"),
    (
        dict(type="PseudoLabelLoss", loss=dict(type="ClassPriorTrackingLoss", loss=PLAIN)),
        "keeps values of every class",
    ),
    (
        dict(type="PseudoLabelLoss", loss=PLAIN, predictions="averaged_model"),
        "uses the predictions of the averaged model for all classes",
    ),
    (dict(type="LargeLoss", delta=0.5), OTHER_CLASSES),
    (dict(type="ExpectedPositivesLoss", expected_positives=2), OTHER_CLASSES),
    (dict(type="AssumeNegativeLoss", variant="weak"), OTHER_CLASSES),
    (dict(type="PartialAsymmetricLoss", unknown="ignore_normalized"), OTHER_CLASSES),
    (dict(type="PseudoLabelLoss", loss=dict(type="ZLPRLoss")), OTHER_CLASSES),
    (dict(type="LabelSpaceReductionLoss", loss=PLAIN), OTHER_CLASSES),
    (
        dict(type="PartialAsymmetricLoss", reduction="mean_known"),
        r"divides by a number that is counted over classes \(reduction='mean_known'\)",
    ),
    (
        dict(type="PseudoLabelLoss", loss=PLAIN, reduction="kept_per_class"),
        r"divides by a number that is counted over classes \(reduction='kept_per_class'\)",
    ),
    (
        dict(type="CrossEntropyLoss", use_sigmoid=True),
        "is not an elementwise loss of mmpretrain_imbalance",
    ),
    (
        dict(type="OnlineLabelEstimationLoss", num_images=9, num_classes=40, expected_positives=2),
        "has parameters of every class",
    ),
]


@pytest.mark.parametrize("loss", ALLOWED, ids=str)
def test_allowed_losses(loss):
    check_loss_of_active_classes(MODELS.build(loss))


@pytest.mark.parametrize(("loss", "reason"), REJECTED, ids=str)
def test_losses_that_need_all_classes_raise(loss, reason):
    with pytest.raises(ValueError, match=rf"'loss' argument of ActiveClassesLinearClsHead .* {reason}\."):
        check_loss_of_active_classes(MODELS.build(loss))


def is_rejected(loss: nn.Module) -> bool:
    try:
        check_loss_of_active_classes(loss)
    except ValueError:
        return True
    return False


@torch.no_grad()
def depends_on_other_classes(loss: nn.Module) -> bool:
    """Return whether the elements of every second class change if the other classes are left out.

    The other classes have larger logits.
    """
    generator = torch.Generator().manual_seed(0)
    logits = 2 * torch.randn(32, 12, generator=generator)
    logits[:, 1::2] += 3
    labels = torch.randint(-1, 1, logits.shape, generator=generator)
    labels[::5, :3] = 1
    results = []
    for columns in (slice(None), slice(None, None, 2)):
        trial = copy.deepcopy(loss).train()
        for module in trial.modules():
            if isinstance(module, LossState):
                module.set_progress(8, 10, 0)
        x, y = logits[:, columns].contiguous(), labels[:, columns].contiguous()
        context = LossContext(sample_ids=torch.arange(32), activation_maps=x[..., None, None])
        results.append(trial(x, y, reduction_override="none", context=context))
    whole, part = results[0][:, ::2], results[1]
    return bool((whole - part).abs().max() > 1e-5)


@pytest.mark.parametrize(
    "config", [*ALLOWED, *SMALLEST.values()], ids=lambda config: f"{config['type']}-{len(config)}"
)
def test_the_check_agrees_with_a_trial(config):
    loss = MODELS.build(config)
    keeps_values = any(getattr(module, "_class_buffers", None) for module in loss.modules())
    if not is_rejected(loss):
        assert not keeps_values
        assert not depends_on_other_classes(loss)
    elif not {"label_counts", "averaged_predictions"} & set(loss.traits.needs):
        has_parameters = next(loss.parameters(), None) is not None
        assert keeps_values or has_parameters or depends_on_other_classes(loss), "it could be allowed"
