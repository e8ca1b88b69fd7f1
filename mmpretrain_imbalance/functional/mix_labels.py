"""Labels of mixed images, some of which may be unknown."""

from __future__ import annotations

import torch
from torch import Tensor

from mmpretrain_imbalance.functional.labels import UNKNOWN


def mix_labels(first: Tensor, second: Tensor, lam: float) -> Tensor:
    r"""Mix the labels of two batches as in Mixup and CutMix; a mixture with an unknown label is unknown.

    .. math::
        m_{nc} = \begin{cases}
            \lambda a_{nc} + (1 - \lambda) b_{nc} & \text{if } a_{nc} \text{ and } b_{nc} \text{ are known} \\
            -1 & \text{otherwise}
        \end{cases}

    With :math:`\lambda = 1` the result is the first labels, and with :math:`\lambda = 0` the second labels,
    even if labels of the other images are unknown. A mixture of two equal labels is exactly that label, so
    that two positives give a hard positive at every :math:`\lambda`. Soft labels count as known, so mixed
    labels can be mixed again.

    Source: the mixtures are Eq. (2) of Zhang et al. (2018), https://arxiv.org/abs/1710.09412; the rule for
    unknown labels is ours.

    Args:
        first: 1 positive, 0 negative, -1 unknown or a soft label between 0 and 1, of shape (N, C).
        second: The labels of the other images, of the same shape.
        lam: Fraction :math:`\lambda` of the first images, from 0 to 1.

    Returns:
        Labels of the mixtures, of shape (N, C), in the dtype of ``first`` if that is floating, else float32.

    Raises:
        ValueError: If ``lam`` is outside 0 to 1 or the shapes differ.

    Example:
        >>> mix_labels(torch.tensor([[1.0, 1.0, -1.0]]), torch.tensor([[1.0, 0.0, 1.0]]), lam=0.75)
        tensor([[ 1.0000,  0.7500, -1.0000]])
    """
    if not 0 <= lam <= 1:
        raise ValueError(f"The 'lam' argument of mix_labels must be a number from 0 to 1. Got {lam} instead.")
    if first.shape != second.shape:
        raise ValueError(
            f"The 'second' argument of mix_labels must have the shape of 'first', {tuple(first.shape)}. Got "
            f"{tuple(second.shape)} instead."
        )
    first = first if first.is_floating_point() else first.float()
    second = second.to(first.dtype)
    if lam in (0, 1):
        return (first if lam == 1 else second).clone()
    # lerp is exact for equal labels and stays in [0, 1]. The rounded sum of two products does not.
    mixed = torch.lerp(second, first, float(lam))
    return mixed.masked_fill_((first == UNKNOWN) | (second == UNKNOWN), UNKNOWN)
