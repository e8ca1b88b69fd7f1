"""Thresholds of pseudo-labels that give each class the share of positives it should have."""

from __future__ import annotations

import torch
from torch import Tensor


@torch.no_grad()
def logit_histograms(logits: Tensor, counted: Tensor, num_bins: int, limit: float) -> Tensor:
    """Count the logits of each class in equal bins of [-limit, limit]; the outer ones hold what is beyond.

    Bins of logits and not of probabilities, because the probabilities of a rare class all lie next to 0.

    Args:
        logits: Scores before the sigmoid, of shape (N, C).
        counted: Elements to count, bool, of shape (N, C).
        num_bins: Number of bins B.
        limit: Largest logit told apart.

    Returns:
        Counts, int64, of shape (C, B).

    Example:
        >>> logits, counted = torch.tensor([[-9.0], [0.5], [9.0], [1.0]]), torch.tensor([[1], [1], [1], [0]])
        >>> logit_histograms(logits, counted.bool(), num_bins=2, limit=5.0)
        tensor([[1, 2]])
    """
    num_classes = logits.shape[1]
    position = (logits.float() + limit) * (num_bins / (2 * limit))
    # A NaN, which raises later, must not become an index that ends the process of a GPU.
    bins = position.clamp_(0, num_bins - 1).nan_to_num_(0).long()
    bins += torch.arange(num_classes, device=logits.device) * num_bins
    counts = torch.zeros(num_classes * num_bins, dtype=torch.int64, device=logits.device)
    return counts.scatter_add_(0, bins.flatten(), counted.flatten().long()).view(num_classes, num_bins)


@torch.no_grad()
def matched_thresholds(
    counts: Tensor, positive_fraction: Tensor, negative_fraction: Tensor, limit: float
) -> tuple[Tensor, Tensor]:
    r"""Probabilities above (below) which lie given shares of the elements of each class.

    With :math:`n_c` elements in the histogram of class c, the thresholds solve

    .. math:: \#\{p > t^+_c\} = s^+_c\, n_c, \qquad \#\{p < t^-_c\} = s^-_c\, n_c

    where the elements of a bin count as spread evenly over its logits.

    Source: this project's, after the idea of Zhang et al., 2023 (arXiv 2308.00166).

    Args:
        counts: Elements in each bin of logits, as of :func:`logit_histograms`, of shape (C, B).
        positive_fraction: Share s+ of positives, of shape (C,).
        negative_fraction: Share s- of negatives, of shape (C,).
        limit: Largest logit told apart.

    Returns:
        t+ and t-, of shape (C,); 1 and 0, which no probability passes, for a share of 0 and for a class
        without elements.

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
    """The logit below which the share lies; minus infinity for none."""
    num_bins = counts.shape[1]
    target = fraction.double() * counts.sum(dim=1)
    # Rounding of the share must not reach into the next bin, which may be far away.
    reached = counts.cumsum(dim=1).double()
    place = (reached >= (target * (1 - 1e-9))[:, None]).long().argmax(dim=1, keepdim=True)
    inside = counts.gather(1, place).double()
    before = reached.gather(1, place) - inside
    position = place + ((target[:, None] - before) / inside.clamp(min=1)).clamp(0, 1)
    border = (position * (2 * limit / num_bins) - limit).flatten().float()
    return border.masked_fill(target <= 0, -torch.inf)
