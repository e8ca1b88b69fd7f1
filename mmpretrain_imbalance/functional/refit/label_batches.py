"""Batches of features and labels that are read several times, and sums over ranks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Callable

import torch
from torch import Tensor

from ..labels import known_labels, unknown_as_negative

#: Features of shape (n, D) and labels of shape (n, C), which are 1 positive, 0 negative or -1 unknown. They
#: are iterated several times, so that a generator is not enough.
Batches = Iterable[tuple[Tensor, Tensor]]
#: Sum of a tensor over all ranks.
ReduceSum = Callable[[Tensor], Tensor]
#: The tensors of all ranks, in the order of the ranks. Their first dimensions may differ.
Gather = Callable[[Tensor], list[Tensor]]


def one_process_sum(values: Tensor) -> Tensor:
    """Sum of a tensor over the ranks of a single process.

    Args:
        values: Numbers of any shape.

    Returns:
        The same tensor.

    Example:
        >>> one_process_sum(torch.tensor([1.0, 2.0]))
        tensor([1., 2.])
    """
    return values


def one_process_gather(values: Tensor) -> list[Tensor]:
    """Tensors of the ranks of a single process.

    Args:
        values: Numbers of any shape.

    Returns:
        A list of the same tensor.

    Example:
        >>> one_process_gather(torch.tensor([1.0, 2.0]))
        [tensor([1., 2.])]
    """
    return [values]


def known_counts(batches: Batches, like: Tensor, reduce_sum: ReduceSum) -> Tensor:
    """Count the known positives and the known negatives of each class; a soft label counts for both.

    Args:
        batches: Images with partial labels.
        like: Tensor of shape (C,), whose dtype and device the counts have.
        reduce_sum: Sum of a tensor over all ranks.

    Returns:
        Numbers of positives and of negatives, of shape (2, C).

    Example:
        >>> batches = [(torch.zeros(3, 1), torch.tensor([[1, -1], [0, -1], [0, 1]]))]
        >>> known_counts(batches, torch.zeros(2), one_process_sum)
        tensor([[1., 1.],
                [2., 0.]])
    """
    counts = like.new_zeros((2, *like.shape))
    for _, labels in batches:
        known, values = known_labels(labels), labels.to(like)
        counts[0] += torch.where(known.to(like.device), values, 0).sum(dim=0)
        counts[1] += torch.where(known.to(like.device), 1 - values, 0).sum(dim=0)
    return reduce_sum(counts)


class UnknownAsNegativeBatches:
    """Batches whose unknown labels are negative, for a training set without annotated negatives.

    Args:
        batches: The batches with unknown labels.

    Example:
        >>> batches = [(torch.zeros(2, 3), torch.tensor([[1, -1], [-1, -1]]))]
        >>> next(iter(UnknownAsNegativeBatches(batches)))[1]
        tensor([[1, 0],
                [0, 0]])
    """

    def __init__(self, batches: Iterable[tuple[Tensor, Tensor]]) -> None:
        self._batches = batches

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        for features, labels in self._batches:
            yield features, unknown_as_negative(labels)
