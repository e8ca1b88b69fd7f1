"""Scores of the elements of an image from the known labels of similar images."""

from __future__ import annotations

import torch
from torch import Tensor

from ...utils.argument_checks import check_integer

_CHUNK = 2**24  # similarities in memory at a time


@torch.no_grad()
def neighbor_scores(features: Tensor, labels: Tensor, num_neighbors: int = 30) -> Tensor:
    r"""Known positives among the nearest other images, minus the number that is expected by chance.

    .. math:: s_{nc} = \sum_{m \in \mathcal{N}(n),\; y_{mc} \ne -1} (y_{mc} - \pi_c), \qquad
        \pi_c = n_c^+ / (n_c^+ + n_c^-)

    :math:`\mathcal{N}(n)` are the images with the largest cosine similarity to image n, without n itself. The
    own label of an element has therefore no influence on its score. An unknown label of a neighbor
    contributes 0. At most 2^24 similarities are in memory at a time.

    Source: nearest neighbors for multi-label data are those of Zhang and Zhou, Pattern Recognition 2007
    (ML-kNN). The sum over known labels only is of this project.

    Args:
        features: Standardized features, of shape (N, D).
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).
        num_neighbors: Number of neighbors; all other images if there are fewer.

    Returns:
        The scores, float32, of shape (N, C).

    Raises:
        ValueError: If ``num_neighbors`` is not at least 1.

    Example:
        >>> features = torch.tensor([[1.0, 0.0], [2.0, 0.1], [0.0, 1.0], [0.1, 3.0]])
        >>> neighbor_scores(features, torch.tensor([[1], [-1], [0], [0]]), num_neighbors=1)
        tensor([[ 0.0000],
                [ 0.6667],
                [-0.3333],
                [-0.3333]])
    """
    check_integer("neighbor_scores", 1, num_neighbors=num_neighbors)
    num_images = len(features)
    num_neighbors = min(num_neighbors, num_images - 1)
    directions = torch.nn.functional.normalize(features.float(), dim=1)
    known, positive = labels >= 0, labels == 1
    prior = positive.sum(dim=0) / known.sum(dim=0).clamp(min=1)
    differences = (positive.float() - prior) * known
    scores = torch.empty_like(differences)
    step = max(1, _CHUNK // max(num_images, num_neighbors * labels.shape[1]))
    for start in range(0, num_images, step):
        similarities = directions[start : start + step] @ directions.T
        similarities.diagonal(offset=start).fill_(-torch.inf)
        neighbors = similarities.topk(num_neighbors, dim=1).indices
        scores[start : start + step] = differences[neighbors].sum(dim=1)
    return scores
