"""Label convention, and validation of logits and labels."""

from __future__ import annotations

import torch
from torch import Tensor

#: The three values of a label.
POSITIVE, NEGATIVE, UNKNOWN = 1, 0, -1
LABEL_WORDS = {"positive": POSITIVE, "negative": NEGATIVE, "unknown": UNKNOWN}  # names of labels in options
EXPECTED_LABELS = "1 (positive), 0 (negative) or -1 (unknown) in every element"
EXPECTED_LOGITS = "numbers in every element (NaN: the training has diverged, or an input is invalid)"


def check_logits_and_labels(logits: Tensor, labels: Tensor, caller: str, soft: bool = False) -> bool:
    """Validate the types, shapes, devices and values of logits and labels.

    Args:
        logits: Scores before the sigmoid, of shape (N, C).
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).
        caller: Name of the function or class whose arguments these are, for the message.
        soft: Whether labels strictly between 0 and 1 are accepted, such as those of Mixup and CutMix.

    Returns:
        Whether any label is strictly between 0 and 1.

    Raises:
        TypeError: If one of the two is not a tensor, or the logits are integers.
        ValueError: If shapes or devices differ, a logit is NaN, or a label is invalid.

    Example:
        >>> check_logits_and_labels(torch.zeros(1, 2), torch.tensor([[1, -1]]), "loss")
        False
    """
    check_shapes(logits, labels, caller)
    if not logits.numel():
        return False
    if labels.dtype in (torch.uint8, torch.bool):
        labels = labels.short()  # torch compares an unsigned 255 with -1 as equal
    # All flags are read from the device at once. amax returns NaN if any element is NaN, and the conversion
    # to int8 does not change hard labels.
    rounded = labels.to(torch.int8)
    lowest, highest = rounded.aminmax()
    has_nan, *outside = torch.stack(
        [
            logits.detach().amax().isnan(),
            (labels - rounded).abs().amax() != 0,
            lowest < UNKNOWN,
            highest > POSITIVE,
        ]
    ).tolist()
    if has_nan:
        _raise_at(logits.isnan(), logits, "logits", caller, EXPECTED_LOGITS)
    if not any(outside):
        return False
    between = (labels > 0) & (labels < 1)
    wrong = (labels != POSITIVE) & (labels != NEGATIVE) & (labels != UNKNOWN)
    _raise_at(wrong & ~between if soft else wrong, labels, "labels", caller, EXPECTED_LABELS)
    return bool(between.any())


def check_shapes(logits: Tensor, labels: Tensor, caller: str) -> None:
    """Validate the types, shapes and devices of logits and labels; no value is read.

    Args:
        logits: Scores before the sigmoid, of shape (N, C).
        labels: Labels of shape (N, C).
        caller: Name of the function or class whose arguments these are, for the message.

    Raises:
        TypeError: If one of the two is not a tensor, or the logits are integers.
        ValueError: If shapes or devices differ.

    Example:
        >>> check_shapes(torch.zeros(1, 2), torch.tensor([[1, -1]]), "loss")
    """
    for name, value in (("logits", logits), ("labels", labels)):
        if not isinstance(value, Tensor):
            raise TypeError(
                f"The '{name}' argument of {caller} must be a tensor. Got {type(value).__name__} instead."
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
            f"one label per sample and class. Got {tuple(labels.shape)} instead."
        )
    if labels.device != logits.device:
        raise ValueError(
            f"The 'labels' argument of {caller} must be on the device of the logits, {logits.device}. Got "
            f"{labels.device} instead."
        )


def _raise_at(wrong: Tensor, values: Tensor, name: str, caller: str, expected: str) -> None:
    """Raise for the first wrong element, if there is any."""
    indices = wrong.nonzero()
    if not len(indices):
        return
    sample, class_index = indices[0].tolist()
    more = f", and at {len(indices) - 1} more elements" if len(indices) > 1 else ""
    raise ValueError(
        f"The '{name}' argument of {caller} must be {expected}. "
        f"Got {values[sample, class_index].item():g} at sample {sample}, class {class_index}{more} instead."
    )


def hard_labels(labels: Tensor) -> Tensor:
    """Convert labels to int8; soft labels, which are neither positive nor negative, become unknown.

    Args:
        labels: 1 positive, 0 negative, -1 unknown, or strictly between 0 and 1, of any shape and dtype.

    Returns:
        The labels in int8: the same tensor, not a copy, if it is int8 already.

    Example:
        >>> hard_labels(torch.tensor([1.0, 0.0, -1.0, 0.4]))
        tensor([ 1,  0, -1, -1], dtype=torch.int8)
    """
    rounded = labels.to(torch.int8)
    return rounded.masked_fill_(rounded != labels, UNKNOWN) if labels.is_floating_point() else rounded


def known_labels(labels: Tensor) -> Tensor:
    """Find the known labels, including soft ones.

    Args:
        labels: 1 positive, 0 negative, -1 unknown, or strictly between 0 and 1, of any shape and dtype.

    Returns:
        Known elements, bool, of the same shape.

    Example:
        >>> known_labels(torch.tensor([1.0, 0.0, -1.0, 0.4]))
        tensor([ True,  True, False,  True])
    """
    # Comparing int8 labels with a row is ten times as fast on a CPU as comparing them with a number.
    unknown = torch.full(labels.shape[-1:], UNKNOWN, dtype=torch.int8, device=labels.device)
    return labels != unknown


def unknown_as_negative(labels: Tensor) -> Tensor:
    """Replace unknown labels by negatives; soft labels do not change.

    Args:
        labels: 1 positive, 0 negative, -1 unknown, or strictly between 0 and 1, of any shape and dtype.

    Returns:
        Labels of the same shape and dtype.

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
    r"""Assign each element the value of its label; a soft label interpolates between negative and positive.

    .. math:: v(y) = v_0 + (v_1 - v_0) \max(y, 0) + (v_0 - v_{-1}) \min(y, 0)

    Args:
        labels: 1 positive, 0 negative, -1 unknown, or strictly between 0 and 1, of shape (N, C).
        positive: Finite value :math:`v_1` of positives: a number, or one per class, of shape (C,).
        negative: Finite value :math:`v_0` of negatives, in the same form.
        unknown: Finite value :math:`v_{-1}` of unknown elements, in the same form.
        dtype: Floating dtype of the values.

    Returns:
        Values of shape (N, C).

    Example:
        >>> values_by_label(torch.tensor([[1.0, 0.0, -1.0, 0.25]]), 3, 1, 7, torch.float32)
        tensor([[3.0000, 1.0000, 7.0000, 1.5000]])
    """
    labels = labels.to(dtype)
    return negative + (positive - negative) * labels.clamp(min=0) + (negative - unknown) * labels.clamp(max=0)
