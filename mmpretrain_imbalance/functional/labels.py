"""The label convention, and the door through which every table of labels comes."""

from __future__ import annotations

import torch
from torch import Tensor

POSITIVE, NEGATIVE, UNKNOWN = 1, 0, -1
LABEL_WORDS = {"positive": POSITIVE, "negative": NEGATIVE, "unknown": UNKNOWN}  # as options name them
EXPECTED_LABELS = "1 (positive), 0 (negative) or -1 (unknown) in every element"
EXPECTED_LOGITS = "numbers, but training has diverged or its input is broken"


def check_logits_and_labels(logits: Tensor, labels: Tensor, caller: str, soft: bool = False) -> bool:
    """Refuse tables that no loss can mean anything by.

    Args:
        logits: Scores before the sigmoid, of shape (N, C).
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).
        caller: Name of the function or class whose arguments these are, for the message.
        soft: Whether labels strictly between 0 and 1 are accepted, as Mixup and CutMix make them.

    Returns:
        Whether there is any label strictly between 0 and 1.

    Raises:
        TypeError: If one of the two is no tensor, or the logits are whole numbers.
        ValueError: If shapes or devices differ, a logit is NaN or a label is outside the convention.

    Example:
        >>> check_logits_and_labels(torch.zeros(1, 2), torch.tensor([[1, -1]]), "loss")
        False
    """
    check_shapes(logits, labels, caller)
    if not logits.numel():
        return False
    if labels.dtype in (torch.uint8, torch.bool):
        labels = labels.short()  # an unsigned 255 would equal -1
    # One read for all flags: a NaN survives amax, and a label of the convention survives int8.
    whole = labels.to(torch.int8)
    lowest, highest = whole.aminmax()
    not_a_number, *outside = torch.stack(
        [
            logits.detach().amax().isnan(),
            (labels - whole).abs().amax() != 0,
            lowest < UNKNOWN,
            highest > POSITIVE,
        ]
    ).tolist()
    if not_a_number:
        _raise_at(logits.isnan(), logits, "logits", caller, EXPECTED_LOGITS)
    if not any(outside):
        return False
    between = (labels > 0) & (labels < 1)
    wrong = (labels != POSITIVE) & (labels != NEGATIVE) & (labels != UNKNOWN)
    _raise_at(wrong & ~between if soft else wrong, labels, "labels", caller, EXPECTED_LABELS)
    return bool(between.any())


def check_shapes(logits: Tensor, labels: Tensor, caller: str) -> None:
    """Refuse what is no pair of tables of one shape and device; no value is read.

    Args:
        logits: Scores before the sigmoid, of shape (N, C).
        labels: Labels of shape (N, C).
        caller: Name of the function or class whose arguments these are, for the message.

    Raises:
        TypeError: If one of the two is no tensor, or the logits are whole numbers.
        ValueError: If shapes or devices differ.

    Example:
        >>> check_shapes(torch.zeros(1, 2), torch.tensor([[1, -1]]), "loss")
    """
    for name, table in (("logits", logits), ("labels", labels)):
        if not isinstance(table, Tensor):
            raise TypeError(
                f"The '{name}' argument of {caller} must be a tensor. Got {type(table).__name__} instead."
            )
    if not logits.is_floating_point():
        raise TypeError(
            f"The 'logits' argument of {caller} must be floating-point scores. Got {logits.dtype} instead."
        )
    if logits.ndim != 2:
        raise ValueError(
            f"The 'logits' argument of {caller} must have the shape (N, C). Got {tuple(logits.shape)} "
            "instead."
        )
    if labels.shape != logits.shape:
        raise ValueError(
            f"The 'labels' argument of {caller} must have the shape of the logits, {tuple(logits.shape)}: "
            f"one label a sample and class. Got {tuple(labels.shape)} instead."
        )
    if labels.device != logits.device:
        raise ValueError(
            f"The 'labels' argument of {caller} must be on the device of the logits, {logits.device}. Got "
            f"{labels.device} instead."
        )


def _raise_at(wrong: Tensor, table: Tensor, name: str, caller: str, expected: str) -> None:
    """Raise for the first of the wrong elements, if there is any."""
    places = wrong.nonzero()
    if not len(places):
        return
    sample, class_index = places[0].tolist()
    more = f", and at {len(places) - 1} more elements" if len(places) > 1 else ""
    raise ValueError(
        f"The '{name}' argument of {caller} must be {expected}. Got {table[sample, class_index].item():g} at "
        f"sample {sample}, class {class_index}{more} instead."
    )


def hard_labels(labels: Tensor) -> Tensor:
    """Labels in one byte an element; soft labels, which are neither positive nor negative, become unknown.

    Args:
        labels: 1 positive, 0 negative, -1 unknown, or strictly between 0 and 1, of any shape and dtype.

    Returns:
        The labels in int8: the very same tensor where they are that already.

    Example:
        >>> hard_labels(torch.tensor([1.0, 0.0, -1.0, 0.4]))
        tensor([ 1,  0, -1, -1], dtype=torch.int8)
    """
    whole = labels.to(torch.int8)
    return whole.masked_fill_(whole != labels, UNKNOWN) if labels.is_floating_point() else whole


def known_labels(labels: Tensor) -> Tensor:
    """Where labels are known, soft ones included: bool, of the same shape.

    Example:
        >>> known_labels(torch.tensor([1.0, 0.0, -1.0, 0.4]))
        tensor([ True,  True, False,  True])
    """
    # A row and not the number: on a CPU, a comparison of bytes with a number takes ten times as long.
    unknown = torch.full(labels.shape[-1:], UNKNOWN, dtype=torch.int8, device=labels.device)
    return labels != unknown


def unknown_as_negative(labels: Tensor) -> Tensor:
    """Labels in which every unknown element is negative; soft labels stay.

    Example:
        >>> unknown_as_negative(torch.tensor([1.0, 0.0, -1.0, 0.4]))
        tensor([1.0000, 0.0000, 0.0000, 0.4000])
    """
    return labels.clamp(min=NEGATIVE)


def values_by_label(
    labels: Tensor,
    positive: float | Tensor,
    negative: float | Tensor,
    unknown: float | Tensor,
    dtype: torch.dtype,
) -> Tensor:
    r"""Give each element the value of its label; a soft label mixes those of positive and negative.

    .. math:: v(y) = v_0 + (v_1 - v_0) \max(y, 0) + (v_0 - v_{-1}) \min(y, 0)

    Args:
        labels: 1 positive, 0 negative, -1 unknown, or strictly between 0 and 1, of shape (N, C).
        positive: Finite value :math:`v_1` of positives, a number or one per class, of shape (C,).
        negative: Value :math:`v_0` of negatives, in the same way.
        unknown: Value :math:`v_{-1}` of unknown elements, in the same way.
        dtype: Floating dtype of the values.

    Returns:
        Values of shape (N, C).

    Example:
        >>> values_by_label(torch.tensor([[1.0, 0.0, -1.0, 0.25]]), 3, 1, 7, torch.float32)
        tensor([[3.0000, 1.0000, 7.0000, 1.5000]])
    """
    table = labels.to(dtype)
    return negative + (positive - negative) * table.clamp(min=0) + (negative - unknown) * table.clamp(max=0)
