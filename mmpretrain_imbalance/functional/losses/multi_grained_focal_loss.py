"""Multi-grained focal loss (the multi-focal modifier of COMIC): asymmetric focusing by class frequency."""

from __future__ import annotations

import torch
from torch import Tensor

from .elementwise_loss_function import elementwise_loss_function
from .partial_asymmetric_loss import partial_asymmetric_loss


def multi_grained_weights(counts: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
    r"""Weight of each class, larger for classes with fewer positives.

    .. math:: w_c = (1 - \log (n_c / \max_j n_j))^{1/6}

    A class without positives has the weight of a class with one positive. In the authors' code its weight is
    infinite.

    Source: Zhang et al., ICCV 2023 (arXiv 2304.10539).

    Args:
        counts: Number of positives n of each class, of shape (C,).
        dtype: Floating dtype of the weights.

    Returns:
        Weights of at least 1, of shape (C,).

    Example:
        >>> multi_grained_weights(torch.tensor([1000, 10, 0]))
        tensor([1.0000, 1.3328, 1.4115])
    """
    counts = counts.to(dtype).clamp(min=1)
    return (1 - torch.log(counts / counts.amax())).pow(1 / 6)


@elementwise_loss_function
def multi_grained_focal_loss(
    logits: Tensor,
    labels: Tensor,
    class_weight: Tensor,
    gamma_pos: float = 0.0,
    gamma_neg: float = 4.0,
    clip: float = 0.05,
    detach_focus: bool = True,
    eps: float = 1e-8,
) -> Tensor:
    r"""Asymmetric loss times a class weight, which is also added to the exponent of negatives.

    With :math:`p = \sigma(x)`, :math:`q = \min(1 - p + clip, 1)` and the weight :math:`w_c` of the class:

    .. math::
        \ell = -w_c\, (1 - p)^{\gamma_+} \log \max(p, \epsilon) \text{ at positives}, \quad
        -w_c\, (1 - q)^{\gamma_- + w_c} \log \max(q, \epsilon) \text{ elsewhere}

    Unknown elements count as negatives.

    Source: Zhang et al., ICCV 2023 (arXiv 2304.10539), who treat missing labels as negatives.

    Args:
        logits: Scores before the sigmoid, of shape (N, C).
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).
        class_weight: w of each class, see :func:`multi_grained_weights`, of shape (C,).
        gamma_pos: Focusing exponent of positives.
        gamma_neg: Focusing exponent of negatives, to which the class weight is added.
        clip: Probability margin added to q.
        detach_focus: Whether the focusing weight is excluded from the gradient.
        eps: Smallest probability inside a logarithm; 0 for none.

    Returns:
        Loss of each element in nats, of shape (N, C), not reduced.

    Raises:
        ValueError: If the shapes differ, a logit is NaN, or a label is not 1, 0, -1 or between 0 and 1.

    Example:
        >>> weight = torch.tensor([1.0, 1.0, 2.0])
        >>> multi_grained_focal_loss(torch.zeros(1, 3), torch.tensor([[1, 0, -1]]), weight)
        tensor([[0.6931, 0.0110, 0.0099]])
    """
    negative_exponent = gamma_neg + class_weight
    return class_weight * partial_asymmetric_loss.unvalidated(
        logits,
        labels,
        gamma_pos,
        negative_exponent,
        negative_exponent,
        clip=clip,
        detach_focus=detach_focus,
        eps=eps,
    )
