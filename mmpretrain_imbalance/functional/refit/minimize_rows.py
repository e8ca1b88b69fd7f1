"""L-BFGS for many small convex problems at once, which share the passes over the data."""

from __future__ import annotations

from typing import Callable

import torch
from torch import Tensor

#: Values (A,) and gradients (A, P) of the problems with the given indices (A,) at the given points (A, P).
RowsFunction = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]

_HISTORY = 6  # pairs of steps and changes of the gradient that each row remembers
_DECREASE = 1e-4  # fraction of the decrease of the tangent that a step must reach
_ROUNDING = 1e-14  # of a value, relative


def minimize_rows(function: RowsFunction, start: Tensor, *, tolerance: float, max_evaluations: int) -> Tensor:
    r"""Minimize R independent, smooth and strictly convex functions of P numbers each.

    Each row follows L-BFGS (Liu and Nocedal, "On the limited memory BFGS method for large scale
    optimization", 1989) with its own memory and its own step, which is shortened until the value decreases
    enough (Armijo, 1966). One evaluation computes a trial point of each row that has not ended: a pass over
    the data moves all rows, and the result of a row does not depend on the other rows.

    Args:
        function: Computes values and gradients of some rows; see :data:`RowsFunction`.
        start: First points, float64, of shape (R, P).
        tolerance: A row ends when no element of its gradient is larger.
        max_evaluations: The largest number of evaluations.

    Returns:
        The minima, of shape (R, P).

    Example:
        >>> def parabolas(rows, points):
        ...     return (points - 3).square().sum(dim=1), 2 * (points - 3)
        >>> minimize_rows(parabolas, torch.zeros(2, 1).double(), tolerance=1e-6, max_evaluations=9)
        tensor([[3.],
                [3.]], dtype=torch.float64)
    """
    points, trials = start.clone(), start.clone()
    values, gradients = start.new_full((len(start),), torch.inf), torch.zeros_like(start)
    directions, slopes, sizes = torch.zeros_like(start), torch.zeros_like(values), torch.ones_like(values)
    steps, changes = start.new_zeros((2, _HISTORY, *start.shape))
    rows = torch.arange(len(start), device=start.device)
    for evaluation in range(max_evaluations):
        trial_values, trial_gradients = function(rows, trials[rows])
        # Rounding hides a decrease of the last digits.
        limits = values[rows] + _DECREASE * sizes[rows] * slopes[rows] + _ROUNDING * trial_values.abs()
        accepted = trial_values <= limits
        moved, short = rows[accepted], rows[~accepted]
        sizes[short] *= _shorter(values[short], slopes[short] * sizes[short], trial_values[~accepted])
        if evaluation > 0:
            steps[:-1, moved], steps[-1, moved] = steps[1:, moved], trials[moved] - points[moved]
            changes[:-1, moved] = changes[1:, moved]
            changes[-1, moved] = trial_gradients[accepted] - gradients[moved]
        points[moved], values[moved] = trials[moved], trial_values[accepted]
        gradients[moved] = trial_gradients[accepted]
        directions[moved] = _directions(gradients[moved], steps[:, moved], changes[:, moved])
        slopes[moved], sizes[moved] = (directions[moved] * gradients[moved]).sum(dim=1), 1.0

        rows = rows[gradients[rows].abs().amax(dim=1) > tolerance]
        if not len(rows):
            break
        trials[rows] = points[rows] + sizes[rows, None] * directions[rows]
    return points


def _shorter(values: Tensor, slopes: Tensor, trial_values: Tensor) -> Tensor:
    """Return the factor of a step at the minimum of a parabola, within [0.1, 0.5]."""
    factor = -slopes / (2 * (trial_values - values - slopes))
    return factor.nan_to_num(0.1).clamp(0.1, 0.5)


def _directions(gradients: Tensor, steps: Tensor, changes: Tensor) -> Tensor:
    """Apply the two loops of L-BFGS; empty places of the memory are zero and change nothing."""
    products = (steps * changes).sum(dim=2)  # (history, R), positive by convexity
    inverses = torch.where(products > 0, 1 / products, 0)
    result, factors = -gradients, torch.zeros_like(products)
    for pair in reversed(range(_HISTORY)):
        factors[pair] = inverses[pair] * (steps[pair] * result).sum(dim=1)
        result = result - factors[pair, :, None] * changes[pair]
    # The first step has at most the length 1.
    first = 1 / gradients.norm(dim=1).clamp(min=1)
    scale = torch.where(products[-1] > 0, products[-1] / changes[-1].square().sum(dim=1), first)
    result = scale[:, None] * result
    for pair in range(_HISTORY):
        factor = inverses[pair] * (changes[pair] * result).sum(dim=1)
        result = result + (factors[pair] - factor)[:, None] * steps[pair]
    return result
