"""Laws of how a loss is used: its arguments, MMPretrain's heads, and what a mistake says."""

from __future__ import annotations

import inspect

import torch
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample

from .loss_case import LossCase

SIGNATURE = "Leave forward() to ElementwiseLoss, and implement elementwise_loss."


def arguments_are_attributes(case: LossCase) -> None:
    """A log, a notebook and the repr show what a loss was built with."""
    loss = case.raw()
    for name, parameter in inspect.signature(type(loss).__init__).parameters.items():
        if name in ("self", "loss", "class_prior") or parameter.kind is parameter.VAR_KEYWORD:
            continue
        holders = [state for state in case.states(loss) if hasattr(state, name)]
        if not holders:
            case.fail(f"the argument {name!r} must be an attribute", "none", f"Write self.{name} = {name}.")
        if name in vars(holders[0]) and f"{name}=" not in repr(loss):
            case.fail(f"repr() must show {name!r}", repr(loss), "Leave extra_repr() to ElementwiseLoss.")


def default_reduction(case: LossCase) -> None:
    """All losses have the scale of MMPretrain's heads; the authors' other scales stand in configs."""
    if "reduction" not in case.config and (found := case.raw().reduction) != "mean_images":
        case.fail("the default reduction must be 'mean_images'", repr(found), "Pass **kwargs on to the base.")


def signature_of_the_host(case: LossCase) -> None:
    """Heads and other losses of MMPretrain call a loss in one way."""
    logits, labels = case.tables()
    loss = case.build().eval()
    table = case.elements(loss, logits, labels)
    if table.shape != logits.shape:
        case.fail(
            f"the elements must have the shape {tuple(logits.shape)}",
            tuple(table.shape),
            "Return one value per element; see local_elements for a loss of whole rows.",
        )
    weight = torch.rand(table.shape, generator=torch.Generator().manual_seed(0))
    for expected, wanted, arguments in (
        ("reduction_override='sum' must give the sum", table.sum(), dict(reduction_override="sum")),
        ("reduction_override='mean' must give the mean", table.mean(), dict(reduction_override="mean")),
        (
            "reduction_override='mean' must divide by avg_factor",
            table.sum() / 7,
            dict(reduction_override="mean", avg_factor=7),
        ),
        (
            "weights of elements must weigh",
            table * weight,
            dict(weight=weight, reduction_override="none"),
        ),
        (
            "weights of images must weigh",
            table * weight[:, :1],
            dict(weight=weight[:, 0], reduction_override="none"),
        ),
    ):
        case.expect_close(case.call(loss, logits, labels, **arguments), wanted, expected, SIGNATURE)
    images = case.build(reduction="mean_images").eval()
    case.expect_close(
        case.call(images, logits, labels, avg_factor=12),
        case.call(images, logits, labels) / 2,
        "avg_factor must stand for the number of images",
        SIGNATURE,
    )
    double = case.build(loss_weight=2.0).eval()
    case.expect_close(
        case.call(double, logits, labels),
        2 * case.call(loss, logits, labels),
        "loss_weight must weigh",
        SIGNATURE,
    )
    for wrong in (weight[:, :1], weight.T.contiguous()[:, :2], weight[:-1, 0]):
        case.expect_raises(
            ValueError,
            f"The 'weight' argument of {case.name} must be one weight per element",
            lambda wrong=wrong: case.call(loss, logits, labels, weight=wrong),
            f"a weight of shape {tuple(wrong.shape)} must be refused",
            SIGNATURE,
        )


def heads_of_the_host(case: LossCase) -> None:
    """A config names the loss in MMPretrain's heads, for multi-label and for single-label data."""
    if {"sample_ids", "activation_maps", "averaged_predictions"} & set(case.traits.needs):
        return  # what only the heads and hooks of this package pass
    generator = torch.Generator().manual_seed(0)
    last = case.num_classes - 1
    for head_type in ("MultiLabelLinearClsHead", "LinearClsHead"):
        arguments = dict(num_classes=case.num_classes, in_channels=4, loss=dict(case.config))
        head = MODELS.build(dict(type=head_type, **arguments)).train()
        case.tell(head)
        features = torch.randn(2, 4, generator=generator).requires_grad_()
        if head_type == "LinearClsHead":
            labels = torch.eye(case.num_classes)[[0, last]]
            samples = [DataSample().set_gt_label(index) for index in (0, last)]
        else:
            rows = torch.tensor([[1.0, 0, -1], [-1.0, -1, 0]])
            labels = rows.repeat(1, case.num_classes)[:, : case.num_classes]
            samples = [DataSample().set_gt_score(row) for row in labels]
        loss = head.loss((features,), samples)["loss"]
        loss.backward()
        case.tell(head)  # the draws of the first call again
        logits = head((features,)).detach()
        expected = case.call(head.loss_module, logits, labels, avg_factor=len(samples)).detach()
        case.expect_close(loss.detach(), expected, f"{head_type} must give the loss of its logits", SIGNATURE)


def mistakes_are_named(case: LossCase) -> None:
    """A user reads which argument is wrong, and where."""
    loss = case.build(validate="now")
    zeros = torch.zeros(2, case.num_classes)
    wrong, diverged = zeros.clone(), zeros.clone()
    wrong[0, 1], diverged[0, 0] = 2, torch.nan
    name = case.name
    for words, logits, labels in (
        (f"The 'labels' argument of {name} must be 1 (positive), 0 (negative) or -1 (unknown)", zeros, wrong),
        (f"The 'logits' argument of {name} must be numbers", diverged, zeros),
        (f"The 'labels' argument of {name} must have the shape of the logits", zeros, zeros[:, 1:]),
        (f"The 'target' argument of {name} must be a table", zeros, torch.tensor([0, case.num_classes])),
    ):
        case.expect_raises(
            ValueError,
            words,
            lambda logits=logits, labels=labels: case.call(loss, logits, labels),
            "wrong input must be refused",
            SIGNATURE,
        )
    case.expect_raises(
        ValueError,
        f"The 'reduction_override' argument of {name} must be one of",
        lambda: case.call(loss, zeros, zeros, reduction_override="average"),
        "an unknown reduction_override must be refused",
        SIGNATURE,
    )
    case.expect_raises(
        ValueError,
        f"The 'reduction' argument of {name} must be one of 'sum'",
        lambda: case.raw(reduction="average"),
        "an unknown reduction must be refused",
        "Pass **kwargs on to the base.",
    )


def needs_are_asked_for(case: LossCase) -> None:
    """A loss that nobody told what it needs must not train on zeros."""
    logits, labels = case.tables()
    needs = case.traits.needs
    words = {"label_counts": "label counts of the training set", "progress": "depends on the epoch"}
    if asked := [need for need in words if need in needs]:
        case.expect_raises(
            RuntimeError,
            words[asked[0]],
            lambda: case.call(case.raw(), logits, labels),
            f"a loss that needs {asked[0]!r} must ask for it",
            SIGNATURE,
        )
    else:
        case.call(case.raw(), logits, labels)
    if not case.call(case.raw().eval(), logits, labels).isfinite():
        case.fail("validation must need nothing", "no finite loss", "Ask for state only where self.training.")
    if "sample_ids" in needs:
        case.expect_raises(
            ValueError,
            "sample_ids of the batch, which this head does not pass",
            lambda: case.build()(logits, labels),
            "missing sample ids must be named",
            SIGNATURE,
        )


def held_by_wrappers(case: LossCase) -> None:
    """Any loss can be put inside of others."""
    if isinstance(case.raw(), MODELS.get("ClassPriorTrackingLoss")):
        return
    logits, labels = case.tables()
    outer = MODELS.build(dict(type="ClassPriorTrackingLoss", loss=dict(case.config))).train()
    case.tell(outer)
    case.expect_close(
        case.call(outer, logits, labels),
        case.call(case.build(), logits, labels),
        "a wrapper that changes nothing must give the same loss",
        "Return (loss, weight), and keep what a held loss returns with held._replace(...).",
    )


LAWS = (
    arguments_are_attributes,
    default_reduction,
    signature_of_the_host,
    heads_of_the_host,
    mistakes_are_named,
    needs_are_asked_for,
    held_by_wrappers,
)
