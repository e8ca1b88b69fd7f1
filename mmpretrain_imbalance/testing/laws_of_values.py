"""Laws of the values and gradients of a loss, for all kinds of labels and logits."""

from __future__ import annotations

import torch

from ..functional import REDUCTIONS
from .loss_case import NUM_IMAGES, LossCase

FINITE = "Write the formula with softplus, logsigmoid or negative_log_sigmoid, or add an eps."


def finite_value_and_gradient(case: LossCase) -> None:
    """With every reduction, loss and gradient are finite, and the gradient is not 0."""
    for reduction in REDUCTIONS:
        for training in (True, False):
            logits, labels = case.random_batch()
            loss = case.call(case.build(reduction=reduction).train(training), logits, labels)
            where = f"with reduction={reduction!r} in {'training' if training else 'validation'}"
            if loss.shape != () or loss.dtype != torch.float32:
                case.fail(
                    f"the loss must be a float32 scalar {where}", f"{loss.dtype} {tuple(loss.shape)}", FINITE
                )
            gradient = case.gradient(loss, logits)
            if not (loss.isfinite() and gradient.isfinite().all()):
                case.fail(f"value and gradient must be finite {where}", loss.item(), FINITE)
            if not gradient.any():
                case.fail(f"the gradient must not be 0 {where}", 0, "Do not detach the logits.")
            if case.traits.non_negative and loss < 0:
                case.fail(
                    f"the loss must not be negative {where}", loss.item(), "Set Traits(non_negative=False)."
                )


def labels_of_one_kind(case: LossCase) -> None:
    """Loss and gradient are finite if all labels of a batch are positive, negative or unknown."""
    for reduction in REDUCTIONS:
        for num_images in (1, 4):
            for label in (1, 0, -1):
                logits = torch.zeros(num_images, case.num_classes, requires_grad=True)
                labels = torch.full((num_images, case.num_classes), float(label))
                loss = case.call(case.build(reduction=reduction), logits, labels)
                gradient = case.gradient(loss, logits)
                where = f"for {num_images} images with the label {label} and reduction={reduction!r}"
                if not (loss.isfinite() and gradient.isfinite().all()):
                    case.fail(f"value and gradient must be finite {where}", loss.item(), FINITE)
                if label == -1 and case.traits.unknown == "ignored" and loss != 0:
                    case.fail(
                        f"a loss that ignores unknown labels must be 0 {where}",
                        loss.item(),
                        "Return known_labels(labels) as the weight, or set Traits(unknown='negative') or "
                        "'learned'.",
                    )


def extreme_logits(case: LossCase) -> None:
    """Loss and gradient are finite at large logits, also in half precision."""
    extremes = [(torch.float16, 15.0), (torch.bfloat16, 15.0), (torch.float32, 80.0)]
    if case.traits.bounded:
        extremes.append((torch.float32, torch.inf))
    for dtype, extreme in extremes:
        row = torch.tensor([extreme, -extreme, 0.0]).repeat(case.num_classes)[: case.num_classes]
        logits = row.repeat(3, 1).to(dtype).requires_grad_()
        labels = torch.tensor([[1.0], [0.0], [-1.0]]).expand(3, case.num_classes).contiguous()
        loss = case.call(case.build(), logits, labels)
        gradient = case.gradient(loss, logits)
        if not (loss.isfinite() and gradient.isfinite().all()):
            remedy = FINITE if extreme < torch.inf else f"{FINITE} Or set Traits(bounded=False)."
            case.fail(
                f"value and gradient must be finite at logits of +-{extreme:g} in {dtype}",
                loss.item(),
                remedy,
            )
        if loss.dtype != torch.float32 or gradient.dtype != dtype:
            remedy = "Do not override forward() of ElementwiseLoss, which converts the logits."
            case.fail("half precision must be computed in float32", loss.dtype, remedy)


def unchanged_inputs(case: LossCase) -> None:
    """The loss does not change logits and labels, which the head and other losses use, too."""
    logits, labels = case.random_batch()
    before = logits.detach().clone(), labels.clone()
    case.gradient(case.call(case.build(), logits, labels), logits)
    remedy = "Change no argument in place: use x.clamp(...) instead of x.clamp_(...)."
    case.expect_close(logits.detach(), before[0], "the logits must not change", remedy, rtol=0, atol=0)
    case.expect_close(labels, before[1], "the labels must not change", remedy, rtol=0, atol=0)


def order_of_images(case: LossCase) -> None:
    """The loss does not depend on the order of the images in a batch."""
    logits, labels = case.random_batch()
    order = torch.tensor([3, 1, 5, 0, 2, 4])
    # In training, a random mask depends on the row, and values stored per image depend on the sample id.
    depends_on_row = case.traits.stochastic or "sample_ids" in case.traits.needs
    loss = case.build().train(not depends_on_row)
    expected = case.call(loss, logits, labels)
    case.prepare(loss)
    case.expect_close(
        case.call(loss, logits[order], labels[order]),
        expected,
        "the loss must not depend on the order of the images",
        "Set Traits(stochastic=True) if the loss uses random numbers.",
    )


def unknown_trait(case: LossCase) -> None:
    """Unknown elements have a gradient if and only if the trait ``unknown`` allows it."""
    if case.traits.unknown == "learned":
        return
    logits, labels = case.random_batch(NUM_IMAGES)
    loss = case.call(case.build(epoch=0), logits, labels)
    gradient = case.gradient(loss, logits)[labels == -1]
    if case.traits.unknown == "ignored" and gradient.any():
        case.fail(
            f"unknown elements must have no gradient in a batch of {NUM_IMAGES} images",
            gradient.abs().max().item(),
            "Return known_labels(labels) as the weight, or set Traits(unknown='negative') or 'learned'.",
        )
    if case.traits.unknown == "negative" and not gradient.any():
        case.fail("unknown elements must count as negatives", "no gradient", "Set Traits(unknown='ignored').")


def valid_weights(case: LossCase) -> None:
    """Weights are in [0, 1], and above 0 at known elements unless the trait ``masks_known`` is true."""
    logits, labels = case.random_batch(NUM_IMAGES)
    for epoch in (0, 8):
        loss = case.build(epoch)
        weight = case.returned(loss, logits, labels).weight
        if weight is None:
            continue
        if weight.shape != labels.shape or weight.requires_grad or not ((weight >= 0) & (weight <= 1)).all():
            case.fail(
                "the weight must be bool or in [0, 1], have the shape of the labels, and require no gradient",
                f"{weight.dtype} {tuple(weight.shape)}",
                "Multiply the loss by factors outside of [0, 1], and detach the weight.",
            )
        if not case.traits.masks_known and (weight[labels != -1] == 0).any():
            case.fail("known elements must take part", "a weight of 0", "Set Traits(masks_known=True).")


def elementwise_trait(case: LossCase) -> None:
    """With the trait ``elementwise``, an element depends on its own logit and label only."""
    if not case.traits.elementwise or case.traits.stochastic:
        return
    logits, labels = case.random_batch(8)
    for epoch in (0, 8):
        expected = case.elements(case.build(epoch), logits, labels)[0, 0]
        others, other_labels = case.random_batch(8, seed=1)
        others, other_labels = 3 + others.detach(), other_labels.clone()
        others[0, 0], other_labels[0, 0] = logits.detach()[0, 0], labels[0, 0]
        case.expect_close(
            case.elements(case.build(epoch), others, other_labels)[0, 0],
            expected,
            "an element must depend on its own logit and label only",
            "Set Traits(elementwise=False).",
        )


def label_dtypes(case: LossCase) -> None:
    """The loss does not depend on the dtype of the labels."""
    logits, labels = case.random_batch()
    expected = case.call(case.build(), logits, labels)
    for dtype in (torch.int8, torch.int64, torch.float64, torch.float16):
        for validate in ("now", "later", "never"):
            case.expect_close(
                case.call(case.build(validate=validate), logits, labels.to(dtype)),
                expected,
                f"labels of {dtype} must return the same loss with validate={validate!r}",
                "Compare labels with POSITIVE, NEGATIVE and UNKNOWN, or use values_by_label.",
            )


def soft_labels(case: LossCase) -> None:
    """The loss accepts labels between 0 and 1, as made by Mixup and CutMix."""
    logits, labels = case.random_batch()
    labels[0] = 0.3
    gradient = case.gradient(case.call(case.build(), logits, labels), logits)
    if not gradient.isfinite().all():
        case.fail("the gradient must be finite with soft labels", "NaN", FINITE)
    if not case.traits.soft_labels_mix:
        return
    logits = logits.detach()

    def elements_for(label: float) -> torch.Tensor:
        return case.elements(case.build().eval(), logits, torch.full_like(logits, label))

    case.expect_close(
        elements_for(0.3),
        0.3 * elements_for(1.0) + 0.7 * elements_for(0.0),
        "the loss of a soft label must be the mixture of the losses of both labels",
        "Decorate the formula with elementwise_loss_function, or set Traits(soft_labels_mix=False).",
    )


def empty_batch(case: LossCase) -> None:
    """The loss of a batch without images is 0."""
    empty = torch.zeros(0, case.num_classes)
    loss = case.call(case.build(), empty, empty)
    if loss != 0:
        remedy = "Divide by counts of at least 1."
        case.fail("the loss of a batch without images must be 0", loss.item(), remedy)


def double_precision(case: LossCase) -> None:
    """The loss of logits in double precision is computed in double precision."""
    logits, labels = case.random_batch()
    loss = case.build()
    precise = case.call(loss, logits.double(), labels)
    if precise.dtype != torch.float64:
        remedy = "Convert intermediate values to the dtype of the logits."
        case.fail("the loss of float64 logits must be float64", precise.dtype, remedy)
    case.prepare(loss)
    case.expect_close(
        precise.float(),
        case.call(case.build(), logits, labels),
        "double precision must return the same loss",
        FINITE,
    )


LAWS = (
    finite_value_and_gradient,
    labels_of_one_kind,
    extreme_logits,
    unchanged_inputs,
    order_of_images,
    unknown_trait,
    valid_weights,
    elementwise_trait,
    label_dtypes,
    soft_labels,
    empty_batch,
    double_precision,
)
