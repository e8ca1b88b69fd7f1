"""Class weights from the number of positives: effective number, inverse, inverse square root."""

from __future__ import annotations

import torch
from torch import Tensor

from ..argument_checks import check_choice
from .class_weights import effective_number

CLASS_BALANCED_SCHEMES = ("effective_number", "inverse", "inverse_square_root")


def class_balanced_weights(
    positives: Tensor,
    scheme: str = "effective_number",
    beta: float = 0.9999,
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    r"""Weight of each class, normalised to sum C.

    ======================= ==========================================
    ``effective_number``     :math:`(1 - \beta) / (1 - \beta^{n_c})`
    ``inverse``              :math:`1 / n_c`
    ``inverse_square_root``  :math:`1 / \sqrt{n_c}`
    ======================= ==========================================

    A class without positives gets weight 1, and the others are normalised among themselves.

    Source: Cui et al., CVPR 2019 (arXiv 1901.05555).

    Args:
        positives: Known positives :math:`n_c` of each class in the training set, of shape (C,).
        scheme: One of the three names.
        beta: Of the effective number, in [0, 1).
        dtype: Of the weights.

    Returns:
        Weights of shape (C,).

    Raises:
        ValueError: If the scheme is another.

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
    r"""Mean of a value per class over the positive classes of each image.

    .. math:: \bar v_n = \frac{\sum_c P_{nc} v_c}{\sum_c P_{nc}}

    Args:
        labels: 1 positive, 0 negative, -1 unknown, or soft, which count by their share, of shape (N, C).
        values: Value of each class, of shape (C,).

    Returns:
        Values of shape (N, 1); 1 for an image without positives.

    Example:
        >>> positive_class_mean(torch.tensor([[1, 1], [0, -1]]), torch.tensor([2.0, 4.0]))
        tensor([[3.],
                [1.]])
    """
    share = labels.clamp(min=0).to(values.dtype)
    total = share.sum(dim=1)
    return torch.where(total > 0, share @ values / total, 1.0)[:, None]
