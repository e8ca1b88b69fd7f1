"""Class prior of images on which a class has another frequency than among the labels of the training."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def shifted_class_prior(
    counts: ArrayLike, limit: float, training_prior: ArrayLike, max_steps: int = 200
) -> np.ndarray:
    r"""Estimate P(positive) of each class over images, from the logits of a model of another prior.

    A model that was trained on labels of which the fraction :math:`\pi^0_c` is positive predicts too large
    probabilities for images of which the fraction :math:`\pi_c < \pi^0_c` is positive. If the images of the
    positives, and those of the negatives, are distributed as in the training, the maximum-likelihood estimate
    of :math:`\pi_c` is the limit of the EM steps

    .. math:: \pi_c \leftarrow \frac{1}{N} \sum_n
              \sigma\big(x_{nc} - \mathrm{logit}(\pi^0_c) + \mathrm{logit}(\pi_c)\big)

    from :math:`\pi_c = \pi^0_c`. The logits are given as histograms, so that the memory does not depend on
    the number of images. The center of a bin represents its logits.

    Source: Saerens, Latinne, Decaestecker, Neural Computation 14(1), 2002, Section 2.2, here for each class
    by itself. The histograms are from this project.

    Args:
        counts: Number of images in each of B equal bins of [-limit, limit], see :func:`logit_histograms`, of
            shape (C, B).
        limit: Upper end of the last bin.
        training_prior: :math:`\pi^0`, in (0, 1), of shape (C,).
        max_steps: Maximum number of steps. They end earlier if no prior changes by more than 1e-7.

    Returns:
        The prior, float64, of shape (C,).

    Raises:
        ValueError: If a value of ``training_prior`` is not in (0, 1).

    Example:
        >>> counts = [[0, 0, 90, 0, 0, 10, 0, 0]]  # logits of -1.5 and 1.5, as of a model trained on halves
        >>> shifted_class_prior(counts, limit=4.0, training_prior=[0.5]).round(3)
        array([0.])
    """
    counts = np.asarray(counts, dtype=np.float64)
    start = np.asarray(training_prior, dtype=np.float64)
    if not ((start > 0) & (start < 1)).all():
        raise ValueError(
            "The 'training_prior' argument of shifted_class_prior must be in (0, 1) for each class. Got "
            f"values from {start.min():g} to {start.max():g} instead."
        )
    num_bins = counts.shape[1]
    logits = limit * ((2 * np.arange(num_bins) + 1) / num_bins - 1)
    fractions = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    # The odds of an element are those of the model, times the odds of the new and of the old prior.
    odds = np.exp(logits) * ((1 - start) / start)[:, None]
    prior = start
    for _ in range(max_steps):
        shifted = odds * prior[:, None]
        previous, prior = prior, (fractions * shifted / (shifted + (1 - prior[:, None]))).sum(axis=1)
        if np.abs(prior - previous).max(initial=0) < 1e-7:
            break
    return prior
