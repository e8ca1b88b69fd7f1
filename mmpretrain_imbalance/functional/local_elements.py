"""Elements of a loss that is defined over whole images, classes or batches."""

from __future__ import annotations

from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable


def local_elements(logits: Tensor, values: Tensor, slopes: Tensor) -> Tensor:
    r"""Give each element its part of a joint loss, and the gradient of its own logit only.

    A loss L over many elements is split into parts :math:`v_{nc}` with :math:`\sum v_{nc} = L`, and element
    (n, c) gets the gradient :math:`\partial L / \partial x_{nc}`. The sum of the table then has the value and
    the gradient of L, while an element that is masked or weighted passes on none or a multiple of its own
    gradient, and touches no other.

    Args:
        logits: Scores before the sigmoid, of shape (N, C).
        values: Part of each element, of shape (N, C).
        slopes: Derivative of the whole loss by each logit, of shape (N, C).

    Returns:
        The values, of shape (N, C).

    Example:
        >>> import torch
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
    @once_differentiable
    def backward(ctx, grad):
        (slopes,) = ctx.saved_tensors
        return grad * slopes, None, None
