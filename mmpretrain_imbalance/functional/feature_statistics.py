"""Mean and standard deviation of features that are larger than memory."""

from __future__ import annotations

import numpy as np

_CHUNK = 2**22  # numbers per step


def feature_statistics(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    r"""Compute mean and standard deviation of each feature, in one pass over parts of the array.

    Parts are joined in double precision by the formula of Chan, Golub and LeVeque (1983),

    .. math:: M_2 = M_2^a + M_2^b + (\mu_b - \mu_a)^2\, n_a n_b / (n_a + n_b), \qquad \sigma^2 = M_2 / N,

    where :math:`M_2` is the sum of squared differences from the mean.

    Args:
        features: Features of shape (N, D), for example a memory map.

    Returns:
        Mean and standard deviation, float64, each of shape (D,).

    Raises:
        ValueError: If there are no rows.

    Example:
        >>> feature_statistics(np.array([[1.0, 5.0], [3.0, 5.0]]))
        (array([2., 5.]), array([1., 0.]))
    """
    if not len(features):
        raise ValueError(
            "The 'features' argument of feature_statistics must have at least one row. Got none instead."
        )
    count, mean = 0, np.zeros(features.shape[1])
    squares = np.zeros(features.shape[1])
    step = max(1, _CHUNK // max(1, features.shape[1]))
    for start in range(0, len(features), step):
        part = features[start : start + step].astype(np.float64)
        part_mean = part.mean(axis=0)
        difference, total = part_mean - mean, count + len(part)
        squares += ((part - part_mean) ** 2).sum(axis=0) + difference**2 * (count * len(part) / total)
        mean += difference * (len(part) / total)
        count = total
    return mean, np.sqrt(squares / count)
