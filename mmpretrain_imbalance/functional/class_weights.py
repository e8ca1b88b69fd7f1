"""Class weights from label statistics."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..utils.argument_checks import check_choice

#: Values of ``scheme`` of :func:`balanced_class_weights`.
SCHEMES = ("ratio", "effective_number")


def effective_number(counts: Tensor, beta: float) -> Tensor:
    r"""Effective number of samples, which grows more slowly than the number of samples.

    .. math:: E_n = \frac{1 - \beta^n}{1 - \beta}

    Source: Cui et al., CVPR 2019 (arXiv 1901.05555).

    Args:
        counts: Numbers of samples n, floating, of any shape.
        beta: The parameter :math:`\beta`, in [0, 1).

    Returns:
        Effective numbers of the same shape; 0 where n is 0.

    Example:
        >>> effective_number(torch.tensor([0.0, 1.0, 100.0]), beta=0.9)
        tensor([0.0000, 1.0000, 9.9997])
    """
    if not beta:
        return (counts > 0).to(counts.dtype)
    return -torch.expm1(counts * math.log(beta)) / (1 - beta)


def balanced_class_weights(
    positives: Tensor,
    negatives: Tensor,
    scheme: str = "ratio",
    power: float = 1.0,
    beta: float = 0.999,
    max_weight: float = 10.0,
    normalize: bool = True,
    dtype: torch.dtype = torch.float32,
    known: tuple[Tensor, Tensor] | None = None,
) -> tuple[Tensor, Tensor]:
    r"""Weights of positive and of negative elements of each class.

    ``'ratio'``:

    .. math:: w^+_c = \min((n^-_c / n^+_c)^\text{power}, \text{cap}), \quad w^-_c = 1

    ``'effective_number'``, scaled so that the most frequent label of all classes has weight 1, then capped:

    .. math:: w^\pm_c = \frac{1 - \beta}{1 - \beta^{n^\pm_c}}

    With ``normalize``, both are divided by their mean over the known elements of the training set, so that
    the loss keeps its scale. The weight of positives (negatives) is 1 for a class without known positives
    (negatives).

    Source: effective number of samples: Cui et al., CVPR 2019 (arXiv 1901.05555). The composition is this
    project's, after the statistics-based loss named in the abstract of Zhang et al., 2023 (arXiv 2308.00166).

    Args:
        positives: Known positives n+, of shape (C,); estimated counts may be fractions.
        negatives: Known negatives n-, of shape (C,).
        scheme: ``'ratio'`` or ``'effective_number'``.
        power: Exponent of the ratio: 1 balances a class fully, 0.5 by the square root.
        beta: Parameter of the effective number, in [0, 1).
        max_weight: Largest weight before the normalization.
        normalize: Whether the weights are scaled so that their mean over the known elements is 1.
        dtype: Floating dtype of the weights.
        known: Known positives and negatives over which the mean is computed if n+ and n- are estimated, each
            of shape (C,).

    Returns:
        The weights w+ and w-, each of shape (C,).

    Raises:
        ValueError: If the scheme is unknown.

    Example:
        >>> balanced_class_weights(torch.tensor([50, 10]), torch.tensor([50, 90]), normalize=False)
        (tensor([1., 9.]), tensor([1., 1.]))
    """
    check_choice("balanced_class_weights", SCHEMES, scheme=scheme)
    counts = torch.stack([positives, negatives]).to(dtype)
    if scheme == "ratio":
        weights = torch.stack([(counts[1] / counts[0]).pow(power), torch.ones_like(counts[0])])
    else:
        effective = effective_number(counts, beta)
        weights = effective.max() / effective
    weights = torch.where((counts > 0) & (weights > 0), weights, 1.0).clamp(max=max_weight)
    if normalize:
        elements = counts if known is None else torch.stack(known).to(dtype)
        total = elements.sum()
        weights = weights * torch.where(total > 0, total / (weights * elements).sum(), 1.0)
    return weights[0], weights[1]


#: Values of ``scheme`` of :func:`class_balanced_weights`.
CLASS_BALANCED_SCHEMES = ("effective_number", "inverse", "inverse_square_root")


def class_balanced_weights(
    positives: Tensor,
    scheme: str = "effective_number",
    beta: float = 0.9999,
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    r"""Weight of each class, normalized to sum C.

    ======================= ==========================================
    ``effective_number``     :math:`(1 - \beta) / (1 - \beta^{n_c})`
    ``inverse``              :math:`1 / n_c`
    ``inverse_square_root``  :math:`1 / \sqrt{n_c}`
    ======================= ==========================================

    The weight of a class without positives is 1. The weights of the other classes are normalized so that
    their sum is the number of these classes.

    Source: Cui et al., CVPR 2019 (arXiv 1901.05555).

    Args:
        positives: Known positives :math:`n_c` of each class in the training set, of shape (C,).
        scheme: ``'effective_number'``, ``'inverse'`` or ``'inverse_square_root'``.
        beta: Parameter of the effective number, in [0, 1).
        dtype: Floating dtype of the weights.

    Returns:
        Weights of shape (C,).

    Raises:
        ValueError: If the scheme is unknown.

    Example:
        >>> class_balanced_weights(torch.tensor([100, 25, 0]), "inverse_square_root")
        tensor([0.6667, 1.3333, 1.0000])
    """
    check_choice("class_balanced_weights", CLASS_BALANCED_SCHEMES, scheme=scheme)
    counts = positives.to(dtype)
    seen = counts > 0
    if scheme == "effective_number":
        weights = 1 / effective_number(counts, beta)
    elif scheme == "inverse":
        weights = 1 / counts
    else:
        weights = counts.rsqrt()
    total = weights.where(seen, weights.new_zeros(())).sum()
    return torch.where(seen, weights * seen.sum() / total, 1.0)


def positive_class_mean(labels: Tensor, values: Tensor) -> Tensor:
    r"""Mean of class values over the positive classes of each image.

    .. math:: \bar v_n = \frac{\sum_c P_{nc} v_c}{\sum_c P_{nc}}

    Args:
        labels: 1 positive, 0 negative, -1 unknown, or between 0 and 1, which counts as this fraction of a
            positive, of shape (N, C).
        values: Value of each class, of shape (C,).

    Returns:
        Values of shape (N, 1); 1 for an image without positives.

    Example:
        >>> positive_class_mean(torch.tensor([[1, 1], [0, -1]]), torch.tensor([2.0, 4.0]))
        tensor([[3.],
                [1.]])
    """
    positive = labels.clamp(min=0).to(values.dtype)
    total = positive.sum(dim=1)
    return torch.where(total > 0, positive @ values / total, 1.0)[:, None]
