"""Calibration of a linear head by one slope for all classes and an intercept per class."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from ..labels import known_labels
from .label_batches import Batches, ReduceSum, known_counts, one_process_sum
from .linear_head import LinearHead


def calibrate_head(
    head: LinearHead,
    batches: Batches,
    reduce_sum: ReduceSum = one_process_sum,
    *,
    tolerance: float = 1e-8,
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
    targets = _platt_targets(batches, head, reduce_sum)

    def fit(keep: Tensor, slope: Tensor | None) -> tuple[Tensor, Tensor]:
        return _newton(head, batches, reduce_sum, targets, keep, slope, tolerance, max_passes)

    slope, intercepts = fit(targets.both_known, None)
    if not slope > 0:
        slope, intercepts = fit(targets.both_known, torch.ones_like(slope))
    one_kind = targets.any_known & ~targets.both_known
    if one_kind.any():
        intercepts = torch.where(one_kind, fit(one_kind, slope)[1], intercepts)
    return LinearHead(slope * head.weight, slope * head.bias + intercepts).where(targets.any_known, head)


class _Targets(NamedTuple):
    positive: Tensor  # of a positive of each class, (C,)
    negative: Tensor
    num_positives: Tensor
    num_negatives: Tensor

    @property
    def any_known(self) -> Tensor:
        return self.num_positives + self.num_negatives > 0

    @property
    def both_known(self) -> Tensor:
        return (self.num_positives > 0) & (self.num_negatives > 0)


def _platt_targets(batches: Batches, head: LinearHead, reduce_sum: ReduceSum) -> _Targets:
    num_positives, num_negatives = known_counts(batches, head.bias, reduce_sum)
    return _Targets(
        (num_positives + 1) / (num_positives + 2), 1 / (num_negatives + 2), num_positives, num_negatives
    )


def _newton(
    head: LinearHead,
    batches: Batches,
    reduce_sum: ReduceSum,
    targets: _Targets,
    keep: Tensor,
    fixed_slope: Tensor | None,
    tolerance: float,
    max_passes: int,
) -> tuple[Tensor, Tensor]:
    """Fit slope and intercepts on the classes of ``keep``; halve steps that do not descend."""
    # With slope 0, the best sigmoid is the mean target.
    num_known = targets.num_positives + targets.num_negatives
    total = targets.num_positives * targets.positive + targets.num_negatives * targets.negative
    intercepts = torch.where(keep, torch.logit(total / num_known.clamp(min=1)), 0)
    slope = torch.zeros_like(total[0]) if fixed_slope is None else fixed_slope
    slope_step, intercept_steps = torch.zeros_like(slope), torch.zeros_like(intercepts)
    step_size, value = 1.0, torch.full_like(slope, torch.inf)
    for _ in range(max_passes):
        trial = slope + step_size * slope_step, intercepts + step_size * intercept_steps
        sums = reduce_sum(_sums(head, batches, targets, *trial)) * keep
        trial_value, _, d_slope, _, _, h_slope = sums.sum(dim=1)
        _, d_intercepts, _, h_intercepts, h_both, _ = sums
        if trial_value > value * (1 + 1e-12):
            step_size /= 2
            continue
        (slope, intercepts), value, step_size = trial, trial_value, 1.0
        largest = d_intercepts.abs().max()
        if fixed_slope is None:
            largest = torch.maximum(largest, d_slope.abs())
        if largest <= tolerance * (num_known * keep).sum():
            break
        # The intercepts are eliminated: the Schur complement of their diagonal block is a number.
        h_intercepts = h_intercepts.clamp(min=torch.finfo(h_intercepts.dtype).tiny)
        ratio = h_both / h_intercepts
        if fixed_slope is None:
            complement = h_slope - ratio @ h_both
            slope_step = torch.where(complement > 0, (ratio @ d_intercepts - d_slope) / complement, 0)
        intercept_steps = -d_intercepts / h_intercepts - ratio * slope_step
    return slope, intercepts


def _sums(head: LinearHead, batches: Batches, targets: _Targets, slope: Tensor, intercepts: Tensor) -> Tensor:
    """Sum the loss, its derivatives and its second derivatives over the known elements, of shape (6, C)."""
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
