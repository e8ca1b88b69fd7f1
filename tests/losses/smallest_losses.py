"""The smallest arguments of every registered loss of the package, and tables to call them with."""

from __future__ import annotations

import torch
from mmpretrain.registry import MODELS
from torch import Tensor

from mmpretrain_imbalance.functional import LossContext
from mmpretrain_imbalance.losses import Elements, ElementwiseLoss, LossState

PLAIN = dict(type="PartialAsymmetricLoss")
#: Answers about 64 images and 3 classes: 1 positive, 0 negative, -1 none.
ANSWERS = torch.randint(-1, 2, (64, 3), generator=torch.Generator().manual_seed(1)).tolist()

#: Smallest arguments of the registered losses; those that need none are added below.
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
        type="EntropyMaximizationPseudoLabelLoss", num_images=64, pseudo_labels=ANSWERS
    ),
    "GeneralizedPseudoLabelRobustLoss": dict(
        type="GeneralizedPseudoLabelRobustLoss", num_images=64, pseudo_labels=ANSWERS, expected_positives=1.5
    ),
    "OnlineLabelEstimationLoss": dict(
        type="OnlineLabelEstimationLoss", num_images=64, num_classes=3, expected_positives=1
    ),
    "PriorMatchedPseudoLabelLoss": dict(type="PriorMatchedPseudoLabelLoss", loss=PLAIN),
    "SelectiveNegativeLoss": dict(type="SelectiveNegativeLoss", loss=PLAIN),
}
#: Losses that are no binary cross-entropy with any arguments.
NO_CROSS_ENTROPY = {
    "ExpectedPositivesLoss": "takes positives only",
    "HillLoss": "negatives cost a polynomial",
    "LDAMLoss": "a softmax",
    "MultiGrainedFocalLoss": "negatives are focused by the weight of the class",
    "OnlineLabelEstimationLoss": "takes positives and estimates",
    "PairwiseRankingLoss": "a hinge between probabilities",
    "ReflectiveLabelCorrectorLoss": "negatives are focused by the weight of the class",
    "TwoWayLoss": "a log-sum-exp",
    "ZLPRLoss": "a log-sum-exp",
}


def registered_losses() -> set[str]:
    """Names of the element losses in MMPretrain's registry."""
    return {
        name
        for name, member in MODELS.module_dict.items()
        if isinstance(member, type) and issubclass(member, ElementwiseLoss)
    }


SMALLEST.update({name: dict(type=name) for name in sorted(registered_losses() - set(SMALLEST))})
WRAPPERS = [name for name, config in SMALLEST.items() if "loss" in config]


def build(config: dict, num_classes: int = 3, epoch: int = 8) -> ElementwiseLoss:
    """Build a loss and tell it what the hook would: counts of the training set, and the place in the run."""
    loss = MODELS.build(config)
    tell(loss, num_classes, epoch)
    return loss.train()


def tell(loss: torch.nn.Module, num_classes: int = 3, epoch: int = 8, iteration: int = 0) -> None:
    positives = torch.arange(1, num_classes + 1) * 10
    for module in loss.modules():
        if isinstance(module, LossState):
            module.set_label_counts(positives, 100 - positives, [f"class {c}" for c in range(num_classes)])
            module.set_progress(epoch, 10, iteration)
    with_sample_ids(loss)


def with_sample_ids(loss: torch.nn.Module) -> torch.nn.Module:
    """Let losses that need sample ids be called without them, as the others are: images 0, 1, 2, ..."""
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
    """What a loss gives a wrapper around it; without a weight, every element takes part."""
    if context is None:
        context = LossContext(sample_ids=torch.arange(len(logits)))
    elements = loss.elements(logits, labels.to(torch.int8), context)
    weight = elements.weight
    return elements._replace(weight=torch.ones_like(logits).bool() if weight is None else weight)


def clear_gathered(loss: torch.nn.Module) -> None:
    """Clear what a loss has gathered, as the hook does between two epochs."""
    for module in loss.modules():
        if isinstance(module, LossState):
            for buffer in module.gathered():
                buffer.zero_()


def tables(num_images: int = 6, num_classes: int = 3, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Logits that ask for a gradient, and labels 1/0/-1."""
    generator = torch.Generator().manual_seed(seed)
    logits = 2 * torch.randn(num_images, num_classes, generator=generator)
    return logits.requires_grad_(), torch.randint(
        -1, 2, (num_images, num_classes), generator=generator
    ).float()
