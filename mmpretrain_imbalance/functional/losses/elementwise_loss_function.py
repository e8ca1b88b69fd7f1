"""Decorator of the elementwise loss functions: validation, precision and soft labels."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Protocol, cast, overload

import torch
from torch import Tensor

from ..labels import check_logits_and_labels


class ElementwiseLossFunction(Protocol):
    """Type of a decorated loss function; ``unvalidated`` is the same function without validation."""

    unvalidated: Callable[..., Tensor]

    def __call__(self, logits: Tensor, labels: Tensor, *args: Any, **kwargs: Any) -> Tensor: ...


@overload
def elementwise_loss_function(
    function: Callable[..., Tensor], *, mix_soft_labels: bool = True
) -> ElementwiseLossFunction: ...


@overload
def elementwise_loss_function(
    function: None = None, *, mix_soft_labels: bool = True
) -> Callable[[Callable[..., Tensor]], ElementwiseLossFunction]: ...


def elementwise_loss_function(
    function: Callable[..., Tensor] | None = None, *, mix_soft_labels: bool = True
) -> ElementwiseLossFunction | Callable[[Callable[..., Tensor]], ElementwiseLossFunction]:
    r"""Add validation, float32 precision and soft labels to a loss function of the labels 1, 0 and -1.

    The decorated function receives logits of at least float32 and int8 labels that are exactly 1, 0 or -1.
    For a label :math:`y` strictly between 0 and 1, the loss is that of ``mixed_over_hard_labels``. A loss
    whose elements depend on the labels of other elements must define soft labels itself: with
    ``mix_soft_labels=False`` it receives them, in the dtype of the logits.

    Args:
        function: ``function(logits, labels, ...)`` that returns the losses, of shape (N, C).
        mix_soft_labels: Whether soft labels are replaced by a mixture of positives and negatives.

    Returns:
        The function, preceded by the validation of :func:`check_logits_and_labels`. Its attribute
        ``unvalidated`` is the function without validation, for tensors that the caller validates. It reads
        nothing back from the device.

    Example:
        >>> @elementwise_loss_function
        ... def margin(logits, labels):
        ...     return torch.where(labels == 1, -logits, logits)
        >>> margin(torch.ones(1, 2), torch.tensor([[0.75, 0.0]]))
        tensor([[-0.5000,  1.0000]])
    """
    if function is None:
        return functools.partial(elementwise_loss_function, mix_soft_labels=mix_soft_labels)

    def unvalidated(logits: Tensor, labels: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        if logits.dtype in (torch.float16, torch.bfloat16):
            logits = logits.float()
        if not labels.is_floating_point():
            return function(logits, labels.to(torch.int8), *args, **kwargs)
        labels = labels.to(logits.dtype)
        if not mix_soft_labels:
            return function(logits, labels, *args, **kwargs)
        return mixed_over_hard_labels(
            lambda hard: function(logits, hard.to(torch.int8), *args, **kwargs), labels
        )

    @functools.wraps(function)
    def validated(logits: Tensor, labels: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        soft = check_logits_and_labels(logits, labels, function.__name__, soft=True)
        return unvalidated(logits, labels if soft else labels.to(torch.int8), *args, **kwargs)

    decorated = cast(ElementwiseLossFunction, validated)
    decorated.unvalidated = unvalidated
    return decorated


def mixed_over_hard_labels(loss_of: Callable[[Tensor], Tensor], labels: Tensor) -> Tensor:
    r"""Compute the losses of soft labels from the losses of hard labels.

    The loss of each element must depend on its own label only. The loss of a label :math:`y` strictly
    between 0 and 1 is the mixture of the losses of a positive and a negative:

    .. math:: \ell(x, y) = y\, \ell(x, 1) + (1 - y)\, \ell(x, 0)

    Args:
        loss_of: Function that returns the losses, of shape (N, C), of hard labels of shape (N, C).
        labels: 1, 0, -1 or strictly between 0 and 1, floating, of shape (N, C).

    Returns:
        Losses, of shape (N, C).

    Example:
        >>> mixed_over_hard_labels(lambda labels: 8 * labels, torch.tensor([[1.0, 0.25]]))
        tensor([[8., 2.]])
    """
    up, down = labels.ceil(), labels.floor()
    as_positive, as_negative = loss_of(up), loss_of(down)
    return torch.where(up == down, as_positive, labels * as_positive + (1 - labels) * as_negative)
