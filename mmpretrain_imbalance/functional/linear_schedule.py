"""Linear schedule of a value over the epochs."""

from __future__ import annotations

from torch import Tensor


def linear_schedule(bounds: tuple[float, float], epoch: Tensor, max_epochs: Tensor) -> Tensor:
    r"""Value of a linear schedule at an epoch.

    .. math:: v(e) = v_0 + (v_1 - v_0) \min\left(\frac{e}{\max(E - 1, 1)}, 1\right)

    Args:
        bounds: Values :math:`v_0` of the first epoch and :math:`v_1` of the last epoch.
        epoch: The epoch e, counted from 0, of any shape.
        max_epochs: The number of epochs E, a scalar.

    Returns:
        The value, float64, of the shape of ``epoch``.

    Example:
        >>> import torch
        >>> linear_schedule((0.5, 0.8), torch.arange(5), torch.tensor(4)).tolist()
        [0.5, 0.6, 0.7, 0.8, 0.8]
    """
    first, last = bounds
    return first + (last - first) * (epoch.double() / (max_epochs - 1).clamp(min=1)).clamp(max=1)
