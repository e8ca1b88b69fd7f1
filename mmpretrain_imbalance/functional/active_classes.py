"""Label-space reduction: the classes that enter the loss of a step."""

from __future__ import annotations

import torch
from torch import Tensor


def active_class_weights(
    required: Tensor, hardness: Tensor, active_fraction: Tensor | float, hard_fraction: float, random: Tensor
) -> Tensor:
    r"""Choose the active classes of a step, with weights that keep the expected loss of each class unbiased.

    Of :math:`\lceil a C \rceil` places (a = ``active_fraction``) the required classes take theirs first. They
    leave a quarter of that number free, if need be beyond it: few random classes would have a great weight.
    ``hard_fraction`` of the free places goes to the hardest other classes, the rest, at least one, to m classes
    drawn evenly from the M that remain. A class that is in for sure has weight 1, a drawn one :math:`M / m`,
    one that is not drawn 0:

    .. math:: E[w_c] = 1 \text{ for every class}

    Source: the idea of a reduced label space is Zhang et al., 2023 (arXiv 2308.00166); the design is this
    project's.

    Args:
        required: Classes that must be active, such as those with a positive in the batch, bool, of shape
            (C,).
        hardness: Larger for harder classes, of shape (C,).
        active_fraction: Share of the classes that enter the loss, in (0, 1].
        hard_fraction: Share of the free places for the hardest classes, in [0, 1].
        random: Random numbers, one per class, of shape (C,).

    Returns:
        Weight of each class, of shape (C,), of the dtype of the hardness: 0 for inactive ones.

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
    # Rounding must not turn an exact 7 into 8: shares are decimals.
    places = (fraction * num_classes).round(decimals=9).ceil().long()
    free = torch.maximum(places - required.sum(), (places + 3) // 4)
    num_hard = torch.minimum((hard_fraction * free.double()).round(decimals=9).long(), others - 1)
    hard = _rank(hardness.masked_fill(required, -torch.inf), descending=True) < num_hard
    settled = required | hard
    num_drawn = (free - num_hard).clamp(min=1)
    drawn = _rank(random.masked_fill(settled, torch.iinfo(random.dtype).max), descending=False) < num_drawn
    weights = torch.where(settled, 1.0, drawn * ((others - num_hard) / num_drawn))
    return torch.where(free >= others, 1.0, weights).to(hardness.dtype)


def _rank(values: Tensor, descending: bool) -> Tensor:
    """The place of each value in their order; of equal ones that which comes first is first."""
    order = values.argsort(descending=descending, stable=True)
    return torch.empty_like(order).scatter(0, order, torch.arange(len(values), device=values.device))
