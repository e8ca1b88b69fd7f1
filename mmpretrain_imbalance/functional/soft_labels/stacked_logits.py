"""Several scores of each element, joined to one calibrated logit."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

_ITERATIONS = 50
_TOLERANCE = 1e-9  # relative decrease of the cost below which the fit ends
_SHORTEST_STEP = 1e-4  # fraction of a step of Newton's method


class StackedLogits(NamedTuple):
    """Calibrated logits.

    Attributes:
        logits: Logits, float32, of shape (N, C).
        slopes: Slope of each score, of shape (M,).
        intercepts: Intercept of each class, of shape (C,).
    """

    logits: Tensor
    slopes: Tensor
    intercepts: Tensor


@torch.no_grad()
def stack_logits(scores: Tensor, labels: Tensor) -> StackedLogits:
    r"""Fit one slope per score and one intercept per class by the likelihood of the known labels.

    .. math:: z_{nc} = \sum_m a_m s_{mnc} + b_c

    One slope for all classes is certain also where a class has few positives; the intercepts give each class
    the fraction of positives among its known labels. With a single score this is Platt's calibration. The
    scores of an element must not depend on its own label, or the slopes are too large. The fit is Newton's
    method, with shorter steps where a whole one would increase the cost.

    Source: Wolpert, Neural Networks 1992 (stacked generalization), and Platt, 1999, for the logistic form.
    The slopes that all classes share are of this project.

    Args:
        scores: M scores of each element, of shape (M, N, C).
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C). Each class needs both known labels.

    Returns:
        Logits, slopes and intercepts.

    Example:
        >>> scores = torch.tensor([[[2.0], [1.0], [0.0], [-1.0], [5.0]]])
        >>> stacked = stack_logits(scores, torch.tensor([[1], [0], [1], [0], [-1]]))
        >>> stacked.slopes.round(decimals=3), torch.sigmoid(stacked.logits[:4]).sum().round(decimals=3)
        (tensor([0.9080], dtype=torch.float64), tensor(2.))
    """
    known, positive = labels >= 0, (labels == 1).float()
    num_positives, num_known = positive.sum(dim=0).double(), known.sum(dim=0).double()
    slopes = scores.new_zeros(len(scores), dtype=torch.float64)
    intercepts = torch.log(num_positives / (num_known - num_positives))
    logits = _logits(scores, slopes, intercepts)
    cost = _cost(logits, positive, known)
    for _ in range(_ITERATIONS):
        slope_change, intercept_change = _newton_step(scores, torch.sigmoid(logits), positive, known)
        # The cost is convex, so that a short enough step decreases it. Its rounding error ends the search.
        factor, previous = 1.0, cost
        while factor > _SHORTEST_STEP:
            candidate = slopes - factor * slope_change, intercepts - factor * intercept_change
            logits = _logits(scores, *candidate)
            cost = _cost(logits, positive, known)
            if cost <= previous:
                slopes, intercepts = candidate
                break
            factor /= 2
        if not cost < previous * (1 - _TOLERANCE):
            break
    return StackedLogits(_logits(scores, slopes, intercepts), slopes, intercepts)


def _newton_step(
    scores: Tensor, probabilities: Tensor, positive: Tensor, known: Tensor
) -> tuple[Tensor, Tensor]:
    """Solve for both changes; the intercepts are eliminated, so that the system has one row per score."""
    residuals = torch.where(known, probabilities - positive, 0)
    curvatures = torch.where(known, probabilities * (1 - probabilities), 0)
    of_intercepts = curvatures.sum(dim=0, dtype=torch.float64).clamp(min=1e-12)
    # One score at a time, because a product of all scores would need M times their memory.
    weighted = [curvatures * score for score in scores]
    mixed = torch.stack([part.sum(dim=0, dtype=torch.float64) for part in weighted])
    of_slopes = torch.stack(
        [torch.stack([(part * score).sum(dtype=torch.float64) for score in scores]) for part in weighted]
    )
    slope_gradient = torch.stack([(residuals * score).sum(dtype=torch.float64) for score in scores])
    intercept_gradient = residuals.sum(dim=0, dtype=torch.float64)
    reduced = of_slopes - (mixed / of_intercepts) @ mixed.T
    # Two equal scores share their slope.
    reduced.diagonal().mul_(1 + 1e-9).add_(1e-30)
    slope_change = torch.linalg.solve(reduced, slope_gradient - (mixed / of_intercepts) @ intercept_gradient)
    return slope_change, (intercept_gradient - mixed.T @ slope_change) / of_intercepts


def _cost(logits: Tensor, positive: Tensor, known: Tensor) -> Tensor:
    """Cross-entropy of the known labels, summed in double precision."""
    losses = torch.nn.functional.binary_cross_entropy_with_logits(logits, positive, reduction="none")
    return torch.where(known, losses, 0).sum(dtype=torch.float64)


def _logits(scores: Tensor, slopes: Tensor, intercepts: Tensor) -> Tensor:
    return torch.einsum("m,mnc->nc", slopes.to(scores.dtype), scores) + intercepts.to(scores.dtype)
