"""The choice against scikit-learn's average precision, and its bootstrap against a loop over resamples."""

from __future__ import annotations

import numpy as np
import torch
from sklearn.metrics import average_precision_score

from mmpretrain_imbalance.functional.metrics.resampled_metrics import image_resamples
from mmpretrain_imbalance.functional.refit import LinearHead, choose_head
from tests.functional.refit.partial_images import batches, partial_images
from tests.functional.refit.simulated_ranks import on_two_ranks


def heads(seed: int = 0) -> dict[str, LinearHead]:
    generator = torch.Generator().manual_seed(seed)
    return {
        name: LinearHead(torch.randn(3, 4, generator=generator), torch.zeros(3))
        for name in ("trained", "a", "b")
    }


def weighted_precision(scores: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> float:
    values, used = [], []
    for score, label, weight in zip(scores.T, labels.T, weights):
        known = label >= 0
        if {*label[known]} == {0, 1}:
            values.append(average_precision_score(label[known], score[known]))
            used.append(weight)
    return float(np.average(values, weights=used))


def test_scores_and_intervals_equal_a_loop() -> None:
    features, labels = partial_images()
    features = features.round(1)  # equal logits
    choice = choose_head(heads(), batches(features, labels), num_resamples=20, seed=3)
    weights = np.sqrt((labels == 1).sum(axis=0))
    resamples = list(image_resamples(len(labels), 20, 3))
    values = {}
    for name, head in heads().items():
        scores = head.logits(torch.from_numpy(features)).float().numpy()
        values[name] = [
            weighted_precision(np.repeat(scores, times, axis=0), np.repeat(labels, times, axis=0), weights)
            for times in resamples
        ]
    for candidate in choice.candidates:
        difference = np.subtract(values[candidate.name], values["trained"])
        np.testing.assert_allclose(candidate.score, values[candidate.name][0], rtol=1e-6)
        np.testing.assert_allclose(candidate.difference, difference[0], atol=1e-6)
        expected = np.quantile(difference[1:], [0.025, 0.975])
        np.testing.assert_allclose([candidate.low, candidate.high], expected, atol=1e-6)
    assert choice.chosen == max(values, key=lambda name: values[name][0])


def test_ties_go_to_the_trained_head() -> None:
    features, labels = partial_images()
    trained = heads()["trained"]
    same = LinearHead(3 * trained.weight, trained.bias + 7)
    choice = choose_head({"trained": trained, "same": same}, batches(features, labels))
    assert choice.chosen == "trained"
    assert "no other head has a higher one" in choice.reason


def test_two_ranks_choose_as_one_process() -> None:
    features, labels = partial_images()
    labels[:9] = -1  # the first rank has images without a known label
    parts = [(features[:20], labels[:20]), (features[20:], labels[20:])]
    expected = choose_head(heads(), batches(features, labels))
    for choice in on_two_ranks(
        lambda rank, _, gather: choose_head(heads(), batches(*parts[rank], ()), gather)
    ):
        assert choice == expected


def test_a_rank_without_images() -> None:
    features, labels = partial_images()
    parts = [batches(features, labels), []]
    expected = choose_head(heads(), parts[0])
    for choice in on_two_ranks(lambda rank, _, gather: choose_head(heads(), parts[rank], gather)):
        assert choice == expected
