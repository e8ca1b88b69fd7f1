"""Distribution-balanced loss: weights that correct for label co-occurrence, and a lower loss of negatives."""

from __future__ import annotations

import torch
from torch import Tensor

from ...utils.argument_checks import check_choice
from ..labels import POSITIVE, UNKNOWN, unknown_as_negative
from .elementwise_loss_function import elementwise_loss_function
from .negative_log_sigmoid import focused_loss

WEIGHT_NORMS = (None, "by_instance", "by_batch")


def rebalanced_weights(
    labels: Tensor,
    positives: Tensor,
    alpha: float = 0.1,
    beta: float = 10.0,
    gamma: float = 0.2,
    weight_norm: str | None = None,
) -> Tensor:
    r"""Weight of each element that corrects for label co-occurrence under class-aware sampling.

    .. math::
        w_{nc} = \alpha + \sigma(\beta\, (r_{nc} - \gamma)), \qquad
        r_{nc} = \frac{1 / f_c}{\sum_j P_{nj} / f_j}

    Here r is the sampling frequency of image n due to class c, divided by that due to all its positive
    classes P. An image without positives has :math:`r = \infty` and therefore the weight :math:`\alpha + 1`,
    as in the authors' code. A soft label y counts as the fraction y of a positive.

    Args:
        labels: 1 positive, 0 negative, -1 unknown, or strictly between 0 and 1, of shape (N, C).
        positives: Known positives :math:`f_c` of each class in the training set, of shape (C,); 0 counts as
            1.
        alpha: Smallest weight.
        beta: Steepness of the sigmoid.
        gamma: The value of r at which the sigmoid is 1/2.
        weight_norm: ``'by_instance'`` divides the weights of an image by the largest weight of its known
            elements, ``'by_batch'`` divides by the largest weight of the known elements of the batch;
            ``None`` does not divide.

    Returns:
        Weights of shape (N, C), in the dtype of ``positives``.

    Raises:
        ValueError: If ``weight_norm`` is unknown.

    Example:
        >>> rebalanced_weights(torch.tensor([[1, 0], [0, 0]]), torch.tensor([10.0, 5.0]))
        tensor([[1.0997, 1.1000],
                [1.1000, 1.1000]])
    """
    check_choice("rebalanced_weights", WEIGHT_NORMS, weight_norm=weight_norm)
    inverse = 1 / positives.clamp(min=1)
    repeats = unknown_as_negative(labels).to(inverse.dtype) @ inverse
    weights = alpha + torch.sigmoid(beta * (inverse / repeats[:, None] - gamma))
    if weight_norm is None or not labels.numel():
        return weights
    of_known = weights.masked_fill(labels == UNKNOWN, 0)
    largest = of_known.amax(dim=1, keepdim=True) if weight_norm == "by_instance" else of_known.amax()
    return weights / torch.where(largest > 0, largest, 1.0)


@elementwise_loss_function(mix_soft_labels=False)
def distribution_balanced_loss(
    logits: Tensor,
    labels: Tensor,
    positives: Tensor,
    negatives: Tensor,
    alpha: float = 0.1,
    beta: float = 10.0,
    gamma: float = 0.2,
    initial_bias: float = 0.05,
    negative_scale: float = 2.0,
    focusing: float = 2.0,
    focal_weight: float = 2.0,
    rebalance: bool = True,
    weight_norm: str | None = None,
) -> Tensor:
    r"""Re-balanced, negative-tolerant focal loss that is zero, with zero gradient, at unknown elements.

    With the weight w of :func:`rebalanced_weights`, :math:`f_c` positives among :math:`T_c` known labels of
    class c, and :math:`z = x - \log(T_c / f_c - 1)\, \nu / \lambda`:

    .. math::
        \ell = b\, (1 - p_t)^g \cdot \left\{ w\, \log(1 + e^{-z}) \text{ at positives}, \quad
        \frac{w}{\lambda} \log(1 + e^{\lambda z}) \text{ at negatives} \right\}

    with :math:`p_t = \sigma(z)` at positives and :math:`\sigma(-\lambda z)` at negatives. The gradient
    includes that of the focusing weight. The number of positives and the number of negatives of a class are
    at least 1.

    Source: Wu et al., ECCV 2020 (arXiv 2007.09654). The data of the paper is fully labeled, so :math:`T_c`
    is the number of images.

    Args:
        logits: Scores before the sigmoid, of shape (N, C).
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).
        positives: Known positives of each class in the training set, of shape (C,).
        negatives: Known negatives of each class in the training set, of shape (C,).
        alpha: As in :func:`rebalanced_weights`.
        beta: As in :func:`rebalanced_weights`.
        gamma: As in :func:`rebalanced_weights`: 0.2 for COCO-MLT, 0.3 for VOC-MLT.
        initial_bias: The factor nu of the class bias; 0 for none.
        negative_scale: The scale lambda of negatives: 2 for COCO-MLT, 5 for VOC-MLT; 1 for none.
        focusing: Focusing exponent g; 0 for no focal loss, which also sets b to 1.
        focal_weight: The factor b.
        rebalance: Whether elements are weighted by w; if false, all weights are 1.
        weight_norm: As in :func:`rebalanced_weights`.

    Returns:
        Loss of each element in nats, of shape (N, C), not reduced.

    Raises:
        ValueError: If the shapes differ, a logit is NaN, or a label is not 1, 0, -1 or between 0 and 1.

    Example:
        >>> counts = torch.tensor([50.0, 50.0]), torch.tensor([50.0, 50.0])
        >>> distribution_balanced_loss(torch.zeros(1, 2), torch.tensor([[1, -1]]), *counts)
        tensor([[0.3811, 0.0000]])
    """
    positives, negatives = (counts.to(logits) for counts in (positives, negatives))
    bias = -torch.log(negatives.clamp(min=1) / positives.clamp(min=1)) * initial_bias / negative_scale
    weight = rebalanced_weights(labels, positives, alpha, beta, gamma, weight_norm) if rebalance else 1.0
    weight = focal_weight * weight if focusing else weight
    return _negative_tolerant_loss.unvalidated(logits + bias, labels, weight, negative_scale, focusing)


@elementwise_loss_function
def _negative_tolerant_loss(
    z: Tensor, labels: Tensor, weight: Tensor | float, negative_scale: float, focusing: float
) -> Tensor:
    positive = labels == POSITIVE
    loss = focused_loss(torch.where(positive, -z, negative_scale * z), focusing)
    scale = torch.ones_like(loss).masked_fill(~positive, 1 / negative_scale)
    return (scale * weight * loss).masked_fill(labels == UNKNOWN, 0)
