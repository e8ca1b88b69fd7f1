from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.metrics.pairwise import cosine_similarity

from mmpretrain_imbalance.functional.soft_labels import neighbor_scores
from mmpretrain_imbalance.functional.soft_labels import neighbor_scores as module_function


def expected_scores(features, labels, num_neighbors):
    similarities = cosine_similarity(features)
    scores = np.zeros(labels.shape)
    for image in range(len(labels)):
        order = [other for other in np.argsort(-similarities[image]) if other != image]
        for c in range(labels.shape[1]):
            known = labels[:, c] >= 0
            prior = (labels[:, c] == 1).sum() / max(known.sum(), 1)
            scores[image, c] = sum(labels[n, c] - prior for n in order[:num_neighbors] if known[n])
    return scores


@pytest.mark.parametrize("chunk", [1, 60, 2**24])
@pytest.mark.parametrize("num_neighbors", [1, 4, 50])
def test_scores_equal_loop(monkeypatch, chunk, num_neighbors) -> None:
    monkeypatch.setitem(module_function.__wrapped__.__globals__, "_CHUNK", chunk)
    rng = np.random.default_rng(0)
    features, labels = rng.normal(size=(20, 6)), rng.integers(-1, 2, (20, 3))
    labels[:, 2] = -1  # a class without known labels
    found = neighbor_scores(torch.from_numpy(features), torch.from_numpy(labels), num_neighbors)
    np.testing.assert_allclose(found, expected_scores(features, labels, num_neighbors), atol=1e-5)


def test_own_labels_have_no_influence_except_on_the_prior() -> None:
    rng = np.random.default_rng(1)
    features = torch.from_numpy(rng.normal(size=(12, 4)))
    labels = torch.from_numpy(rng.integers(0, 2, (12, 2)))
    labels[0], labels[1] = torch.tensor([1, 0]), torch.tensor([0, 1])
    swapped = labels.clone()
    swapped[[0, 1]] = labels[[1, 0]]  # the priors stay the same
    features[1] = -features[0]  # image 1 is the last neighbor of image 0
    before, after = (neighbor_scores(features, given, 5)[0] for given in (labels, swapped))
    torch.testing.assert_close(before, after)


def test_wrong_number_raises() -> None:
    with pytest.raises(ValueError, match="'num_neighbors' argument of neighbor_scores must be an integer"):
        neighbor_scores(torch.zeros(2, 1), torch.zeros(2, 1), 0)
