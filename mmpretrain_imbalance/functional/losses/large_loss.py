"""Large Loss: unknown elements that fit "negative" worst are rejected or flipped."""

from __future__ import annotations

import torch
from torch import Tensor

from ..labels import POSITIVE, UNKNOWN
from .elementwise_loss_function import elementwise_loss_function
from .negative_log_sigmoid import softplus

LARGE_LOSS_SCHEMES = ("reject", "temporary")


def large_loss_rate(epoch: Tensor | float, delta: float) -> Tensor | float:
    r"""Share of the batch whose loss counts as large, growing with the epoch, which is counted from 0.

    .. math:: \text{rate}_e = e \, \delta / 100

    In the paper's count e = 1, 2, ... this is :math:`(e - 1)\, \delta / 100`: the first epoch changes
    nothing.

    Example:
        >>> [large_loss_rate(epoch, 0.5) for epoch in range(3)]
        [0.0, 0.005, 0.01]
    """
    return epoch * delta / 100


@torch.no_grad()
def large_unknown_elements(logits: Tensor, labels: Tensor, rate: Tensor | float) -> Tensor:
    r"""Unknown elements with the largest loss as negatives.

    The threshold is the k-th largest loss among the UNKNOWN elements of the batch, with
    :math:`k = \lceil N C\, \text{rate} \rceil`, but never more than there are; every unknown element at or
    above it is large, ties included. Known elements never are.

    Args:
        logits: Scores before the sigmoid, of shape (N, C).
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).
        rate: Share of all N C elements.

    Returns:
        Bool, of shape (N, C).

    Example:
        >>> logits, labels = torch.tensor([[3.0, 2.0, 2.0, 1.0, 9.0]]), torch.tensor([[-1, -1, -1, -1, 0]])
        >>> large_unknown_elements(logits, labels, 0.4)
        tensor([[ True,  True,  True, False, False]])
    """
    unknown = labels == UNKNOWN
    if not labels.numel():
        return unknown
    # Rounding must not turn an exact 6 into 7: rates are products of decimals.
    fraction = torch.zeros((), dtype=torch.float64, device=logits.device) + rate * labels.numel()
    k = torch.minimum(fraction.round(decimals=9).ceil().long(), unknown.sum())
    # k depends on epoch and batch: it stays on the device, and chooses from the sorted logits, whose order is
    # that of the losses. Of equal logits, softplus may round one up and another down.
    ranked = logits.masked_fill(~unknown, -torch.inf).flatten().sort(descending=True).values
    threshold = ranked.gather(0, (k - 1).clamp(min=0).view(1))
    return unknown & (logits >= threshold) & (k > 0)


@elementwise_loss_function
def large_loss(logits: Tensor, labels: Tensor, large: Tensor, scheme: str = "reject") -> Tensor:
    r"""Binary cross-entropy with unknown elements as negatives, except for those with a large loss.

    ``'reject'``: a large element costs nothing and has no gradient. ``'temporary'``: it costs what a positive
    costs, :math:`-\log \sigma(x)`, in this batch only.

    Source: Kim et al., CVPR 2022 (arXiv 2206.03740), LL-R and LL-Ct.

    Args:
        logits: Scores before the sigmoid, of shape (N, C).
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).
        large: Elements with a large loss, bool, of shape (N, C), as of :func:`large_unknown_elements`.
        scheme: ``'reject'`` or ``'temporary'``.

    Returns:
        Loss of each element in nats, of shape (N, C), not reduced.

    Raises:
        ValueError: If the shapes differ, a logit is NaN, a label is none of 1, 0 and -1, or the scheme is
            another.

    Example:
        >>> logits, labels = torch.tensor([[0.0, 0.0, 2.0]]), torch.tensor([[1, 0, -1]])
        >>> large_loss(logits, labels, large_unknown_elements(logits, labels, 0.3), scheme='temporary')
        tensor([[0.6931, 0.6931, 0.1269]])
    """
    if scheme not in LARGE_LOSS_SCHEMES:
        raise ValueError(
            f"The 'scheme' argument of large_loss must be 'reject' or 'temporary'. Got {scheme!r} instead."
        )
    positive = (labels == POSITIVE) if scheme == "reject" else (labels == POSITIVE) | large
    loss = softplus(torch.where(positive, -logits, logits))
    return loss.masked_fill(large, 0) if scheme == "reject" else loss
