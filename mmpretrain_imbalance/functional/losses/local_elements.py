"""A table of losses whose derivative is written out, and not left to autograd."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.autograd import Function


def local_elements(logits: Tensor, values: Tensor, slopes: Tensor) -> Tensor:
    r"""Give each element its value, and the given derivative by its own logit only.

    It serves a formula whose derivative is cheaper or more exact than what autograd makes of it, and a loss
    that is defined over whole images, classes or batches. Such a loss L is split into parts :math:`v_{nc}`
    with :math:`\sum v_{nc} = L`, and element (n, c) gets the gradient :math:`\partial L / \partial x_{nc}`.
    The sum of the table then has the value and the gradient of L, while an element that is masked or weighted
    passes on none or a multiple of its own gradient, and touches no other.

    Args:
        logits: Scores before the sigmoid, of shape (N, C).
        values: Loss, or part of the whole loss, of each element, of shape (N, C).
        slopes: Its derivative, or that of the whole loss, by each logit, of shape (N, C).

    Returns:
        The values, of shape (N, C).

    Raises:
        RuntimeError: In the backward pass, if a graph of it is asked for, to differentiate again.

    Example:
        >>> logits = torch.zeros(1, 2, requires_grad=True)
        >>> elements = local_elements(logits, torch.tensor([[1.0, 1.0]]), torch.tensor([[3.0, 4.0]]))
        >>> (elements * torch.tensor([[2.0, 0.0]])).sum().backward()
        >>> logits.grad
        tensor([[6., 0.]])
    """
    return _LocalElements.apply(logits, values.detach(), slopes.detach())


class _LocalElements(Function):
    @staticmethod
    def forward(ctx, logits, values, slopes):
        ctx.save_for_backward(slopes)
        return values.clone()

    @staticmethod
    def backward(ctx, grad):
        # A slope is a constant to autograd: a second derivative would lack a term, and nobody would be told.
        if torch.is_grad_enabled() and not torch.compiler.is_compiling():
            raise RuntimeError(
                "The derivative of this loss is written out and cannot be differentiated again. Call "
                "backward() or grad() without create_graph=True, or use a loss whose derivative is left to "
                "autograd, such as binary cross-entropy."
            )
        (slopes,) = ctx.saved_tensors
        return grad * slopes, None, None
