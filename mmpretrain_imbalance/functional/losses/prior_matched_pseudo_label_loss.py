"""Thresholds of pseudo-labels that give each class its expected fraction of positives."""

from __future__ import annotations

import torch
from torch import Tensor


@torch.no_grad()
def logit_histograms(logits: Tensor, counted: Tensor, num_bins: int, limit: float) -> Tensor:
    """Count the logits of each class in equal bins of [-limit, limit].

    Logits beyond the limits are counted in the first and the last bin. The bins are those of logits instead
    of probabilities, because all probabilities of a rare class are close to 0.

    Args:
        logits: Scores before the sigmoid, of shape (N, C).
        counted: Elements to count, bool, of shape (N, C).
        num_bins: Number of bins B.
        limit: Upper end of the last bin.

    Returns:
        Counts, int64, of shape (C, B).

    Example:
        >>> logits, counted = torch.tensor([[-9.0], [0.5], [9.0], [1.0]]), torch.tensor([[1], [1], [1], [0]])
        >>> logit_histograms(logits, counted.bool(), num_bins=2, limit=5.0)
        tensor([[1, 2]])
    """
    num_classes = logits.shape[1]
    position = (logits.float() + limit) * (num_bins / (2 * limit))
    # A NaN logit, which raises later, must not become an index outside of the histogram, because on a GPU
    # this ends the process.
    bins = position.clamp_(0, num_bins - 1).nan_to_num_(0).long()
    bins += torch.arange(num_classes, device=logits.device) * num_bins
    counts = torch.zeros(num_classes * num_bins, dtype=torch.int64, device=logits.device)
    return counts.scatter_add_(0, bins.flatten(), counted.flatten().long()).view(num_classes, num_bins)


@torch.no_grad()
def matched_thresholds(
    counts: Tensor, positive_fraction: Tensor, negative_fraction: Tensor, limit: float
) -> tuple[Tensor, Tensor]:
    r"""Thresholds above and below which given fractions of the probabilities of each class lie.

    With :math:`n_c` elements in the histogram of class c, the thresholds solve

    .. math:: \#\{p > t^+_c\} = s^+_c\, n_c, \qquad \#\{p < t^-_c\} = s^-_c\, n_c

    where the logits of a bin are assumed to be distributed uniformly over it.

    Source: this project, after the idea of Zhang et al., 2023 (arXiv 2308.00166).

    Args:
        counts: Number of elements in each bin of :func:`logit_histograms`, of shape (C, B).
        positive_fraction: Fraction s+ of positives, of shape (C,).
        negative_fraction: Fraction s- of negatives, of shape (C,).
        limit: Upper end of the last bin.

    Returns:
        t+ and t-, each of shape (C,). For a fraction of 0 and for a class without elements, t+ is 1 and t- is
        0, so that no probability is above or below.

    Example:
        >>> counts = torch.tensor([[0, 6, 4, 0]])
        >>> above, below = matched_thresholds(counts, torch.tensor([0.4]), torch.tensor([0.3]), limit=2.0)
        >>> torch.logit(above), torch.logit(below)
        (tensor([0.]), tensor([-0.5000]))
    """
    from_top = _border(counts.flip(1), positive_fraction, limit)
    from_bottom = _border(counts, negative_fraction, limit)
    return torch.sigmoid(-from_top), torch.sigmoid(from_bottom)


def _border(counts: Tensor, fraction: Tensor, limit: float) -> Tensor:
    """Return the logit below which the fraction lies; minus infinity for a fraction of 0."""
    num_bins = counts.shape[1]
    target = fraction.double() * counts.sum(dim=1)
    # Rounding of the target must not select the next bin with elements, which may be far away.
    cumulative = counts.cumsum(dim=1).double()
    bin_index = (cumulative >= (target * (1 - 1e-9))[:, None]).long().argmax(dim=1, keepdim=True)
    in_bin = counts.gather(1, bin_index).double()
    before = cumulative.gather(1, bin_index) - in_bin
    position = bin_index + ((target[:, None] - before) / in_bin.clamp(min=1)).clamp(0, 1)
    border = (position * (2 * limit / num_bins) - limit).flatten().float()
    return border.masked_fill(target <= 0, -torch.inf)
