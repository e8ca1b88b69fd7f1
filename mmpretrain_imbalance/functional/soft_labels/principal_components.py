"""Standardized features in fewer dimensions."""

from __future__ import annotations

import torch
from torch import Tensor


@torch.no_grad()
def principal_components(features: Tensor, num_components: int = 256) -> Tensor:
    r"""Project standardized features onto the directions of their largest variance.

    .. math:: u_n = V^\top\, \mathrm{diag}(\sigma)^{-1} (x_n - \mu)

    V are the eigenvectors of the correlation matrix with the largest eigenvalues. Their signs are fixed, so
    that the result is the same in each call: the largest entry of each is positive. A constant feature is
    left out.

    Args:
        features: Features, of shape (N, D).
        num_components: Largest number of components.

    Returns:
        Components, float32, of shape (N, min(D, num_components)).

    Example:
        >>> components = principal_components(torch.tensor([[0.0, 1.0], [1.0, 3.0], [2.0, 5.0]]), 1)
        >>> components.flatten()
        tensor([-1.7321,  0.0000,  1.7321])
    """
    mean = features.mean(dim=0, dtype=torch.float64)
    centered = features.double() - mean
    deviation = centered.square().mean(dim=0).sqrt()
    centered /= torch.where(deviation > 1e-6 * mean.abs(), deviation, torch.inf)
    _, vectors = torch.linalg.eigh(centered.T @ centered / len(centered))
    vectors = vectors[:, -num_components:].flip(1)
    largest = vectors.gather(0, vectors.abs().argmax(dim=0, keepdim=True))
    components: Tensor = centered @ (vectors * largest.sign())
    return components.float()
