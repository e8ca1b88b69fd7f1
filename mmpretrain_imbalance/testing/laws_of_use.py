"""Laws of the use of a loss: arguments, MMPretrain's heads, error messages, wrappers."""

from __future__ import annotations

import inspect
from functools import partial
from typing import Any

import torch
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample
from torch import Tensor

from ..losses import ClassPriorTrackingLoss
from .loss_case import LossCase

SIGNATURE = "Implement elementwise_loss, and do not override forward() of ElementwiseLoss."


def arguments_are_attributes(case: LossCase) -> None:
    """Every argument of the constructor is an attribute, which the repr shows."""
    loss = case.raw()
    for name, parameter in inspect.signature(type(loss).__init__).parameters.items():
        if name in ("self", "loss", "class_prior") or parameter.kind is parameter.VAR_KEYWORD:
            continue
        holders = [state for state in case.states(loss) if hasattr(state, name)]
        if not holders:
            case.fail(
                f"the argument {name!r} must be an attribute", "no attribute", f"Write self.{name} = {name}."
            )
        if name in vars(holders[0]) and f"{name}=" not in repr(loss):
            remedy = "Do not override extra_repr() of ElementwiseLoss."
            case.fail(f"repr() must show {name!r}", repr(loss), remedy)


def default_reduction(case: LossCase) -> None:
    """All losses have the scale of MMPretrain's heads by default; configs set other published scales."""
    if "reduction" not in case.config and (found := case.raw().reduction) != "mean_images":
        remedy = "Pass **kwargs to the constructor of the base class."
        case.fail("the default reduction must be 'mean_images'", repr(found), remedy)


def mmpretrain_signature(case: LossCase) -> None:
    """The loss has the arguments and reductions of MMPretrain's losses."""
    logits, labels = case.random_batch()
    loss = case.build().eval()
    elements = case.elements(loss, logits, labels)
    if elements.shape != logits.shape:
        case.fail(
            f"the elements must have the shape {tuple(logits.shape)}",
            tuple(elements.shape),
            "Return one value per element; see local_elements for a loss of whole rows.",
        )
    weight = torch.rand(elements.shape, generator=torch.Generator().manual_seed(0))
    cases: tuple[tuple[str, Tensor, dict[str, Any]], ...] = (
        ("reduction_override='sum' must return the sum", elements.sum(), dict(reduction_override="sum")),
        ("reduction_override='mean' must return the mean", elements.mean(), dict(reduction_override="mean")),
        (
            "reduction_override='mean' must divide by avg_factor",
            elements.sum() / 7,
            dict(reduction_override="mean", avg_factor=7),
        ),
        (
            "the loss must be multiplied by weights of elements",
            elements * weight,
            dict(weight=weight, reduction_override="none"),
        ),
        (
            "the loss must be multiplied by weights of images",
            elements * weight[:, :1],
            dict(weight=weight[:, 0], reduction_override="none"),
        ),
    )
    for expected, wanted, arguments in cases:
        case.expect_close(case.call(loss, logits, labels, **arguments), wanted, expected, SIGNATURE)
    images = case.build(reduction="mean_images").eval()
    case.expect_close(
        case.call(images, logits, labels, avg_factor=12),
        case.call(images, logits, labels) / 2,
        "avg_factor must replace the number of images",
        SIGNATURE,
    )
    double = case.build(loss_weight=2.0).eval()
    case.expect_close(
        case.call(double, logits, labels),
        2 * case.call(loss, logits, labels),
        "the loss must be multiplied by loss_weight",
        SIGNATURE,
    )
    for wrong in (weight[:, :1], weight.T.contiguous()[:, :2], weight[:-1, 0]):
        case.expect_raises(
            ValueError,
            f"The 'weight' argument of {case.name} must be one weight per element",
            partial(case.call, loss, logits, labels, weight=wrong),
            f"a weight of shape {tuple(wrong.shape)} must raise an error",
            SIGNATURE,
        )


def mmpretrain_heads(case: LossCase) -> None:
    """The loss works in MMPretrain's heads, for multi-label and for single-label data."""
    if {"sample_ids", "activation_maps", "averaged_predictions"} & set(case.traits.needs):
        return  # only the heads and hooks of this package provide these inputs
    generator = torch.Generator().manual_seed(0)
    last = case.num_classes - 1
    for head_type in ("MultiLabelLinearClsHead", "LinearClsHead"):
        arguments = dict(num_classes=case.num_classes, in_channels=4, loss=dict(case.config))
        head = MODELS.build(dict(type=head_type, **arguments)).train()
        case.prepare(head)
        features = torch.randn(2, 4, generator=generator).requires_grad_()
        if head_type == "LinearClsHead":
            labels = torch.eye(case.num_classes)[[0, last]]
            samples = [DataSample().set_gt_label(index) for index in (0, last)]
        else:
            rows = torch.tensor([[1.0, 0, -1], [-1.0, -1, 0]])
            labels = rows.repeat(1, case.num_classes)[:, : case.num_classes]
            samples = [DataSample().set_gt_score(row) for row in labels]
        loss: Tensor = head.loss((features,), samples)["loss"]
        case.gradient(loss, features)
        case.prepare(head)  # the next call uses the same random numbers as the first call
        logits = head((features,)).detach()
        expected = case.call(head.loss_module, logits, labels, avg_factor=len(samples)).detach()
        case.expect_close(
            loss.detach(), expected, f"{head_type} must return the loss of its logits", SIGNATURE
        )


def informative_errors(case: LossCase) -> None:
    """An error message names the wrong argument and the position of the wrong value."""
    loss = case.build(validate="now")
    zeros = torch.zeros(2, case.num_classes)
    wrong, diverged = zeros.clone(), zeros.clone()
    wrong[0, 1], diverged[0, 0] = 2, torch.nan
    name = case.name
    for words, logits, labels in (
        (f"The 'labels' argument of {name} must be 1 (positive), 0 (negative) or -1 (unknown)", zeros, wrong),
        (f"The 'logits' argument of {name} must be numbers", diverged, zeros),
        (f"The 'labels' argument of {name} must have the shape of the logits", zeros, zeros[:, 1:]),
        (f"The 'target' argument of {name} must be labels", zeros, torch.tensor([0, case.num_classes])),
    ):
        case.expect_raises(
            ValueError,
            words,
            partial(case.call, loss, logits, labels),
            "invalid input must raise an error",
            SIGNATURE,
        )
    case.expect_raises(
        ValueError,
        f"The 'reduction_override' argument of {name} must be one of",
        lambda: case.call(loss, zeros, zeros, reduction_override="average"),
        "an unknown reduction_override must raise an error",
        SIGNATURE,
    )
    case.expect_raises(
        ValueError,
        f"The 'reduction' argument of {name} must be one of 'sum'",
        lambda: case.raw(reduction="average"),
        "an unknown reduction must raise an error",
        "Pass **kwargs to the constructor of the base class.",
    )


def missing_needs_raise(case: LossCase) -> None:
    """In training, a loss raises an error if its needs were not provided."""
    logits, labels = case.random_batch()
    needs = case.traits.needs
    words = {"label_counts": "label counts of the training set", "progress": "depends on the epoch"}
    if missing := [need for need in words if need in needs]:
        case.expect_raises(
            RuntimeError,
            words[missing[0]],
            lambda: case.call(case.raw(), logits, labels),
            f"a loss without the needed {missing[0]!r} must raise an error",
            SIGNATURE,
        )
    else:
        case.call(case.raw(), logits, labels)
    if not case.call(case.raw().eval(), logits, labels).isfinite():
        remedy = "Use the provided state only if self.training is true."
        case.fail("the loss must be finite in validation without label counts", "a loss that is not", remedy)
    if "sample_ids" in needs:
        case.expect_raises(
            ValueError,
            "sample_ids of the batch, which this head does not pass",
            lambda: case.build()(logits, labels),
            "missing sample ids must raise an error",
            SIGNATURE,
        )


def held_by_wrappers(case: LossCase) -> None:
    """A wrapper can contain the loss."""
    if isinstance(case.raw(), ClassPriorTrackingLoss):
        return  # a wrapper cannot contain a loss of its own class
    logits, labels = case.random_batch()
    outer = MODELS.build(dict(type="ClassPriorTrackingLoss", loss=dict(case.config))).train()
    case.prepare(outer)
    case.expect_close(
        case.call(outer, logits, labels),
        case.call(case.build(), logits, labels),
        "a wrapper that changes nothing must return the same loss",
        "Return (loss, weight). A wrapper changes elements of the wrapped loss by elements._replace(...).",
    )


LAWS = (
    arguments_are_attributes,
    default_reduction,
    mmpretrain_signature,
    mmpretrain_heads,
    informative_errors,
    missing_needs_raise,
    held_by_wrappers,
)
