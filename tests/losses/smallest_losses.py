"""Minimal arguments of every registered loss of the package, and random logits and labels."""

from __future__ import annotations

import torch
from mmpretrain.registry import MODELS
from torch import Tensor

from mmpretrain_imbalance.functional import LossContext
from mmpretrain_imbalance.losses import Elements, ElementwiseLoss, LossState

PLAIN = dict(type="PartialAsymmetricLoss")
#: Pseudo-labels of 64 images and 3 classes: 1 positive, 0 negative, -1 no pseudo-label.
PSEUDO_LABELS = torch.randint(-1, 2, (64, 3), generator=torch.Generator().manual_seed(1)).tolist()
#: Soft labels of the same images and classes; NaN where there is none.
SOFT_LABELS = [[0.25 * (label + 1) if label >= 0 else float("nan") for label in row] for row in PSEUDO_LABELS]

#: Minimal arguments of the registered losses; losses without required arguments are added below.
SMALLEST = {
    "ClassPriorTrackingLoss": dict(type="ClassPriorTrackingLoss", loss=PLAIN),
    "LabelSpaceReductionLoss": dict(type="LabelSpaceReductionLoss", loss=PLAIN),
    "PartialLabelMaskingLoss": dict(type="PartialLabelMaskingLoss", loss=PLAIN),
    "PseudoLabelLoss": dict(type="PseudoLabelLoss", loss=PLAIN),
    "StatisticsBalancedLoss": dict(type="StatisticsBalancedLoss", loss=PLAIN),
    "AsymmetricPseudoLabelLoss": dict(type="AsymmetricPseudoLabelLoss", num_images=64),
    "ClassBalancedLoss": dict(type="ClassBalancedLoss", loss=PLAIN),
    "ExpectedPositivesLoss": dict(type="ExpectedPositivesLoss", expected_positives=1.5),
    "EntropyMaximizationPseudoLabelLoss": dict(
        type="EntropyMaximizationPseudoLabelLoss", num_images=64, pseudo_labels=PSEUDO_LABELS
    ),
    "GeneralizedPseudoLabelRobustLoss": dict(
        type="GeneralizedPseudoLabelRobustLoss",
        num_images=64,
        pseudo_labels=PSEUDO_LABELS,
        expected_positives=1.5,
    ),
    "OnlineLabelEstimationLoss": dict(
        type="OnlineLabelEstimationLoss", num_images=64, num_classes=3, expected_positives=1
    ),
    "PriorMatchedPseudoLabelLoss": dict(type="PriorMatchedPseudoLabelLoss", loss=PLAIN),
    "SelectiveNegativeLoss": dict(type="SelectiveNegativeLoss", loss=PLAIN),
    "SoftLabelLoss": dict(type="SoftLabelLoss", loss=PLAIN, num_images=64, soft_labels=SOFT_LABELS),
}
#: Losses that differ from binary cross-entropy for all arguments, with the reason.
NOT_CROSS_ENTROPY = {
    "ExpectedPositivesLoss": "uses positives only",
    "HillLoss": "the loss of negatives is a polynomial",
    "LDAMLoss": "a softmax",
    "MultiGrainedFocalLoss": "the focusing of negatives depends on the class weight",
    "OnlineLabelEstimationLoss": "uses positives and estimates",
    "PairwiseRankingLoss": "a hinge between probabilities",
    "ReflectiveLabelCorrectorLoss": "the focusing of negatives depends on the class weight",
    "TwoWayLoss": "a log-sum-exp",
    "ZLPRLoss": "a log-sum-exp",
}


def registered_losses() -> set[str]:
    """Return the names of the elementwise losses in MMPretrain's registry."""
    return {
        name
        for name, member in MODELS.module_dict.items()
        if isinstance(member, type) and issubclass(member, ElementwiseLoss)
    }


SMALLEST.update({name: dict(type=name) for name in sorted(registered_losses() - set(SMALLEST))})
WRAPPERS = [name for name, config in SMALLEST.items() if "loss" in config]


def build(config: dict, num_classes: int = 3, epoch: int = 8) -> ElementwiseLoss:
    """Build a loss, and set label counts and progress as the hook does."""
    loss = MODELS.build(config)
    prepare(loss, num_classes, epoch)
    return loss.train()


def prepare(loss: torch.nn.Module, num_classes: int = 3, epoch: int = 8, iteration: int = 0) -> None:
    """Set label counts and progress in all losses of a module, and provide sample ids."""
    positives = torch.arange(1, num_classes + 1) * 10
    for module in loss.modules():
        if isinstance(module, LossState):
            module.set_unknown_counts(torch.full_like(positives, 100))
            module.set_label_counts(positives, 100 - positives, [f"class {c}" for c in range(num_classes)])
            module.set_progress(epoch, 10, iteration)
    with_sample_ids(loss)


def with_sample_ids(loss: torch.nn.Module) -> torch.nn.Module:
    """Add the sample ids 0, 1, 2, ... to every call without sample ids of a loss that needs them."""
    for module in loss.modules():
        needs = module.traits.needs if isinstance(module, ElementwiseLoss) else ()
        if "sample_ids" in needs and not module._forward_pre_hooks:
            module.register_forward_pre_hook(number_images, with_kwargs=True)
    return loss


def number_images(loss: ElementwiseLoss, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
    if kwargs.get("context") is None or kwargs["context"].sample_ids is None:
        kwargs["context"] = LossContext(sample_ids=torch.arange(len(args[0])))
    return args, kwargs


def elements_of(
    loss: ElementwiseLoss, logits: Tensor, labels: Tensor, context: LossContext | None = None
) -> Elements:
    """Return the elements that a wrapper would get, with ones if the loss returns no weight."""
    if context is None:
        context = LossContext(sample_ids=torch.arange(len(logits)))
    elements = loss.elements(logits, labels.to(torch.int8), context)
    weight = elements.weight
    return elements._replace(weight=torch.ones_like(logits).bool() if weight is None else weight)


def clear_gathered(loss: torch.nn.Module) -> None:
    """Clear the gathered buffers of a loss, as the hook does between two epochs."""
    for module in loss.modules():
        if isinstance(module, LossState):
            for buffer in module.gathered():
                buffer.zero_()


def random_batch(num_images: int = 6, num_classes: int = 3, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Return logits that require a gradient, and labels 1/0/-1."""
    generator = torch.Generator().manual_seed(seed)
    logits = 2 * torch.randn(num_images, num_classes, generator=generator)
    return logits.requires_grad_(), torch.randint(
        -1, 2, (num_images, num_classes), generator=generator
    ).float()
