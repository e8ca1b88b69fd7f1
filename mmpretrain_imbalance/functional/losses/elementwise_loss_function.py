"""What every function of element losses has in common."""

from __future__ import annotations

import functools
from collections.abc import Callable

import torch
from torch import Tensor

from ..labels import check_logits_and_labels


def elementwise_loss_function(
    function: Callable[..., Tensor] | None = None, *, mix_soft_labels: bool = True
) -> Callable:
    r"""Give an element loss of 1/0/-1 labels its checks, its precision and its soft labels.

    The decorated function sees logits of at least float32 and int8 labels that are exactly 1, 0 or -1. A
    label :math:`y` strictly between 0 and 1 costs what :func:`mixed_over_hard_labels` says. A loss whose
    elements depend on the labels of others says itself what soft labels mean: with ``mix_soft_labels=False``
    it sees them, in the dtype of the logits.

    Args:
        function: ``function(logits, labels, ...) -> (N, C)`` losses.
        mix_soft_labels: Whether soft labels are taken apart.

    Returns:
        The function with the checks of :func:`check_logits_and_labels` in front. Its attribute
        ``unvalidated`` is the same for tables that the caller validates: it reads nothing from the device.

    Example:
        >>> @elementwise_loss_function
        ... def margin(logits, labels):
        ...     return torch.where(labels == 1, -logits, logits)
        >>> margin(torch.ones(1, 2), torch.tensor([[0.75, 0.0]]))
        tensor([[-0.5000,  1.0000]])
    """
    if function is None:
        return functools.partial(elementwise_loss_function, mix_soft_labels=mix_soft_labels)

    def unvalidated(logits: Tensor, labels: Tensor, *args, **kwargs) -> Tensor:
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
    def validated(logits: Tensor, labels: Tensor, *args, **kwargs) -> Tensor:
        soft = check_logits_and_labels(logits, labels, function.__name__, soft=True)
        return unvalidated(logits, labels if soft else labels.to(torch.int8), *args, **kwargs)

    validated.unvalidated = unvalidated
    return validated


def mixed_over_hard_labels(elements_of: Callable[[Tensor], Tensor], labels: Tensor) -> Tensor:
    r"""Losses of soft labels, from losses of hard ones that depend on no label but their own.

    A label :math:`y` strictly between 0 and 1 costs what a share :math:`y` of a positive and :math:`1 - y` of
    a negative cost:

    .. math:: \ell(x, y) = y\, \ell(x, 1) + (1 - y)\, \ell(x, 0)

    Args:
        elements_of: Gives the losses, of shape (N, C), of a table of hard labels.
        labels: 1, 0, -1 or strictly between 0 and 1, floating, of shape (N, C).

    Returns:
        Losses, of shape (N, C).

    Example:
        >>> mixed_over_hard_labels(lambda labels: 8 * labels, torch.tensor([[1.0, 0.25]]))
        tensor([[8., 2.]])
    """
    up, down = labels.ceil(), labels.floor()
    as_positive, as_negative = elements_of(up), elements_of(down)
    return torch.where(up == down, as_positive, labels * as_positive + (1 - labels) * as_negative)
