"""Laws of what a loss computes: values, gradients, labels of every kind."""

from __future__ import annotations

import torch

from ..functional import REDUCTIONS
from .loss_case import NUM_IMAGES, LossCase

FINITE = "Write the formula with softplus, logsigmoid or negative_log_sigmoid, or bound it by an eps."


def finite_value_and_gradient(case: LossCase) -> None:
    """A step never makes NaN, whatever the reduction, and teaches the model something."""
    for reduction in REDUCTIONS:
        for training in (True, False):
            logits, labels = case.tables()
            loss = case.call(case.build(reduction=reduction).train(training), logits, labels)
            where = f"with reduction={reduction!r} in {'training' if training else 'validation'}"
            if loss.shape != () or loss.dtype != torch.float32:
                case.fail(
                    f"the loss must be a float32 scalar {where}", f"{loss.dtype} {tuple(loss.shape)}", FINITE
                )
            loss.backward()
            if not (loss.isfinite() and logits.grad.isfinite().all()):
                case.fail(f"value and gradient must be finite {where}", loss.item(), FINITE)
            if not logits.grad.any():
                case.fail(
                    f"the gradient must not vanish {where}", "a gradient of 0", "Do not detach the logits."
                )
            if case.traits.non_negative and loss < 0:
                case.fail(
                    f"the loss must not be negative {where}", loss.item(), "Write Traits(non_negative=False)."
                )


def labels_of_one_kind(case: LossCase) -> None:
    """A batch may hold one image, only positives, only negatives, or nothing that anybody looked at."""
    for reduction in REDUCTIONS:
        for num_images in (1, 4):
            for label in (1, 0, -1):
                logits = torch.zeros(num_images, case.num_classes, requires_grad=True)
                labels = torch.full((num_images, case.num_classes), float(label))
                loss = case.call(case.build(reduction=reduction), logits, labels)
                loss.backward()
                where = f"for {num_images} images of label {label} with reduction={reduction!r}"
                if not (loss.isfinite() and logits.grad.isfinite().all()):
                    case.fail(f"value and gradient must be finite {where}", loss.item(), FINITE)
                if label == -1 and case.traits.unknown == "ignored" and loss != 0:
                    case.fail(
                        f"a loss that ignores unknown labels must be 0 {where}",
                        loss.item(),
                        "Return known_labels(labels) as the weight, or write Traits(unknown='negative') or "
                        "'learned'.",
                    )


def extreme_logits(case: LossCase) -> None:
    """Half precision and diverging models give large logits."""
    extremes = [(torch.float16, 15.0), (torch.bfloat16, 15.0), (torch.float32, 80.0)]
    if case.traits.bounded:
        extremes.append((torch.float32, torch.inf))
    for dtype, extreme in extremes:
        row = torch.tensor([extreme, -extreme, 0.0]).repeat(case.num_classes)[: case.num_classes]
        logits = row.repeat(3, 1).to(dtype).requires_grad_()
        labels = torch.tensor([[1.0], [0.0], [-1.0]]).expand(3, case.num_classes).contiguous()
        loss = case.call(case.build(), logits, labels)
        loss.backward()
        if not (loss.isfinite() and logits.grad.isfinite().all()):
            remedy = FINITE if extreme < torch.inf else f"{FINITE} Or write Traits(bounded=False)."
            case.fail(
                f"value and gradient must be finite at logits of +-{extreme:g} in {dtype}",
                loss.item(),
                remedy,
            )
        if loss.dtype != torch.float32 or logits.grad.dtype != dtype:
            case.fail(
                "half precision must be computed in float32", loss.dtype, "Let forward() cast the logits."
            )


def inputs_left_alone(case: LossCase) -> None:
    """The head and other losses use the same tensors."""
    logits, labels = case.tables()
    before = logits.detach().clone(), labels.clone()
    case.call(case.build(), logits, labels).backward()
    remedy = "Change no argument in place: write x.clamp(...) and not x.clamp_(...)."
    case.expect_close(logits.detach(), before[0], "the logits must be left alone", remedy, rtol=0, atol=0)
    case.expect_close(labels, before[1], "the labels must be left alone", remedy, rtol=0, atol=0)


def order_of_samples(case: LossCase) -> None:
    """A batch is a set of images."""
    logits, labels = case.tables()
    order = torch.tensor([3, 1, 5, 0, 2, 4])
    # A random mask goes by row, and a table of images by sample id.
    fixed = case.traits.stochastic or "sample_ids" in case.traits.needs
    loss = case.build().train(not fixed)
    whole = case.call(loss, logits, labels)
    case.tell(loss)
    case.expect_close(
        case.call(loss, logits[order], labels[order]),
        whole,
        "the order of the images must not matter",
        "Write Traits(stochastic=True) if the loss draws at random.",
    )


def unknown_as_the_traits_say(case: LossCase) -> None:
    """Whether unknown labels have a gradient decides what a composition learns from them."""
    if case.traits.unknown == "learned":
        return
    logits, labels = case.tables(NUM_IMAGES)
    case.call(case.build(epoch=0), logits, labels).backward()
    gradient = logits.grad[labels == -1]
    if case.traits.unknown == "ignored" and gradient.any():
        case.fail(
            f"unknown elements must have no gradient in a batch of {NUM_IMAGES} images",
            gradient.abs().max().item(),
            "Return known_labels(labels) as the weight, or write Traits(unknown='negative') or 'learned'.",
        )
    if case.traits.unknown == "negative" and not gradient.any():
        case.fail(
            "unknown elements must count as negatives", "no gradient", "Write Traits(unknown='ignored')."
        )


def weights_as_the_traits_say(case: LossCase) -> None:
    """A known element that takes no part is masked; who masks says so, and it is counted."""
    logits, labels = case.tables(NUM_IMAGES)
    for epoch in (0, 8):
        loss = case.build(epoch)
        weight = case.returned(loss, logits, labels).weight
        if weight is None:
            continue
        if weight.shape != labels.shape or weight.requires_grad or not ((weight >= 0) & (weight <= 1)).all():
            case.fail(
                "the weight must be bool or in [0, 1], of the shape of the labels and without gradient",
                f"{weight.dtype} {tuple(weight.shape)}",
                "Multiply the loss by other factors, and detach the weight.",
            )
        if not case.traits.masks_known and (weight[labels != -1] == 0).any():
            case.fail("known elements must take part", "a weight of 0", "Write Traits(masks_known=True).")


def elements_by_themselves(case: LossCase) -> None:
    """A head may compute some classes only, where an element needs no other."""
    if not case.traits.elementwise or case.traits.stochastic:
        return
    logits, labels = case.tables(8)
    for epoch in (0, 8):
        alone = case.elements(case.build(epoch), logits, labels)[0, 0]
        others, other_labels = case.tables(8, seed=1)
        others, other_labels = 3 + others.detach(), other_labels.clone()
        others[0, 0], other_labels[0, 0] = logits.detach()[0, 0], labels[0, 0]
        case.expect_close(
            case.elements(case.build(epoch), others, other_labels)[0, 0],
            alone,
            "an element must depend on its own logit and label only",
            "Write Traits(elementwise=False).",
        )


def types_of_labels(case: LossCase) -> None:
    """Labels come as bytes, integers and floats."""
    logits, labels = case.tables()
    expected = case.call(case.build(), logits, labels)
    for dtype in (torch.int8, torch.int64, torch.float64, torch.float16):
        for validate in ("now", "later", "never"):
            case.expect_close(
                case.call(case.build(validate=validate), logits, labels.to(dtype)),
                expected,
                f"labels of {dtype} must give the same loss with validate={validate!r}",
                "Compare labels with POSITIVE, NEGATIVE and UNKNOWN, or use values_by_label.",
            )


def soft_labels(case: LossCase) -> None:
    """Mixup and CutMix make labels between 0 and 1."""
    logits, labels = case.tables()
    labels[0] = 0.3
    case.call(case.build(), logits, labels).backward()
    if not logits.grad.isfinite().all():
        case.fail("the gradient must be finite with soft labels", "NaN", FINITE)
    if not case.traits.soft_labels_mix:
        return
    logits = logits.detach()

    def of(label: float) -> torch.Tensor:
        return case.elements(case.build().eval(), logits, torch.full_like(logits, label))

    case.expect_close(
        of(0.3),
        0.3 * of(1.0) + 0.7 * of(0.0),
        "a soft label must cost the mixture of both labels",
        "Decorate the formula with elementwise_loss_function, or write Traits(soft_labels_mix=False).",
    )


def empty_batch(case: LossCase) -> None:
    """A rank may have nothing to do."""
    empty = torch.zeros(0, case.num_classes)
    loss = case.call(case.build(), empty, empty)
    if loss != 0:
        case.fail("a batch without images must cost 0", loss.item(), "Divide by counts of at least 1.")


def double_precision(case: LossCase) -> None:
    """Whoever computes in double precision has a reason."""
    logits, labels = case.tables()
    loss = case.build()
    precise = case.call(loss, logits.double(), labels)
    if precise.dtype != torch.float64:
        case.fail("double precision must stay", precise.dtype, "Cast to the dtype of the logits.")
    case.tell(loss)
    case.expect_close(
        precise.float(),
        case.call(case.build(), logits, labels),
        "double precision must give the same loss",
        FINITE,
    )


LAWS = (
    finite_value_and_gradient,
    labels_of_one_kind,
    extreme_logits,
    inputs_left_alone,
    order_of_samples,
    unknown_as_the_traits_say,
    weights_as_the_traits_say,
    elements_by_themselves,
    types_of_labels,
    soft_labels,
    empty_batch,
    double_precision,
)
