"""Calibration of a linear head by one slope for all classes and an intercept per class."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from ..labels import known_labels
from .label_batches import Batches, ReduceSum, one_process_sum
from .linear_head import LinearHead

_LONGEST_STEP = 3.0  # of an intercept: where a sigmoid is flat, Newton's step would be too long
_ROUNDING = 1e-12  # relative, of the sum of the losses


def calibrate_head(
    head: LinearHead,
    batches: Batches,
    reduce_sum: ReduceSum = one_process_sum,
    *,
    tolerance: float = 1e-7,
    max_passes: int = 50,
) -> LinearHead:
    r"""Fit one slope for all classes and an intercept per class to known labels.

    .. math:: \min_{s, a} \frac{1}{K} \sum_{(n, c) \text{ known}}
        -t_{nc} \log \sigma(s z_{nc} + a_c) - (1 - t_{nc}) \log (1 - \sigma(s z_{nc} + a_c))

    over the K known elements, with the targets of Platt (1999),

    .. math:: t = \frac{n_c^+ + 1}{n_c^+ + 2} \text{ for a positive}, \qquad
        t = \frac{1}{n_c^- + 2} \text{ for a negative},

    which keep the optimum finite if the head separates the training images. The sigmoids of the new logits
    are probabilities. That there is one slope is ours: the slope of a class with few positives would be
    noise.

    A class with known positives only, or known negatives only, has equal targets. It has no influence on the
    slope, and its intercept is fitted for that slope. If the best slope is not positive, as of a head that is
    worse than chance, the slope is 1.

    Newton's method sums a few numbers per class in each pass over the batches.

    Args:
        head: The head.
        batches: Training images, whose known labels are used.
        reduce_sum: Sum of a tensor over all ranks.
        tolerance: The largest derivative of the objective at which the fit stops.
        max_passes: The largest number of passes.

    Returns:
        The head with the weights :math:`s w_c` and the biases :math:`s b_c + a_c`, in float64. The row of a
        class without known labels does not change.

    Example:
        >>> head = LinearHead(torch.tensor([[1.0]]), torch.tensor([0.0]))
        >>> batches = [(torch.tensor([[1.0], [2.0], [3.0], [4.0]]), torch.tensor([[0], [1], [0], [1]]))]
        >>> calibrate_head(head, batches).weight
        tensor([[0.4115]], dtype=torch.float64)
    """
    head = head.double()
    targets = _class_targets(head, batches, reduce_sum)
    slope, intercepts = _newton(head, batches, reduce_sum, targets, None, tolerance, max_passes)
    if not slope > 0:
        slope, intercepts = _newton(head, batches, reduce_sum, targets, 1.0, tolerance, max_passes)
    any_known = targets.num_positives + targets.num_negatives > 0
    return LinearHead(slope * head.weight, slope * head.bias + intercepts).where(any_known, head)


class _ClassTargets(NamedTuple):
    num_positives: Tensor  # all of shape (C,)
    num_negatives: Tensor
    positive: Tensor  # target of a positive
    negative: Tensor  # target of a negative
    mean_logit: Tensor  # of the known elements


def _class_targets(head: LinearHead, batches: Batches, reduce_sum: ReduceSum) -> _ClassTargets:
    sums = head.bias.new_zeros((3, len(head.bias)))
    for features, labels in batches:
        values, logits = labels.to(head.bias), head.logits(features)
        known = known_labels(values)
        sums += torch.stack([torch.where(known, part, 0).sum(dim=0) for part in (values, 1 - values, logits)])
    num_positives, num_negatives, logits = reduce_sum(sums)
    return _ClassTargets(
        num_positives,
        num_negatives,
        positive=(num_positives + 1) / (num_positives + 2),
        negative=1 / (num_negatives + 2),
        mean_logit=logits / (num_positives + num_negatives).clamp(min=1),
    )


def _newton(
    head: LinearHead,
    batches: Batches,
    reduce_sum: ReduceSum,
    targets: _ClassTargets,
    fixed_slope: float | None,
    tolerance: float,
    max_passes: int,
) -> tuple[Tensor, Tensor]:
    """Fit the intercepts, and the slope if it is not fixed; halve steps that do not descend."""
    num_positives, num_negatives = targets.num_positives, targets.num_negatives
    fits_slope = (num_positives > 0) & (num_negatives > 0) & (fixed_slope is None)
    num_known = num_positives + num_negatives
    mean_target = (num_positives * targets.positive + num_negatives * targets.negative) / num_known.clamp(
        min=1
    )
    # With slope 0, these are the best intercepts.
    slope = torch.full_like(mean_target[0], fixed_slope or 0)
    intercepts = torch.where(num_known > 0, mean_target.logit() - slope * targets.mean_logit, 0)
    slope_step, intercept_steps = torch.zeros_like(slope), torch.zeros_like(intercepts)
    step_size, value = 1.0, torch.full_like(slope, torch.inf)
    for _ in range(max_passes):
        trial = slope + step_size * slope_step, intercepts + step_size * intercept_steps
        sums = reduce_sum(_sums(head, batches, targets, *trial))
        losses, d_intercepts, d_slopes, h_intercepts, h_both, h_slopes = sums
        trial_value = losses[fits_slope].sum()
        if trial_value > value * (1 + _ROUNDING):
            step_size /= 2
            continue
        (slope, intercepts), value, step_size = trial, trial_value, 1.0
        d_slope = d_slopes[fits_slope].sum()
        if max(d_slope.abs(), d_intercepts.abs().max()) <= tolerance * num_known.sum():
            break
        # The intercepts are eliminated: the Schur complement of their diagonal block is a number.
        h_intercepts = h_intercepts.clamp(min=torch.finfo(h_intercepts.dtype).tiny)
        ratio = h_both / h_intercepts
        complement = (h_slopes - ratio * h_both)[fits_slope].sum()
        if complement > 0:
            slope_step = ((ratio * d_intercepts)[fits_slope].sum() - d_slope) / complement
        own_steps = (-d_intercepts / h_intercepts).clamp(-_LONGEST_STEP, _LONGEST_STEP)
        intercept_steps = own_steps - ratio * slope_step
    return slope, intercepts


def _sums(
    head: LinearHead, batches: Batches, targets: _ClassTargets, slope: Tensor, intercepts: Tensor
) -> Tensor:
    """Sum the losses, their derivatives and their second derivatives over known elements, of shape (6, C)."""
    result = head.bias.new_zeros((6, len(head.bias)))
    for features, labels in batches:
        logits, values = head.logits(features), labels.to(head.bias)
        known = known_labels(values).to(head.bias)
        target = targets.negative + (targets.positive - targets.negative) * values
        calibrated = slope * logits + intercepts
        probability = calibrated.sigmoid()
        loss = F.binary_cross_entropy_with_logits(calibrated, target, reduction="none")
        error, curvature = (probability - target) * known, probability * (1 - probability) * known
        terms = (loss * known, error, error * logits, curvature, curvature * logits, curvature * logits**2)
        result += torch.stack([term.sum(dim=0) for term in terms])
    return result
