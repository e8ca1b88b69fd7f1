"""Checks of a loss and of its arguments before the formula is computed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from ...functional import LossContext, check_logits_and_labels
from ...functional.labels import check_shapes
from .delayed_validation import CLASS_INDEX, SAMPLE_ID
from .loss_state import LossState
from .traits import Traits

if TYPE_CHECKING:
    from .elementwise_loss import ElementwiseLoss

VALIDATE: tuple[str | None, ...] = (None, "now", "later", "never")


def valid_labels(loss: ElementwiseLoss, logits: Tensor, target: Tensor, context: LossContext) -> Tensor:
    """Return the labels as a matrix, and validate them as the loss is configured: now, later or never.

    Args:
        loss: The loss; its ``validate`` is used.
        logits: Scores before the sigmoid, of at least float32, of shape (N, C).
        target: Labels of shape (N, C), or class indices of shape (N,).
        context: Inputs that the head passed beside logits and labels.

    Returns:
        Labels of shape (N, C), int8 if no label is soft.

    Raises:
        TypeError: If the logits or the labels are not a tensor.
        ValueError: If shapes, labels, logits or indices are wrong.
    """
    name = type(loss).__name__
    mode = loss.validate or ("now" if logits.device.type == "cpu" else "later")
    if mode == "now" and torch.compiler.is_compiling():
        mode = "later"
    single = isinstance(target, Tensor) and target.ndim == 1
    labels = _one_hot(loss, target, logits, mode) if single else target
    check_shapes(logits, labels, name)
    # Sample ids of a validation set are not those of the training set.
    if loss.training and context.sample_ids is not None and loss.sample_id_limit is not None:
        _check_sample_ids(loss, context.sample_ids, loss.sample_id_limit, mode)
    if mode == "later":
        loss.delayed_validation.record_wrong_values(logits.detach(), labels)
    if mode != "now":
        return labels if labels.is_floating_point() else labels.to(torch.int8)
    try:
        soft = check_logits_and_labels(logits, labels, name, soft=True)
    except ValueError as error:
        where = describe_first_nan(logits, loss.class_names, context.sample_ids)
        raise ValueError(f"{error}{where}") from None
    return labels if soft else labels.to(torch.int8)


def in_single_precision(logits: Tensor) -> Tensor:
    """Convert logits of half precision to float32 and clamp infinities to the largest half-precision value.

    The loss of such an element is then finite, and becomes 0 with a weight of 0.

    Example:
        >>> in_single_precision(torch.tensor([0.5, torch.inf], dtype=torch.float16))
        tensor([5.0000e-01, 6.5504e+04])
    """
    if logits.dtype not in (torch.float16, torch.bfloat16):
        return logits
    largest = torch.finfo(logits.dtype).max
    return logits.float().clamp(min=-largest, max=largest)


def broadcast_weight(weight: Tensor, loss: Tensor, caller: str) -> Tensor:
    """Bring a weight per element or per image into a shape that can be multiplied with the element losses.

    Args:
        weight: Weight of each element, of shape (N, C), or of each image, of shape (N,).
        loss: Loss of each element, of shape (N, C).
        caller: Name of the class whose argument this is, for error messages.

    Raises:
        ValueError: If the weight has another shape.

    Example:
        >>> broadcast_weight(torch.ones(2), torch.ones(2, 3), "SomeLoss").shape
        torch.Size([2, 1])
    """
    if weight.shape == loss.shape:
        return weight
    if weight.shape == loss.shape[:1]:
        return weight[:, None]
    raise ValueError(
        f"The 'weight' argument of {caller} must be one weight per element, of shape {tuple(loss.shape)}, or "
        f"per image, of shape {tuple(loss.shape[:1])}. Got the shape {tuple(weight.shape)} instead."
    )


def checked_needs(loss: ElementwiseLoss) -> tuple[str, ...]:
    """Return the needs of a loss; in training, raise unless the hook has set what the loss needs.

    Raises:
        RuntimeError: If the loss needs the label counts or the progress, and they were not set.
    """
    needs = loss.traits.needs
    for need, reason, call in (
        (
            "label_counts",
            "needs the label counts of the training set",
            "set_label_counts(positives, negatives)",
        ),
        ("progress", "depends on the epoch", "set_progress(epoch, max_epochs, iteration)"),
    ):
        if loss.training and need in needs and need not in loss.provided_needs:
            raise RuntimeError(
                f"{_owner_of_need(loss, need)} {reason}. Add dict(type='LabelStatisticsHook') to "
                f"custom_hooks, or call {call} of the loss."
            )
    return needs


def check_context(
    loss: ElementwiseLoss, needs: tuple[str, ...], logits: Tensor, context: LossContext
) -> None:
    """Raise unless the context holds what the loss needs and the statistics fit the logits.

    Raises:
        ValueError: If sample ids or activation maps are missing, or the number of classes of the statistics
            is not C.
    """
    for field in ("sample_ids", "activation_maps"):
        if field in needs and getattr(context, field) is None:
            raise ValueError(
                f"{_owner_of_need(loss, field)} needs the {field} of the batch, which this head does not "
                "pass. Use PartialLabelLinearClsHead or PartialLabelCSRAClsHead."
            )
    if torch.compiler.is_compiling():
        return
    num_classes = logits.shape[1]
    for state in loss.modules():
        lengths = state.class_lengths() if isinstance(state, LossState) else ()
        if other := [length for length in lengths if length not in (0, num_classes)]:
            raise ValueError(
                f"The logits of the head have {num_classes} classes, but {type(state).__name__} has "
                f"statistics of {other[0]} classes (from the training set or the checkpoint). Set "
                "num_classes of the head to the number of classes of the dataset."
            )


def required_sample_ids(context: LossContext) -> Tensor:
    """Return the sample ids of a context, for losses with the need ``'sample_ids'``.

    Raises:
        ValueError: If there are none; ``check_context`` raises earlier, with the name of the loss.
    """
    if context.sample_ids is None:
        raise ValueError("The 'context' argument must have sample_ids. Got None instead.")
    return context.sample_ids


def required_num_images(num_images: int | None, owner: str) -> int:
    """Return the length of the training set, which a config may leave to ``LabelStatisticsHook``.

    Args:
        num_images: Length of the training set; ``None`` if neither the config nor the hook has set it.
        owner: Name of the loss with this argument, for the message.

    Raises:
        ValueError: If it is ``None``.
    """
    if num_images is None:
        raise ValueError(
            f"The 'num_images' argument of {owner} must be the length of the training set in a run without "
            "LabelStatisticsHook. Got None instead. Add dict(type='LabelStatisticsHook') to custom_hooks."
        )
    return num_images


def _one_hot(loss: ElementwiseLoss, target: Tensor, logits: Tensor, mode: str) -> Tensor:
    num_classes = logits.shape[-1]
    if mode == "later":
        loss.delayed_validation.record_wrong_indices(target, num_classes, CLASS_INDEX)
    if target.is_floating_point() or (mode == "now" and _outside(target, num_classes)):
        raise ValueError(
            f"The 'target' argument of {type(loss).__name__} must be labels of shape (N, C), or class "
            f"indices from 0 to {num_classes - 1} of shape (N,). Got values from {target.min().item()} to "
            f"{target.max().item()} instead."
        )
    # A wrong index is clamped, because it would abort a GPU process before the delayed validation can raise.
    indices = target.long().clamp(0, num_classes - 1)[:, None]
    return torch.zeros(logits.shape, dtype=torch.int8, device=logits.device).scatter(1, indices, 1)


def _check_sample_ids(loss: ElementwiseLoss, sample_ids: Tensor, limit: int, mode: str) -> None:
    if mode == "later":
        loss.delayed_validation.record_wrong_indices(sample_ids, limit, SAMPLE_ID)
    elif mode == "now" and _outside(sample_ids, limit):
        wrong = sample_ids[(sample_ids < 0) | (sample_ids >= limit)]
        raise ValueError(
            f"The 'num_images' argument of {_owner_of_need(loss, 'sample_ids')} must be the length of the "
            f"training set, larger than every sample id. Got {limit} and the sample id {int(wrong[0])} "
            "instead."
        )


def _outside(indices: Tensor, limit: int) -> bool:
    return len(indices) > 0 and not 0 <= int(indices.min()) <= int(indices.max()) < limit


def _owner_of_need(loss: nn.Module, need: str) -> str:
    """Return the name of the innermost loss with a need."""
    wrapped = getattr(loss, "loss", None)
    if wrapped is not None and need in getattr(wrapped, "traits", Traits()).needs:
        return _owner_of_need(wrapped, need)
    return type(loss).__name__


def describe_first_nan(logits: Tensor, class_names: Sequence[str] | None, sample_ids: Tensor | None) -> str:
    """Describe the class and the image of the first logit that is NaN.

    Args:
        logits: Scores, of shape (N, C).
        class_names: Names of the C classes; ``None`` if they are not known.
        sample_ids: Index of each image in the training set, of shape (N,); ``None`` if it is not known.

    Returns:
        A sentence with a leading space; an empty string if there is no NaN, or neither class name nor image
        is known.

    Example:
        >>> import torch
        >>> describe_first_nan(torch.tensor([[0.0, torch.nan]]), ["cat", "dog"], torch.tensor([17]))
        " This is class 'dog' of the image with the sample_idx 17."
    """
    positions = logits.isnan().nonzero()
    if not len(positions):
        return ""
    sample, class_index = positions[0].tolist()
    parts = []
    if class_names is not None and class_index < len(class_names):
        parts.append(f"class {class_names[class_index]!r}")
    if sample_ids is not None:
        parts.append(f"the image with the sample_idx {int(sample_ids[sample])}")
    return f" This is {' of '.join(parts)}." if parts else ""
