"""Elements of a loss with explicitly given derivatives."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function


def local_elements(logits: Tensor, values: Tensor, slopes: Tensor) -> Tensor:
    r"""Return the values, where each has the given derivative with respect to its own logit only.

    There are two uses. First, a formula whose explicit derivative is cheaper or more exact than that of
    autograd. Second, a loss L that is defined over whole images, classes or batches: it is split into parts
    :math:`v_{nc}` with :math:`\sum v_{nc} = L`, and element (n, c) gets the gradient
    :math:`\partial L / \partial x_{nc}`. The sum of the elements then has the value and the gradient of L.
    Masking or weighting an element masks or weights its own gradient and no other.

    Args:
        logits: Scores before the sigmoid, of shape (N, C).
        values: Loss, or part of the whole loss, of each element, of shape (N, C).
        slopes: Derivative of the loss, or of the whole loss, with respect to each logit, of shape (N, C).

    Returns:
        The values, of shape (N, C).

    Raises:
        RuntimeError: In the backward pass, if it runs with ``create_graph=True`` (second derivatives).

    Example:
        >>> logits = torch.zeros(1, 2, requires_grad=True)
        >>> elements = local_elements(logits, torch.tensor([[1.0, 1.0]]), torch.tensor([[3.0, 4.0]]))
        >>> (elements * torch.tensor([[2.0, 0.0]])).sum().backward()
        >>> logits.grad
        tensor([[6., 0.]])
    """
    elements: Tensor = _LocalElements.apply(logits, values.detach(), slopes.detach())
    return elements


class _LocalElements(Function):
    @staticmethod
    def forward(ctx: Any, logits: Tensor, values: Tensor, slopes: Tensor) -> Tensor:
        ctx.save_for_backward(slopes)
        return values.clone()

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        # Autograd treats the slopes as constants: a second derivative would silently lack a term.
        if torch.is_grad_enabled() and not torch.compiler.is_compiling():
            raise RuntimeError(
                "The derivative of this loss is given explicitly and cannot be differentiated again. Call "
                "backward() or grad() without create_graph=True, or use a loss that autograd differentiates, "
                "such as binary cross-entropy."
            )
        (slopes,) = ctx.saved_tensors
        return grad * slopes, None, None
