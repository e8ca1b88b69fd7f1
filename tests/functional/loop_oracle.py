"""Comparison of losses and their gradients with plain loops in double precision."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

#: Labels of a batch: all kinds, all but one kind, and one kind only.
KINDS = [(1, 0, -1), (0, -1), (1, -1), (1, 0), (1,), (0,), (-1,)]
#: Relative and absolute tolerance of each precision.
TOLERANCES = {torch.float64: (1e-10, 1e-12), torch.float32: (1e-6, 3e-7)}


def tables(
    kinds: tuple[int, ...] = (1, 0, -1), shape: tuple[int, int] = (5, 6), seed: int = 0
) -> tuple[Tensor, Tensor]:
    """Return logits that are exact in single precision, and labels of the given kinds."""
    generator = torch.Generator().manual_seed(seed)
    logits = (3 * torch.randn(shape, generator=generator)).double()
    return logits, torch.tensor(kinds)[torch.randint(len(kinds), shape, generator=generator)]


def loop(by_hand: Callable[[Tensor, int], Tensor]) -> Callable[[Tensor, Tensor], Tensor]:
    """Return a function that calls ``by_hand(logit, label)`` for each element."""

    def table(logits: Tensor, labels: Tensor) -> Tensor:
        num_images, num_classes = logits.shape
        return torch.stack(
            [
                torch.stack([by_hand(logits[n, c], int(labels[n, c])) for c in range(num_classes)])
                for n in range(num_images)
            ]
        )

    return table


def assert_same(
    function: Callable[[Tensor, Tensor], Tensor],
    oracle: Callable[[Tensor, Tensor], Tensor],
    logits: Tensor,
    labels: Tensor,
    joint: bool = False,
    size: float = 1.0,
) -> None:
    """Assert that values and gradients agree; for a ``joint`` loss, only those of the sum of the elements.

    The absolute tolerance is for numbers of the given size.
    """
    weight = (
        torch.ones_like(logits)
        if joint
        else torch.rand(logits.shape, generator=torch.Generator().manual_seed(1)).double()
    )
    exact = logits.clone().requires_grad_()
    expected = oracle(exact, labels)
    (slope,) = torch.autograd.grad((expected * weight).sum() if not joint else expected, exact)
    for dtype, (rtol, atol) in TOLERANCES.items():
        inputs = logits.to(dtype).requires_grad_()
        table = function(inputs, labels)
        assert table.shape == logits.shape
        assert table.dtype == dtype
        (gradient,) = torch.autograd.grad((table * weight.to(dtype)).sum(), inputs)
        value = table.sum() if joint else table
        torch.testing.assert_close(value.double(), expected.detach(), rtol=rtol, atol=size * atol)
        torch.testing.assert_close(gradient.double(), slope, rtol=rtol, atol=size * atol)


def assert_finite_at_extremes(function: Callable[[Tensor, Tensor], Tensor]) -> None:
    """Assert that values and gradients are finite at logits of 80 in single and 15 in half precision."""
    for dtype, extreme in ((torch.float32, 80), (torch.bfloat16, 15), (torch.float16, 15)):
        logits = torch.tensor([[-extreme, 0, extreme, -extreme]] * 4, dtype=dtype, requires_grad=True)
        labels = torch.tensor([[1] * 4, [0] * 4, [-1] * 4, [1, 0, -1, 0]])
        table = function(logits, labels)
        assert table.dtype == torch.float32
        assert table.isfinite().all()
        table.sum().backward()
        assert logits.grad.isfinite().all()
