"""BoostLU: multiplication of the positive values of class activation maps."""

from __future__ import annotations

import torch
from torch import Tensor


def boost_lu(activation_maps: Tensor, factor: float = 5.0) -> Tensor:
    r"""Multiply the positive values of class activation maps, before they are averaged over the image.

    .. math:: \text{BoostLU}(m) = \max(m, \alpha m), \quad \alpha \ge 1

    A model trained with missing labels highlights the right regions, but with too small values. The factor
    brings its maps to the scale of a model trained with full labels.

    Source: Kim et al., CVPR 2023 (arXiv 2304.01804), :math:`\alpha = 5`.

    Args:
        activation_maps: Maps of any shape.
        factor: The factor :math:`\alpha`, at least 1; 1 changes nothing.

    Returns:
        Maps of the same shape.

    Raises:
        ValueError: If the factor is below 1.

    Example:
        >>> boost_lu(torch.tensor([-2.0, 0.0, 2.0]))
        tensor([-2.,  0., 10.])
    """
    if not factor >= 1:
        raise ValueError(f"The 'factor' argument of boost_lu must be at least 1. Got {factor} instead.")
    return torch.where(activation_maps > 0, factor * activation_maps, activation_maps)
