"""Logistic regression of each class on its known labels, near the trained row."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ...utils.argument_checks import check_interval, check_number
from ..labels import known_labels
from .class_moments import ClassMoments, class_moments
from .label_batches import Batches, ReduceSum, known_counts, one_process_sum
from .linear_head import LinearHead
from .minimize_rows import minimize_rows

_CONSTANT = 1e-6  # a feature whose standard deviation is this fraction of its mean is rounding of a constant


def category_wise_refit(
    trained: LinearHead,
    batches: Batches,
    strength: float,
    reduce_sum: ReduceSum = one_process_sum,
    *,
    moments: ClassMoments | None = None,
    positive_weight_power: float = 0.5,
    max_positive_weight: float = 10.0,
    tolerance: float = 0.01,
    max_passes: int = 100,
    standardize: bool = True,
) -> LinearHead:
    r"""Fit each row of a head to the known labels of its class, with a penalty on the change of the row.

    .. math:: \min_{w_c, b_c} \frac{1}{K_c} \sum_{n: y_{nc} \text{ known}}
        \big( -v_c\, y_{nc} \log \sigma(z_{nc}) - (1 - y_{nc}) \log(1 - \sigma(z_{nc})) \big)
        + \frac{\gamma}{2} \lVert w_c - w_c^A \rVert^2, \qquad
        v_c = \min\big( (n_c^- / n_c^+)^{p}, v_{\max} \big)

    over the :math:`K_c = n_c^+ + n_c^-` known labels of the class, for features that are standardized by the
    mean and the standard deviation of all images: the rows :math:`w_c` and :math:`w_c^A` are those for
    standardized features, so that :math:`\gamma` means the same for all features. The bias is free.

    Source: to refit each category on its known labels after training is the idea of "Category-wise
    Fine-Tuning: Resisting Incorrect Pseudo-Labels in Multi-Label Image Classification with Partial Labels"
    (arXiv 2401.16991). The penalty, the weights and the optimizer are ours.

    Args:
        trained: The trained head, with the rows :math:`w_c^A`.
        batches: Training images with partial labels. Labels between 0 and 1 are soft targets.
        strength: Strength :math:`\gamma` of the penalty.
        reduce_sum: Sum of a tensor over all ranks.
        moments: Moments of the images of all ranks, if they are known; None to compute them.
        positive_weight_power: Power p of the weight of positives; 0 for no weight.
        max_positive_weight: The largest weight of positives :math:`v_{\max}`.
        tolerance: The largest derivative at which the fit of a class ends, as a fraction of the second
            derivative of its bias.
        max_passes: The largest number of passes over the batches.
        standardize: Whether the rows are those for standardized features; False for features whose scales
            have a meaning, such as principal components.

    Returns:
        The head, in float64. A class without known positives or without known negatives has the trained row.

    Raises:
        ValueError: If ``strength`` is not positive, or an argument is out of range.

    Example:
        >>> trained = LinearHead(torch.tensor([[0.0]]), torch.tensor([0.0]))
        >>> batches = [(torch.tensor([[-1.0], [1.0]]), torch.tensor([[0], [1]]))]
        >>> category_wise_refit(trained, batches, strength=1.0, tolerance=1e-9).weight
        tensor([[0.4011]], dtype=torch.float64)
    """
    check_interval("category_wise_refit", "(0, inf)", strength=strength)
    check_number("category_wise_refit", 0, positive_weight_power=positive_weight_power)
    check_interval("category_wise_refit", "(0, inf)", max_positive_weight=max_positive_weight)
    trained = trained.double()
    if moments is None:
        moments = class_moments(batches, trained, reduce_sum)
    num_positives, num_negatives = known_counts(batches, trained.bias, reduce_sum)
    classes = ((num_positives > 0) & (num_negatives > 0)).nonzero()[:, 0]
    num_positives, num_negatives = num_positives[classes], num_negatives[classes]
    num_known = num_positives + num_negatives
    positive_weight = ((num_negatives / num_positives) ** positive_weight_power).clamp(
        max=max_positive_weight
    )
    # The second derivative of the bias at a sigmoid of the weighted fraction of positives. Divided by it, the
    # losses of frequent and rare classes have the same scale.
    weighted = positive_weight * num_positives
    scale = weighted * num_negatives / (weighted + num_negatives) / num_known

    deviation = moments.covariance.diagonal().sqrt()
    deviation = torch.where(deviation > _CONSTANT * moments.mean.abs(), deviation, torch.inf)
    if not standardize:
        deviation = torch.ones_like(deviation)
    # Rows for standardized features: the weights, then the bias, which is the logit of the mean image.
    weight = trained.weight * deviation.nan_to_num(posinf=0.0)
    start = torch.cat([weight, (trained.bias + trained.weight @ moments.mean)[:, None]], dim=1)[classes]

    def losses(rows: Tensor, points: Tensor) -> tuple[Tensor, Tensor]:
        row_weight, sums = positive_weight[rows], points.new_zeros((len(rows), points.shape[1] + 1))
        for features, labels in batches:
            standardized = (features.to(points) - moments.mean) / deviation
            logits = F.linear(standardized, points[:, :-1], points[:, -1])
            value, slope = _weighted_cross_entropy(logits, labels.to(points)[:, classes[rows]], row_weight)
            sums[:, :-2].addmm_(slope.T, standardized)
            sums[:, -2] += slope.sum(dim=0)
            sums[:, -1] += value.sum(dim=0)
        sums = reduce_sum(sums) / num_known[rows, None]
        change = points[:, :-1] - start[rows, :-1]
        value = sums[:, -1] + strength / 2 * change.square().sum(dim=1)
        gradient = torch.cat([sums[:, :-2] + strength * change, sums[:, -2:-1]], dim=1)
        return value / scale[rows], gradient / scale[rows, None]

    change = minimize_rows(losses, start, tolerance=tolerance, max_evaluations=max_passes) - start
    weight, bias = trained.weight.clone(), trained.bias.clone()
    weight[classes] += change[:, :-1] / deviation
    bias[classes] += change[:, -1] - (change[:, :-1] / deviation) @ moments.mean
    return LinearHead(weight, bias)


def _weighted_cross_entropy(logits: Tensor, labels: Tensor, positive_weight: Tensor) -> tuple[Tensor, Tensor]:
    """Compute the loss of each known element, with -log sigmoid(z) = softplus(z) - z, and its derivative."""
    known, target = known_labels(labels).to(logits), positive_weight * labels
    weight = target + (1 - labels)
    return known * (weight * F.softplus(logits) - target * logits), known * (
        weight * logits.sigmoid() - target
    )
