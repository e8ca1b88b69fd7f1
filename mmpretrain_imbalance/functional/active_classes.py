"""Label-space reduction: random choice of the classes that enter the loss of a step."""

from __future__ import annotations

import torch
from torch import Tensor


def active_class_weights(
    required: Tensor, hardness: Tensor, active_fraction: Tensor | float, hard_fraction: float, random: Tensor
) -> Tensor:
    r"""Choose the active classes of a step, with weights that keep the expected loss of each class unbiased.

    The number of active classes is :math:`\lceil a C \rceil` with a = ``active_fraction``. The required
    classes are active first. At least a quarter of this number is chosen in addition to them, even if the
    total then exceeds :math:`\lceil a C \rceil`, because few random classes would have large weights. Of
    these additional classes, the fraction ``hard_fraction`` are the hardest classes that are not required.
    The others, at least one, are m random classes of the remaining M. The weight of required and of hard
    classes is 1, that of the random classes is :math:`M / m`, and that of all other classes is 0, so that

    .. math:: E[w_c] = 1 \text{ for every class}

    Source: the idea of a reduced label space is that of Zhang et al., 2023 (arXiv 2308.00166); the design is
    this project's.

    Args:
        required: Classes that must be active, such as those with a positive in the batch, bool, of shape
            (C,).
        hardness: Larger for harder classes, of shape (C,).
        active_fraction: Fraction of the classes that enter the loss, in (0, 1].
        hard_fraction: Fraction of hard classes among the additional ones, in [0, 1].
        random: Random numbers, one per class, of shape (C,).

    Returns:
        Weight of each class, 0 for inactive classes, of shape (C,), in the dtype of ``hardness``.

    Example:
        >>> required = torch.tensor([True, False, False, False, False, False])
        >>> random = torch.tensor([5, 3, 1, 2, 4, 0])
        >>> weights = active_class_weights(required, torch.arange(6.0), 0.5, 0.5, random)
        >>> weights[[0, 5]], weights.sum()
        (tensor([1., 1.]), tensor(6.))
    """
    num_classes = len(required)
    others = num_classes - required.sum()
    fraction = torch.zeros((), dtype=torch.float64, device=required.device) + active_fraction
    # The fraction is a decimal: without rounding, an exact 7 may become 8.
    num_active = (fraction * num_classes).round(decimals=9).ceil().long()
    num_additional = torch.maximum(num_active - required.sum(), (num_active + 3) // 4)
    num_hard = torch.minimum((hard_fraction * num_additional.double()).round(decimals=9).long(), others - 1)
    hard = _rank(hardness.masked_fill(required, -torch.inf), descending=True) < num_hard
    certain = required | hard
    num_random = (num_additional - num_hard).clamp(min=1)
    chosen = _rank(random.masked_fill(certain, torch.iinfo(random.dtype).max), descending=False) < num_random
    weights = torch.where(certain, 1.0, chosen * ((others - num_hard) / num_random))
    return torch.where(num_additional >= others, 1.0, weights).to(hardness.dtype)


def _rank(values: Tensor, descending: bool) -> Tensor:
    """Return the rank of each value, from 0; among equal values, the lower index comes first."""
    order = values.argsort(descending=descending, stable=True)
    return torch.empty_like(order).scatter(0, order, torch.arange(len(values), device=values.device))
