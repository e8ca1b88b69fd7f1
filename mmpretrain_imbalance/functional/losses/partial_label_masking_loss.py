"""Partial Label Masking (PLM): which elements take part so that each class meets its ideal ratio."""

from __future__ import annotations

import torch
from torch import Tensor

from ...utils.argument_checks import check_choice
from ..labels import POSITIVE, UNKNOWN, hard_labels
from ..random_numbers import chance

DIVERGENCES = ("predicted_to_true", "true_to_predicted")


def keep_probabilities(positive_ratio: Tensor, ideal_positive_ratio: Tensor) -> tuple[Tensor, Tensor]:
    r"""Probability of keeping a positive and a negative element of each class.

    With :math:`r_c` the known positives over known negatives and :math:`R_c` the ideal ratio:

    .. math:: P(\text{keep} \mid \text{positive}) = \min(R_c / r_c, 1), \quad
              P(\text{keep} \mid \text{negative}) = \min(r_c / R_c, 1)

    so that the ratio of what is kept is :math:`R_c` in expectation.

    Source: Duarte, Rawat, Shah, CVPRW 2021 (arXiv 2105.10782). A class that lacks known positives or known
    negatives (:math:`r_c` 0 or infinite) has no ratio to correct and keeps everything; the paper is silent
    about it.

    Args:
        positive_ratio: r, of shape (C,).
        ideal_positive_ratio: R, finite and positive, of shape (C,).

    Returns:
        Two tensors of shape (C,): for positives, for negatives.

    Example:
        >>> keep_probabilities(torch.tensor([4.0, 0.1]), torch.tensor([1.0, 0.5]))
        (tensor([0.2500, 1.0000]), tensor([1.0000, 0.2000]))
    """
    ratio = _ideal_over_present(positive_ratio, ideal_positive_ratio)
    return ratio.clamp(max=1), (1 / ratio).clamp(max=1)


def _ideal_over_present(positive_ratio: Tensor, ideal_positive_ratio: Tensor) -> Tensor:
    """R / r, and 1 for a class whose r is 0, infinite or NaN."""
    estimable = (positive_ratio > 0) & (positive_ratio < torch.inf)
    return torch.where(estimable, ideal_positive_ratio / positive_ratio, 1.0)


def partial_label_keep(
    labels: Tensor, positive_ratio: Tensor, ideal_positive_ratio: Tensor, random: Tensor
) -> Tensor:
    """Choose the elements that take part, each independently, with :func:`keep_probabilities`.

    Unknown elements and soft labels are always kept: what becomes of them is up to the loss.

    Args:
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).
        positive_ratio: Known positives over known negatives, of shape (C,).
        ideal_positive_ratio: The ratio aimed at, of shape (C,).
        random: Even random numbers of
            :func:`~mmpretrain_imbalance.functional.random_numbers.random_numbers`, of shape (N, C).

    Returns:
        Elements that take part, bool, of shape (N, C).

    Example:
        >>> labels, random = torch.tensor([[1, 0, -1]]), torch.zeros(1, 3, dtype=torch.int32)
        >>> partial_label_keep(labels, torch.full((3,), 1e-9), torch.ones(3), random)
        tensor([[ True, False,  True]])
    """
    ratio = _ideal_over_present(positive_ratio, ideal_positive_ratio)
    # At most one kind of each class is masked: the positives where they are too many, else the negatives.
    masked_label = (ratio < 1).to(labels.dtype)
    mask_probability = 1 - torch.minimum(ratio, 1 / ratio).double()
    return ~((labels == masked_label) & (random < chance(mask_probability)))


def probability_histograms(logits: Tensor, labels: Tensor, num_bins: int) -> Tensor:
    """Count the probabilities of the elements of each class in equal bins of [0, 1].

    Args:
        logits: Scores before the sigmoid, of shape (N, C).
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).
        num_bins: Number of bins B.

    Returns:
        Counts, int64, of shape (3, C, B): of positives, of negatives, and of what is neither.

    Example:
        >>> logits = torch.tensor([[9.0, 9.0], [-9.0, 0.1]])
        >>> probability_histograms(logits, torch.tensor([[1, 0], [1, -1]]), 2).tolist()
        [[[1, 1], [0, 0]], [[0, 0], [0, 1]], [[0, 0], [0, 1]]]
    """
    num_classes = labels.shape[1]
    # Both borders: a NaN, which raises later, must not become an index that ends the process of a GPU.
    bins = torch.sigmoid(logits.detach().float()).mul_(num_bins).to(torch.int32).clamp_(0, num_bins - 1)
    kind = (POSITIVE - hard_labels(labels).clamp(UNKNOWN, POSITIVE)).to(torch.int32)
    size = num_classes * num_bins
    first_bin = torch.arange(0, size, num_bins, dtype=torch.int32, device=labels.device)
    place = kind.mul_(size).add_(first_bin).add_(bins).flatten().long()
    counts = place.new_zeros(3 * size).scatter_add_(0, place, place.new_ones(1).expand_as(place))
    return counts.view(3, num_classes, num_bins)


def histogram_divergence(counts: Tensor, true_bin: int, divergence: str, epsilon: float = 1e-6) -> Tensor:
    r"""Kullback-Leibler divergence between a histogram of predictions and its one-bin truth, of each class.

    With h the shares of the bins and t the truth, 1 in ``true_bin``:

    .. math:: KL(h \| t) = \sum_b h_b \log \frac{h_b}{t_b}, \qquad KL(t \| h) = -\log h_{true}

    The first is infinite without an :math:`\epsilon` in the empty bins of t, and its size is set by it; the
    paper does not say which of the two it means.

    Args:
        counts: Predictions a bin, of shape (C, B).
        true_bin: Where the truth has all its mass: -1 for positives, 0 for negatives.
        divergence: ``'predicted_to_true'`` for the first, ``'true_to_predicted'`` for the second.
        epsilon: Smallest share of a bin.

    Returns:
        Divergence in nats, of shape (C,); NaN for a class without counts.

    Raises:
        ValueError: If the divergence is none of the two.

    Example:
        >>> histogram_divergence(torch.tensor([[1, 3], [0, 0]]), -1, "true_to_predicted")
        tensor([0.2877,    nan])
    """
    check_choice("histogram_divergence", DIVERGENCES, divergence=divergence)
    fractions = counts.float() / counts.sum(dim=1, keepdim=True)
    if divergence == "true_to_predicted":
        return -fractions[:, true_bin].clamp(min=epsilon).log()
    truth = torch.full_like(fractions, epsilon)
    truth[:, true_bin] = 1.0
    return torch.special.xlogy(fractions, fractions / truth).sum(dim=1)


def update_ideal_ratio(
    ideal_positive_ratio: Tensor,
    counts: Tensor,
    rate: float,
    divergence: str = "predicted_to_true",
    limits: tuple[float, float] = (1e-6, 1e6),
    epsilon: float = 1e-6,
) -> Tensor:
    r"""The ideal ratio after an epoch of predictions.

    .. math:: R_c \leftarrow R_c \exp(\lambda (\tilde D^+_c - \tilde D^-_c))

    where :math:`\tilde D` is the divergence standardized over classes (mean 0, population standard deviation
    1; 0 where all classes agree). Classes without positives or without negatives this epoch keep their ratio
    and are left out of the mean.

    Source: Duarte et al. (arXiv 2105.10782).

    Args:
        ideal_positive_ratio: R, of shape (C,).
        counts: Histograms of the epoch, of positives and of negatives, of shape (2, C, B), from
            :func:`probability_histograms`, whose further ones are not used.
        rate: Step size.
        divergence: See :func:`histogram_divergence`.
        limits: Smallest and largest ratio.
        epsilon: See :func:`histogram_divergence`.

    Returns:
        The new R, of shape (C,).

    Example:
        >>> counts = torch.tensor([[[9, 1], [1, 9]], [[9, 1], [9, 1]]])  # positives of class 0: worse
        >>> update_ideal_ratio(torch.ones(2), counts, rate=0.1)
        tensor([1.1052, 0.9048])
    """
    seen = (counts[:2].sum(dim=2) > 0).all(dim=0)
    difference = torch.zeros_like(ideal_positive_ratio)
    for sign, histogram, true_bin in ((1, counts[0], -1), (-1, counts[1], 0)):
        values = histogram_divergence(histogram[seen], true_bin, divergence, epsilon)
        difference[seen] += sign * _standardize(values).to(difference.dtype)
    return (ideal_positive_ratio * torch.exp(rate * difference)).clamp(*limits)


def _standardize(values: Tensor) -> Tensor:
    if not values.numel():
        return values
    deviation = values.std(correction=0)
    # Equal values differ by rounding alone; dividing that by its own size would make noise of it.
    return torch.where(deviation > 1e-6, (values - values.mean()) / deviation, torch.zeros_like(values))
