"""Partial Label Masking (PLM): random masks that bring each class to its ideal ratio of positives."""

from __future__ import annotations

import torch
from torch import Tensor

from ...utils.argument_checks import check_choice
from ..labels import NEGATIVE, POSITIVE, UNKNOWN, hard_labels
from ..random_numbers import chance

#: Values of ``divergence`` of :func:`histogram_divergence`.
DIVERGENCES = ("predicted_to_true", "true_to_predicted")


def keep_probabilities(positive_ratio: Tensor, ideal_positive_ratio: Tensor) -> tuple[Tensor, Tensor]:
    r"""Probability of keeping a positive and a negative element of each class.

    With the number of known positives divided by that of known negatives, :math:`r_c`, and the ideal ratio
    :math:`R_c`:

    .. math:: P(\text{keep} \mid \text{positive}) = \min(R_c / r_c, 1), \quad
              P(\text{keep} \mid \text{negative}) = \min(r_c / R_c, 1)

    so that the expected ratio of the kept elements is :math:`R_c`.

    Source: Duarte, Rawat, Shah, CVPRW 2021 (arXiv 2105.10782). All elements of a class without known
    positives or without known negatives (:math:`r_c` 0 or infinite) are kept; the paper does not define this
    case.

    Args:
        positive_ratio: r, of shape (C,).
        ideal_positive_ratio: R, finite and positive, of shape (C,).

    Returns:
        The probabilities of positives and those of negatives, each of shape (C,).

    Example:
        >>> keep_probabilities(torch.tensor([4.0, 0.1]), torch.tensor([1.0, 0.5]))
        (tensor([0.2500, 1.0000]), tensor([1.0000, 0.2000]))
    """
    ratio = _ideal_over_present(positive_ratio, ideal_positive_ratio)
    return ratio.clamp(max=1), (1 / ratio).clamp(max=1)


def _ideal_over_present(positive_ratio: Tensor, ideal_positive_ratio: Tensor) -> Tensor:
    """Return R / r, or 1 for a class whose r is 0, infinite or NaN."""
    estimable = (positive_ratio > 0) & (positive_ratio < torch.inf)
    return torch.where(estimable, ideal_positive_ratio / positive_ratio, 1.0)


def partial_label_keep(
    labels: Tensor, positive_ratio: Tensor, ideal_positive_ratio: Tensor, random: Tensor
) -> Tensor:
    """Choose each element independently, with its probability from :func:`keep_probabilities`.

    Elements with unknown or soft labels are always kept; their treatment is left to the loss.

    Args:
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).
        positive_ratio: Number of known positives divided by that of known negatives, of shape (C,).
        ideal_positive_ratio: The desired ratio, of shape (C,).
        random: Uniform random numbers from :func:`random_numbers`, of shape
            (N, C).

    Returns:
        Elements that take part, bool, of shape (N, C).

    Example:
        >>> labels, random = torch.tensor([[1, 0, -1]]), torch.zeros(1, 3, dtype=torch.int32)
        >>> partial_label_keep(labels, torch.full((3,), 1e-9), torch.ones(3), random)
        tensor([[ True, False,  True]])
    """
    ratio = _ideal_over_present(positive_ratio, ideal_positive_ratio)
    # In each class, only one kind is masked: positives if there are too many of them, else negatives.
    masked_label = (ratio < 1).to(labels.dtype)
    mask_probability = 1 - torch.minimum(ratio, 1 / ratio).double()
    return ~((labels == masked_label) & (random < chance(mask_probability)))


def partial_label_keep_weights(
    labels: Tensor, positive_ratio: Tensor, ideal_positive_ratio: Tensor
) -> Tensor:
    r"""Weigh each element by its probability from :func:`keep_probabilities`, instead of choosing at random.

    The weight is the mean of :func:`partial_label_keep` over random numbers. For a loss that is a sum over
    elements, the weighted loss is therefore the mean of the masked loss, without the variance of the masks:

    .. math:: \mathbb{E}\Big[\sum_{nc} keep_{nc} \ell_{nc}\Big] = \sum_{nc} P(keep_{nc}) \, \ell_{nc}

    Source: this project. Duarte et al. (arXiv 2105.10782) draw the masks.

    Args:
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).
        positive_ratio: Number of known positives divided by that of known negatives, of shape (C,).
        ideal_positive_ratio: The desired ratio, of shape (C,).

    Returns:
        Weights in (0, 1], of the dtype of the ratios, of shape (N, C); 1 for unknown and soft labels.

    Example:
        >>> partial_label_keep_weights(torch.tensor([[1, 0, -1]]), torch.full((3,), 0.5), torch.ones(3))
        tensor([[1.0000, 0.5000, 1.0000]])
    """
    positive, negative = keep_probabilities(positive_ratio, ideal_positive_ratio)
    return torch.where(labels == POSITIVE, positive, torch.where(labels == NEGATIVE, negative, 1.0))


def probability_histograms(logits: Tensor, labels: Tensor, num_bins: int) -> Tensor:
    """Count the probabilities of the elements of each class in equal bins of [0, 1].

    Args:
        logits: Scores before the sigmoid, of shape (N, C).
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).
        num_bins: Number of bins B.

    Returns:
        Counts of positives, of negatives, and of unknown and soft labels, int64, of shape (3, C, B).

    Example:
        >>> logits = torch.tensor([[9.0, 9.0], [-9.0, 0.1]])
        >>> probability_histograms(logits, torch.tensor([[1, 0], [1, -1]]), 2).tolist()
        [[[1, 1], [0, 0]], [[0, 0], [0, 1]], [[0, 0], [0, 1]]]
    """
    num_classes = labels.shape[1]
    # clamp on both sides: a NaN logit, which raises later, must not become an index outside of the histogram,
    # because on a GPU this ends the process.
    bins = torch.sigmoid(logits.detach().float()).mul_(num_bins).to(torch.int32).clamp_(0, num_bins - 1)
    kind = (POSITIVE - hard_labels(labels).clamp(UNKNOWN, POSITIVE)).to(torch.int32)
    size = num_classes * num_bins
    first_bin = torch.arange(0, size, num_bins, dtype=torch.int32, device=labels.device)
    indices = kind.mul_(size).add_(first_bin).add_(bins).flatten().long()
    counts = indices.new_zeros(3 * size).scatter_add_(0, indices, indices.new_ones(1).expand_as(indices))
    return counts.view(3, num_classes, num_bins)


def histogram_divergence(counts: Tensor, true_bin: int, divergence: str, epsilon: float = 1e-6) -> Tensor:
    r"""Kullback-Leibler divergence per class between a histogram of predictions and the ideal histogram.

    With the fraction h of predictions in each bin, and the ideal fractions t, which are 1 in ``true_bin`` and
    0 elsewhere:

    .. math:: KL(h \| t) = \sum_b h_b \log \frac{h_b}{t_b}, \qquad KL(t \| h) = -\log h_{true}

    In the first, :math:`\epsilon` replaces the zeros of t, since the divergence would be infinite otherwise.
    The value depends strongly on it. The paper does not define which of the two divergences it uses.

    Args:
        counts: Number of predictions in each bin, of shape (C, B).
        true_bin: Index of the bin of ideal predictions: -1 for positives, 0 for negatives.
        divergence: ``'predicted_to_true'`` for the first, ``'true_to_predicted'`` for the second.
        epsilon: Smallest fraction of a bin.

    Returns:
        Divergence in nats, of shape (C,); NaN for a class without counts.

    Raises:
        ValueError: If the divergence is unknown.

    Example:
        >>> histogram_divergence(torch.tensor([[1, 3], [0, 0]]), -1, "true_to_predicted")
        tensor([0.2877,    nan])
    """
    check_choice("histogram_divergence", DIVERGENCES, divergence=divergence)
    fractions = counts.float() / counts.sum(dim=1, keepdim=True)
    if divergence == "true_to_predicted":
        return -fractions[:, true_bin].clamp(min=epsilon).log()
    ideal = torch.full_like(fractions, epsilon)
    ideal[:, true_bin] = 1.0
    terms: Tensor = torch.special.xlogy(fractions, fractions / ideal)
    return terms.sum(dim=1)


def update_ideal_ratio(
    ideal_positive_ratio: Tensor,
    counts: Tensor,
    rate: float,
    divergence: str = "predicted_to_true",
    limits: tuple[float, float] = (1e-6, 1e6),
    epsilon: float = 1e-6,
) -> Tensor:
    r"""Update the ideal ratio from the predictions of an epoch.

    .. math:: R_c \leftarrow R_c \exp(\lambda (\tilde D^+_c - \tilde D^-_c))

    where :math:`\tilde D` is the divergence standardized over classes (mean 0, population standard deviation
    1; all 0 if the divergences are equal). Classes without positives or without negatives in this epoch keep
    their ratio and are left out of the standardization.

    Source: Duarte et al. (arXiv 2105.10782).

    Args:
        ideal_positive_ratio: R, of shape (C,).
        counts: Histograms of the epoch from :func:`probability_histograms`, of which the first two are used:
            positives and negatives, of shape (2, C, B) or (3, C, B).
        rate: Step size :math:`\lambda`.
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
    # Equal values may differ by rounding. Dividing by the deviation would scale this rounding to 1.
    return torch.where(deviation > 1e-6, (values - values.mean()) / deviation, torch.zeros_like(values))
