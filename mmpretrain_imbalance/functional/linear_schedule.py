"""A value that moves linearly over the epochs."""

from __future__ import annotations

from torch import Tensor


def linear_schedule(bounds: tuple[float, float], epoch: Tensor, max_epochs: Tensor) -> Tensor:
    r"""Value of a schedule at an epoch, counted from 0.

    .. math:: v(e) = v_0 + (v_1 - v_0) \min\left(\frac{e}{\max(E - 1, 1)}, 1\right)

    Args:
        bounds: Value in the first epoch and in the last, :math:`v_0` and :math:`v_1`.
        epoch: The epoch e, of any shape.
        max_epochs: The number of epochs E, a scalar.

    Returns:
        The value, float64, of the shape of the epoch.

    Example:
        >>> import torch
        >>> linear_schedule((0.5, 0.8), torch.arange(5), torch.tensor(4)).tolist()
        [0.5, 0.6, 0.7, 0.8, 0.8]
    """
    first, last = bounds
    return first + (last - first) * (epoch.double() / (max_epochs - 1).clamp(min=1)).clamp(max=1)
