"""Running mean of the loss of each class."""

from __future__ import annotations

import torch
from mmengine.dist import all_reduce
from torch import Tensor, nn


class ClassHardness(nn.Module):
    r"""Running mean of the loss of each class, over the steps in which the class was computed.

    .. math:: h_c \leftarrow h_c + \mu (\bar\ell_c - h_c)

    with the mean :math:`\bar\ell_c` over the images of all ranks for which class c was computed in this step.
    A class that was never computed has an infinite value, so it is computed soon. A class that has become
    hard since it was last computed is noticed when it is sampled at random.

    The values are a buffer: they are saved in the checkpoint and equal on all ranks.

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

    loss: Tensor

    def __init__(self, num_classes: int, momentum: float) -> None:
        super().__init__()
        self.momentum = momentum
        self.register_buffer("loss", torch.full((num_classes,), torch.inf))

    @torch.no_grad()
    def update(self, elements: Tensor, active: Tensor) -> None:
        """Add the losses of a step; every rank must call this.

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
