"""Losses with all kinds of operations in one function, which compiles faster than one function per loss."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from mmpretrain_imbalance.functional import LossContext
from mmpretrain_imbalance.testing import LossCase
from tests.losses.smallest_losses import PLAIN

#: Logarithms and powers, a ranking, hashed random numbers and histograms, quantiles, log-sum-exp, a gradient
#: function, a schedule, and a parameter per image.
CONFIGS = (
    dict(
        type="PartialLabelMaskingLoss",
        reduction="kept_per_class",
        loss=dict(
            type="PseudoLabelLoss",
            warmup_epochs=0,
            loss=dict(type="PartialAsymmetricLoss", gamma_neg=4, clip=0.05, unknown="negative"),
        ),
    ),
    dict(type="ClassAwareSelectiveLoss", likelihood_topk="auto", class_prior=[0.01, 0.2, 0.01]),
    dict(type="DistributionBalancedLoss"),
    dict(type="LargeLoss"),
    dict(type="OnlineLabelEstimationLoss", num_images=16, num_classes=3, expected_positives=1),
    dict(type="PriorMatchedPseudoLabelLoss", loss=PLAIN),
    dict(type="SelfPacedCorrectionLoss"),
    dict(type="TwoWayLoss"),
)
#: Losses for the CPU, where inductor needs seconds per loss: the longest composition, a parameter per image,
#: a log-sum-exp.
FEW = tuple(
    config
    for config in CONFIGS
    if config["type"] in ("PartialLabelMaskingLoss", "OnlineLabelEstimationLoss", "TwoWayLoss")
)


def losses_of(modules: nn.ModuleList, logits: Tensor, labels: Tensor, sample_ids: Tensor) -> Tensor:
    """Return one value per loss."""
    context = LossContext(sample_ids=sample_ids)
    return torch.stack([loss(logits, labels, context=context) for loss in modules])


def step(
    compiled: bool, device: str, configs: Sequence[dict[str, Any]] = CONFIGS
) -> tuple[Tensor, Tensor, list[Tensor]]:
    """Return losses, gradient and gathered buffers of a step, compiled by inductor or in eager mode."""
    cases = [LossCase(config) for config in configs]
    modules = nn.ModuleList(case.build(validate="later") for case in cases).to(device)
    logits, labels = (tensor.detach().to(device) for tensor in cases[0].random_batch())
    torch._dynamo.reset()
    function = torch.compile(losses_of, fullgraph=True, backend="inductor") if compiled else losses_of
    losses = function(modules, logits.requires_grad_(), labels, torch.arange(len(logits), device=device))
    losses.sum().backward()
    torch._dynamo.reset()
    return losses.detach(), logits.grad, [buffer for module in modules for buffer in module.gathered()]
