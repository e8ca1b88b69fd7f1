"""A linear head: one row of weights and a bias per class."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor


class LinearHead(NamedTuple):
    r"""Weights and biases of a linear classifier of C classes on D features.

    .. math:: z_{nc} = w_c^\top x_n + b_c

    Attributes:
        weight: The rows :math:`w_c`, of shape (C, D).
        bias: The biases :math:`b_c`, of shape (C,).

    Example:
        >>> head = LinearHead(torch.tensor([[1.0, 2.0]]), torch.tensor([-1.0]))
        >>> head.logits(torch.tensor([[3.0, 0.5]]))
        tensor([[3.]])
    """

    weight: Tensor
    bias: Tensor

    def logits(self, features: Tensor) -> Tensor:
        """Compute the logits of images.

        Args:
            features: Features of shape (n, D), of any floating dtype and device.

        Returns:
            Logits of shape (n, C), of the dtype and on the device of the weights.
        """
        return F.linear(features.to(self.weight), self.weight, self.bias)

    def double(self) -> LinearHead:
        """Return the same head in float64."""
        return LinearHead(self.weight.detach().double(), self.bias.detach().double())

    def where(self, keep: Tensor, other: LinearHead) -> LinearHead:
        """Replace the rows of some classes by those of another head.

        Args:
            keep: Classes whose rows stay, bool, of shape (C,).
            other: Head of the same classes, whose rows the other classes get.

        Returns:
            The head with rows of both.
        """
        return LinearHead(
            torch.where(keep[:, None], self.weight, other.weight), torch.where(keep, self.bias, other.bias)
        )
