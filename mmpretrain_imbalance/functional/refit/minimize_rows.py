"""L-BFGS for many small convex problems at once, which share the passes over the data."""

from __future__ import annotations

from typing import Callable

import torch
from torch import Tensor

#: Values (A,) and gradients (A, P) of the problems with the given indices (A,) at the given points (A, P).
RowsFunction = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]

_HISTORY = 6  # pairs of steps and changes of the gradient that each row remembers
_DECREASE = 1e-4  # fraction of the decrease of the tangent that a step must reach


def minimize_rows(
    function: RowsFunction,
    start: Tensor,
    precondition: Callable[[Tensor], Tensor],
    *,
    tolerance: float,
    max_evaluations: int,
) -> Tensor:
    r"""Minimize R independent, smooth and strictly convex functions of P numbers each.

    Each row follows L-BFGS (Liu and Nocedal, 1989) with its own memory and its own step, which backtracks
    until the decrease is sufficient (Armijo, 1966); strict convexity makes a condition on the new slope
    unnecessary. One evaluation computes a trial point of each row that has not ended. A pass over the data
    thus moves all rows, and the result of a row does not depend on the other rows.

    Args:
        function: Computes values and gradients of some rows; see :data:`RowsFunction`.
        start: First points, float64, of shape (R, P).
        precondition: Approximate product of the inverse second derivatives with gradients, (R, P) -> (R, P).
        tolerance: A row ends when no element of its gradient is larger.
        max_evaluations: The largest number of evaluations.

    Returns:
        The minima, of shape (R, P).

    Example:
        >>> def parabolas(rows, points):
        ...     return (points - 3).square().sum(dim=1), 2 * (points - 3)
        >>> minimize_rows(parabolas, torch.zeros(2, 1), lambda g: g, tolerance=1e-6, max_evaluations=9)
        tensor([[3.],
                [3.]])
    """
    points, trials = start.clone(), start.clone()
    values, gradients = start.new_full((len(start),), torch.inf), torch.zeros_like(start)
    directions, slopes, sizes = torch.zeros_like(start), torch.zeros_like(values), torch.ones_like(values)
    steps, changes = start.new_zeros((2, _HISTORY, *start.shape))
    rows = torch.arange(len(start), device=start.device)
    for evaluation in range(max_evaluations):
        if not len(rows):
            break
        trial_values, trial_gradients = function(rows, trials[rows])
        limit = values[rows] + _DECREASE * sizes[rows] * slopes[rows]
        # Rounding hides a decrease of the last digits.
        accepted = trial_values <= limit + 1e-14 * trial_values.abs()
        moved, short = rows[accepted], rows[~accepted]

        sizes[short] *= _shorter(values[short], slopes[short] * sizes[short], trial_values[~accepted])
        if evaluation > 0:
            steps[:, moved] = steps[:, moved].roll(-1, dims=0)
            changes[:, moved] = changes[:, moved].roll(-1, dims=0)
            steps[-1, moved] = trials[moved] - points[moved]
            changes[-1, moved] = trial_gradients[accepted] - gradients[moved]
        points[moved], values[moved] = trials[moved], trial_values[accepted]
        gradients[moved] = trial_gradients[accepted]

        directions[moved] = _directions(gradients, steps, changes, precondition)[moved]
        slopes[moved], sizes[moved] = (directions[moved] * gradients[moved]).sum(dim=1), 1.0
        rows = rows[gradients[rows].abs().amax(dim=1) > tolerance]
        trials[rows] = points[rows] + sizes[rows, None] * directions[rows]
    return points


def _shorter(values: Tensor, slopes: Tensor, trial_values: Tensor) -> Tensor:
    """Return the factor of a step at the minimum of a parabola, within [0.1, 0.5]."""
    factor = -slopes / (2 * (trial_values - values - slopes))
    return factor.nan_to_num(0.1).clamp(0.1, 0.5)


def _directions(
    gradients: Tensor, steps: Tensor, changes: Tensor, precondition: Callable[[Tensor], Tensor]
) -> Tensor:
    """Apply the two loops of L-BFGS; empty places of the memory are zero and change nothing."""
    products = (steps * changes).sum(dim=2)  # (history, R)
    inverse = torch.where(products > 0, 1 / products, 0)
    result, factors = gradients.clone(), torch.zeros_like(products)
    for pair in reversed(range(_HISTORY)):
        factors[pair] = inverse[pair] * (steps[pair] * result).sum(dim=1)
        result -= factors[pair, :, None] * changes[pair]
    curvature = (changes[-1] * precondition(changes[-1])).sum(dim=1)
    scale = torch.where(products[-1] > 0, products[-1] / curvature, 1)
    result = scale[:, None] * precondition(result)
    for pair in range(_HISTORY):
        factor = inverse[pair] * (changes[pair] * result).sum(dim=1)
        result += (factors[pair] - factor)[:, None] * steps[pair]
    return -result
