"""Reductions of elementwise losses to one number."""

from __future__ import annotations

from torch import Tensor

from ..utils.argument_checks import check_choice
from .labels import known_labels

#: Values of ``reduction`` of every loss.
REDUCTIONS = ("sum", "mean_images", "mean", "mean_known", "mean_kept", "kept_per_class")


def reduce_elements(
    loss: Tensor,
    reduction: str,
    labels: Tensor,
    weight: Tensor | None = None,
    num_images: float | None = None,
    max_class_factor: float = 10.0,
) -> Tensor:
    r"""Reduce the losses of all elements to one number.

    With the loss :math:`\ell_{nc}` of each element, N images and C classes:

    ================== =================================================================================
    ``sum``            :math:`\sum_{nc} \ell_{nc}`
    ``mean_images``    divided by the number of images N: the scale of MMPretrain's heads
    ``mean``           divided by the number of all elements N C, also unknown ones
    ``mean_known``     divided by the number of known elements
    ``mean_kept``      divided by the sum of the weights of the elements that take part
    ``kept_per_class`` :math:`\frac{1}{N} \sum_c \min(1 / s_c, f) \sum_n \ell_{nc}`: each class divided by the
                       fraction :math:`s_c = \frac{1}{N} \sum_n w_{nc}` that takes part, with
                       f = ``max_class_factor``
    ================== =================================================================================

    ``kept_per_class`` is an addition of this project to Partial Label Masking: a class keeps its influence
    even if most of its elements are masked. Divisors below 1 are replaced by 1, so that a batch without
    elements that take part has the loss 0 instead of NaN.

    Args:
        loss: Loss of each element, zero where it does not take part, of shape (N, C).
        reduction: One of the names above.
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).
        weight: Weights of the elements that take part, bool or in [0, 1], of shape (N, C); ``None`` for all.
        num_images: N, such as the ``avg_factor`` of MMPretrain; ``None`` for the number of rows.
        max_class_factor: Largest factor f of a class in ``kept_per_class``.

    Returns:
        The loss, a scalar.

    Raises:
        ValueError: If the reduction is unknown.

    Example:
        >>> import torch
        >>> loss = torch.tensor([[1.0, 2.0], [1.0, 0.0]])
        >>> labels, keep = torch.tensor([[1, 0], [1, 0]]), torch.tensor([[True, True], [True, False]])
        >>> [reduce_elements(loss, name, labels, keep).item() for name in ("mean_images", "kept_per_class")]
        [2.0, 3.0]
    """
    check_choice("reduce_elements", REDUCTIONS, reduction=reduction)
    images = (loss.shape[0] if num_images is None else num_images) or 1
    if reduction == "kept_per_class" and weight is not None:
        factor = loss.shape[0] / weight.sum(dim=0).clamp(min=1).to(loss.dtype)
        return (loss.sum(dim=0) * factor.clamp(max=max_class_factor)).sum() / images
    total = loss.sum()
    if reduction == "sum":
        return total
    if reduction == "mean":
        return total / (images * max(loss.shape[1], 1))
    if reduction == "mean_known":
        return total / known_labels(labels).sum().clamp(min=1)
    if reduction == "mean_kept":
        return total / (max(loss.numel(), 1) if weight is None else weight.sum().clamp(min=1))
    return total / images
