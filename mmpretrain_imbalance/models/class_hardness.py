"""What each class cost when it was last computed."""

from __future__ import annotations

import torch
from mmengine.dist import all_reduce
from torch import Tensor, nn


class ClassHardness(nn.Module):
    r"""Remembers the mean loss of each class over the steps in which it was computed.

    .. math:: h_c \leftarrow h_c + \mu (\bar\ell_c - h_c)

    with the mean :math:`\bar\ell_c` over the images of all ranks on which class c was computed in this step.
    A class that was never computed is harder than any other, so that its turn comes; a class that has grown
    hard since is found when it is drawn at random.

    The memory is a buffer: it is in the checkpoint and the same on all ranks.

    Args:
        num_classes: Number of classes C.
        momentum: Weight :math:`\mu` of the new loss.

    Example:
        >>> hardness = ClassHardness(3, momentum=0.5)
        >>> hardness.update(torch.tensor([[1.0, 4.0], [3.0, 0.0]]), torch.tensor([0, 2]))
        >>> hardness.update(torch.tensor([[4.0]]), torch.tensor([0]))
        >>> hardness.loss
        tensor([3., inf, 2.])
    """

    def __init__(self, num_classes: int, momentum: float) -> None:
        super().__init__()
        self.momentum = momentum
        self.register_buffer("loss", torch.full((num_classes,), torch.inf))

    @torch.no_grad()
    def update(self, elements: Tensor, active: Tensor) -> None:
        """Take the losses of a step; every rank must call this.

        Args:
            elements: Loss of each element, of shape (N, A).
            active: Index of each of the A classes.
        """
        sums = self.loss.new_zeros(2, len(self.loss))
        sums[0, active] = elements.sum(dim=0).to(sums.dtype)
        sums[1, active] = len(elements)
        all_reduce(sums)
        mean = sums[0] / sums[1]
        moved = torch.where(self.loss.isinf(), mean, torch.lerp(self.loss, mean, self.momentum))
        self.loss.copy_(torch.where(mean.isfinite(), moved, self.loss))
