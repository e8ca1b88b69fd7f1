"""How a table of element losses becomes one number."""

from __future__ import annotations

from torch import Tensor

from ..utils.argument_checks import check_choice
from .labels import known_labels

REDUCTIONS = ("sum", "mean_images", "mean", "mean_known", "mean_kept", "kept_per_class")


def reduce_elements(
    loss: Tensor,
    reduction: str,
    labels: Tensor,
    weight: Tensor | None = None,
    num_images: float | None = None,
    max_class_factor: float = 10.0,
) -> Tensor:
    r"""Reduce a table of element losses to one number.

    With the loss :math:`\ell_{nc}` of each element, N images and C classes:

    ================== =================================================================================
    ``sum``            :math:`\sum_{nc} \ell_{nc}`
    ``mean_images``    divided by the number of images N: the scale of MMPretrain's heads
    ``mean``           divided by the number of elements N C, known or not
    ``mean_known``     divided by the number of known elements
    ``mean_kept``      divided by the number of elements that take part, the sum of their weights
    ``kept_per_class`` :math:`\frac{1}{N} \sum_c \min(1 / s_c, f) \sum_n \ell_{nc}`: each class divided by the
                       fraction :math:`s_c = \frac{1}{N} \sum_n w_{nc}` that takes part, with
                       f = ``max_class_factor``
    ================== =================================================================================

    ``kept_per_class`` is an addition of this project to Partial Label Masking: a class most of whose elements
    are masked keeps its influence. A count below 1 divides by 1: a batch in which nothing
    takes part costs 0 instead of NaN.

    Args:
        loss: Loss of each element, zero where it does not take part, of shape (N, C).
        reduction: One of the names above.
        labels: Their labels, of which all but -1 are known, of shape (N, C).
        weight: Which elements take part, bool or in [0, 1], of shape (N, C); ``None`` for all.
        num_images: N where it is not the number of rows, such as MMPretrain's ``avg_factor``.
        max_class_factor: The largest factor a class may get from ``kept_per_class``.

    Returns:
        The loss, a scalar.

    Raises:
        ValueError: If the reduction is none of them.

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
