"""What is checked of a loss and its arguments before the formula sees them."""

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

VALIDATE = (None, "now", "later", "never")


def valid_labels(loss: ElementwiseLoss, logits: Tensor, target: Tensor, context: LossContext) -> Tensor:
    """The table of labels of a loss, validated now, later or never.

    Args:
        loss: The loss, which says when it validates.
        logits: Scores before the sigmoid, of at least float32, of shape (N, C).
        target: Labels of shape (N, C), or class indices of shape (N,).
        context: What the head gave beside them.

    Returns:
        Labels of shape (N, C), int8 where they are known to be hard.

    Raises:
        TypeError: If one of the tables is no tensor.
        ValueError: If shapes, labels, logits or indices are wrong.
    """
    name = type(loss).__name__
    mode = loss.validate or ("now" if logits.device.type == "cpu" else "later")
    if mode == "now" and torch.compiler.is_compiling():
        mode = "later"
    single = isinstance(target, Tensor) and target.ndim == 1
    labels = _one_hot(loss, target, logits, mode) if single else target
    check_shapes(logits, labels, name)
    # The images of a validation go by ids of their own.
    if loss.training and context.sample_ids is not None and loss.sample_id_limit is not None:
        _check_sample_ids(loss, context.sample_ids, mode)
    if mode == "later":
        loss.delayed_validation.record_wrong_values(logits.detach(), labels)
    if mode != "now":
        return labels if labels.is_floating_point() else labels.to(torch.int8)
    try:
        soft = check_logits_and_labels(logits, labels, name, soft=True)
    except ValueError as error:
        where = name_first_nan(logits, loss.class_names, context.sample_ids)
        raise ValueError(f"{error}{where}") from None
    return labels if soft else labels.to(torch.int8)


def in_single_precision(logits: Tensor) -> Tensor:
    """Logits of half precision in float32; what overflowed there to infinity becomes its largest number.

    The loss of an element then stays finite, and a weight of 0 leaves nothing of it.

    Example:
        >>> in_single_precision(torch.tensor([0.5, torch.inf], dtype=torch.float16))
        tensor([5.0000e-01, 6.5504e+04])
    """
    if logits.dtype not in (torch.float16, torch.bfloat16):
        return logits
    largest = torch.finfo(logits.dtype).max
    return logits.float().clamp(min=-largest, max=largest)


def broadcast_weight(weight: Tensor, loss: Tensor, caller: str) -> Tensor:
    """A weight of each element or of each image, as a factor of the elements.

    Args:
        weight: Of shape (N, C) or (N,).
        loss: Loss of each element, of shape (N, C).
        caller: Name of the class whose argument it is, for the message.

    Raises:
        ValueError: If it has another shape.

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
    """The needs of a loss; in training, refuse to go on without what a hook must have told it.

    Raises:
        RuntimeError: Without the label counts or the place in the run that the loss needs.
    """
    needs = loss.traits.needs
    for need, what, call in (
        (
            "label_counts",
            "needs the label counts of the training set",
            "set_label_counts(positives, negatives)",
        ),
        ("progress", "depends on the epoch", "set_progress(epoch, max_epochs, iteration)"),
    ):
        if loss.training and need in needs and need not in loss.told:
            raise RuntimeError(
                f"{_owner_of_need(loss, need)} {what}. Add dict(type='LabelStatisticsHook') to "
                f"custom_hooks, or call its {call}."
            )
    return needs


def check_given(loss: ElementwiseLoss, needs: tuple[str, ...], logits: Tensor, context: LossContext) -> None:
    """Refuse to compute without what the head must give, or with statistics of other classes.

    Raises:
        ValueError: If sample ids or maps are missing, or the statistics are not of C classes.
    """
    for field in ("sample_ids", "activation_maps"):
        if field in needs and getattr(context, field) is None:
            raise ValueError(
                f"{_owner_of_need(loss, field)} needs the {field} of the batch, which this head does not "
                "pass. Use PartialLabelLinearClsHead or PartialLabelCSRAClsHead as the head."
            )
    if torch.compiler.is_compiling():
        return
    num_classes = logits.shape[1]
    for state in loss.modules():
        lengths = state.class_lengths() if isinstance(state, LossState) else ()
        if other := [length for length in lengths if length not in (0, num_classes)]:
            raise ValueError(
                f"The head gives logits of {num_classes} classes, but {type(state).__name__} holds "
                f"statistics of {other[0]} classes (from the training set or the checkpoint). Set the "
                "head's num_classes to that of the dataset."
            )


def _one_hot(loss: ElementwiseLoss, target: Tensor, logits: Tensor, mode: str) -> Tensor:
    num_classes = logits.shape[-1]
    if mode == "later":
        loss.delayed_validation.record_wrong_indices(target, num_classes, CLASS_INDEX)
    if target.is_floating_point() or (mode == "now" and _outside(target, num_classes)):
        raise ValueError(
            f"The 'target' argument of {type(loss).__name__} must be a table of labels (N, C) or class "
            f"indices from 0 to {num_classes - 1}, of shape (N,). Got values from {target.min().item()} "
            f"to {target.max().item()} instead."
        )
    # Clamped: a wrong index would end the process of a GPU before anybody could say so.
    places = target.long().clamp(0, num_classes - 1)[:, None]
    return torch.zeros(logits.shape, dtype=torch.int8, device=logits.device).scatter(1, places, 1)


def _check_sample_ids(loss: ElementwiseLoss, sample_ids: Tensor, mode: str) -> None:
    limit = loss.sample_id_limit
    if mode == "later":
        loss.delayed_validation.record_wrong_indices(sample_ids, limit, SAMPLE_ID)
    elif mode == "now" and _outside(sample_ids, limit):
        wrong = sample_ids[(sample_ids < 0) | (sample_ids >= limit)]
        raise ValueError(
            f"The 'num_images' argument of {_owner_of_need(loss, 'sample_ids')} must be the length of the "
            f"training set, above every sample id. Got {limit} and a sample with the id {int(wrong[0])} "
            "instead."
        )


def _outside(indices: Tensor, limit: int) -> bool:
    return len(indices) > 0 and not 0 <= int(indices.min()) <= int(indices.max()) < limit


def _owner_of_need(loss: nn.Module, need: str) -> str:
    """Name of the innermost loss with a need."""
    held = getattr(loss, "loss", None)
    return (
        _owner_of_need(held, need) if need in getattr(held, "traits", Traits()).needs else type(loss).__name__
    )


def name_first_nan(logits: Tensor, class_names: Sequence[str] | None, sample_ids: Tensor | None) -> str:
    """Name the class and the image of the first logit that is NaN.

    Args:
        logits: Scores, of shape (N, C).
        class_names: Names of the C classes; ``None`` where they are not known.
        sample_ids: Index of each image in the training set, of shape (N,); ``None`` where it is not known.

    Returns:
        A sentence with a space before it; nothing where there is no NaN, or no name for its place.

    Example:
        >>> import torch
        >>> name_first_nan(torch.tensor([[0.0, torch.nan]]), ["cat", "dog"], torch.tensor([17]))
        " This is class 'dog' of the image with the sample_idx 17."
    """
    places = logits.isnan().nonzero()
    if not len(places):
        return ""
    sample, class_index = places[0].tolist()
    parts = []
    if class_names is not None and class_index < len(class_names):
        parts.append(f"class {class_names[class_index]!r}")
    if sample_ids is not None:
        parts.append(f"the image with the sample_idx {int(sample_ids[sample])}")
    return f" This is {' of '.join(parts)}." if parts else ""
