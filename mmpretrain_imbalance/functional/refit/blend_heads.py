"""The mean of two linear heads whose logits have the same spread."""

from __future__ import annotations

import torch
from torch import Tensor

from .class_moments import ClassMoments
from .linear_head import LinearHead


def blend_heads(trained: LinearHead, other: LinearHead, moments: ClassMoments) -> LinearHead:
    r"""Average two heads, after scaling the second one to the spread of the first one in each class.

    .. math:: w_c = \frac{1}{2} (w_c^A + r_c w_c^B), \qquad b_c = \frac{1}{2} (b_c^A + r_c b_c^B), \qquad
        r_c = \frac{\sigma(w_c^A)}{\sigma(w_c^B)}, \qquad \sigma(w) = \sqrt{w^\top S w}

    where :math:`\sigma(w)` is the standard deviation of the logits over all images. The rule is ours.

    Args:
        trained: Head A, whose spread the blend has if both agree.
        other: Head B, for instance of :func:`class_mean_head`.
        moments: Moments of the training images, with the covariance S.

    Returns:
        The blend, in float64. A class in which one head has no spread has the row of the other head.

    Example:
        >>> moments = ClassMoments(num_classes=1, num_features=1)
        >>> moments.add(torch.tensor([[1.0], [3.0]]), torch.tensor([[0], [1]]))
        >>> trained = LinearHead(torch.tensor([[2.0]]), torch.tensor([-3.0]))
        >>> other = LinearHead(torch.tensor([[0.5]]), torch.tensor([-1.0]))
        >>> blend_heads(trained, other, moments)
        LinearHead(weight=tensor([[2.]], dtype=torch.float64), bias=tensor([-3.5000], dtype=torch.float64))
    """
    first, second, covariance = trained.double(), other.double(), moments.covariance
    target, spread = _spread(first.weight, covariance), _spread(second.weight, covariance)
    scale = target / torch.where(spread > 0, spread, 1)
    blend = LinearHead(
        (first.weight + scale[:, None] * second.weight) / 2, (first.bias + scale * second.bias) / 2
    )
    return blend.where(target > 0, second).where(spread > 0, first)


def _spread(weight: Tensor, covariance: Tensor) -> Tensor:
    return ((weight @ covariance) * weight).sum(dim=1).clamp(min=0).sqrt()
