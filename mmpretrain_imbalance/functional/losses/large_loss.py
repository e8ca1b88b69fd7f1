"""Large Loss: unknown elements with the largest loss as negatives are ignored or become positive."""

from __future__ import annotations

import torch
from torch import Tensor

from ...utils.argument_checks import check_choice
from ..labels import POSITIVE, UNKNOWN
from .elementwise_loss_function import elementwise_loss_function
from .negative_log_sigmoid import softplus

#: Values of ``scheme`` of :func:`large_loss`.
LARGE_LOSS_SCHEMES = ("reject", "temporary")


def large_loss_rate(epoch: Tensor | float, delta: float) -> Tensor | float:
    r"""Fraction of the elements of a batch whose loss counts as large; it grows with the epoch.

    .. math:: \text{rate}_e = e \, \delta / 100

    The epoch e is counted from 0. The paper counts from 1, where this is :math:`(e - 1)\, \delta / 100`. The
    rate of the first epoch is 0.

    Args:
        epoch: The epoch e, counted from 0.
        delta: Increase of the rate per epoch, in percent.

    Returns:
        The rate, of the type of the epoch.

    Example:
        >>> [large_loss_rate(epoch, 0.5) for epoch in range(3)]
        [0.0, 0.005, 0.01]
    """
    return epoch * delta / 100


@torch.no_grad()
def large_unknown_elements(logits: Tensor, labels: Tensor, rate: Tensor | float) -> Tensor:
    r"""Select the unknown elements that have the largest loss as negatives.

    The threshold is the k-th largest loss among the UNKNOWN elements of the batch, with
    :math:`k = \lceil N C\, \text{rate} \rceil`, or with the number of unknown elements if that is smaller.
    Every unknown element whose loss is at least the threshold is selected, ties included. Known elements are
    never selected.

    Args:
        logits: Scores before the sigmoid, of shape (N, C).
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).
        rate: Fraction of all N C elements.

    Returns:
        The selected elements, bool, of shape (N, C).

    Example:
        >>> logits, labels = torch.tensor([[3.0, 2.0, 2.0, 1.0, 9.0]]), torch.tensor([[-1, -1, -1, -1, 0]])
        >>> large_unknown_elements(logits, labels, 0.4)
        tensor([[ True,  True,  True, False, False]])
    """
    unknown = labels == UNKNOWN
    if not labels.numel():
        return unknown
    # The rate is a product of decimals: without rounding, an exact 6 may become 7.
    number = torch.zeros((), dtype=torch.float64, device=logits.device) + rate * labels.numel()
    k = torch.minimum(number.round(decimals=9).ceil().long(), unknown.sum())
    # k depends on the epoch and the batch, so it stays on the device. The logits are sorted instead of the
    # losses: the order is the same, but softplus may round equal logits to different losses.
    ranked = logits.masked_fill(~unknown, -torch.inf).flatten().sort(descending=True).values
    threshold = ranked.gather(0, (k - 1).clamp(min=0).view(1))
    return unknown & (logits >= threshold) & (k > 0)


@elementwise_loss_function
def large_loss(logits: Tensor, labels: Tensor, large: Tensor, scheme: str = "reject") -> Tensor:
    r"""Binary cross-entropy with unknown elements as negatives, except for those with a large loss.

    The scheme ``'reject'`` sets the loss and the gradient of large elements to 0. The scheme ``'temporary'``
    gives them the loss of positives, :math:`-\log \sigma(x)`, in this batch only.

    Source: Kim et al., CVPR 2022 (arXiv 2206.03740), LL-R and LL-Ct.

    Args:
        logits: Scores before the sigmoid, of shape (N, C).
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).
        large: Elements with a large loss, such as from :func:`large_unknown_elements`, bool, of shape
            (N, C).
        scheme: ``'reject'`` or ``'temporary'``.

    Returns:
        Loss of each element in nats, of shape (N, C), not reduced.

    Raises:
        ValueError: If the shapes differ, a logit is NaN, a label is not 1, 0, -1 or between 0 and 1, or the
            scheme is unknown.

    Example:
        >>> logits, labels = torch.tensor([[0.0, 0.0, 2.0]]), torch.tensor([[1, 0, -1]])
        >>> large_loss(logits, labels, large_unknown_elements(logits, labels, 0.3), scheme='temporary')
        tensor([[0.6931, 0.6931, 0.1269]])
    """
    check_choice("large_loss", LARGE_LOSS_SCHEMES, scheme=scheme)
    positive = (labels == POSITIVE) if scheme == "reject" else (labels == POSITIVE) | large
    loss = softplus(torch.where(positive, -logits, logits))
    return loss.masked_fill(large, 0) if scheme == "reject" else loss
