"""The whole refit: rules of the choice, kept classes, ranks, and unknown labels as negatives."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from mmpretrain_imbalance.functional.refit import (
    LinearHead,
    RefitResult,
    blend_heads,
    calibrate_head,
    class_mean_head,
    refit_linear_head,
)
from tests.functional.refit.partial_images import batches, partial_images
from tests.functional.refit.simulated_ranks import on_two_ranks
from tests.functional.refit.test_class_mean_head import moments_of

NAMES = [
    "trained",
    *("class means, ridge 3", "class means, ridge 10"),
    *("blend, ridge 1", "blend, ridge 3", "blend, ridge 10"),
    *("category-wise, strength 0.1", "category-wise, strength 1"),
]


def trained_head(seed: int = 0) -> LinearHead:
    generator = torch.Generator().manual_seed(seed)
    return LinearHead(torch.randn(3, 4, generator=generator), torch.randn(3, generator=generator))


def refit(train: tuple, val: tuple | None, **options: object) -> RefitResult:
    settings = dict(unknown_as_negative=False, **options)
    return refit_linear_head(
        trained_head(), batches(*train), None if val is None else batches(*val), **settings
    )


def test_a_better_head_is_chosen_and_calibrated() -> None:
    features, labels = partial_images(num_images=300)
    train, val = (features[:200], labels[:200]), (features[200:], labels[200:])
    result = refit(train, val)
    assert [candidate.name for candidate in result.candidates] == NAMES
    best = max(result.candidates, key=lambda candidate: candidate.score)
    assert result.chosen == best.name != "trained"
    assert best.difference > 0
    assert f"{best.score:.1%}" in result.reason
    assert result.kept_classes == []
    assert result.head.weight.dtype == torch.float64
    # It is calibrated: another calibration changes nothing.
    again = calibrate_head(result.head, batches(*train))
    torch.testing.assert_close(again, result.head, rtol=1e-4, atol=1e-4)
    assert json.loads(json.dumps(result.to_dict(), allow_nan=False))["chosen"] == result.chosen


def test_the_best_trained_head_is_not_changed() -> None:
    features, labels = partial_images()
    trained = trained_head()
    logits = trained.logits(torch.from_numpy(features)).numpy()
    val = (features, (logits > 0).astype(int))
    result = refit_linear_head(trained, batches(features, labels), batches(*val), unknown_as_negative=False)
    assert result.chosen == "trained"
    assert result.head is trained


@pytest.mark.parametrize("case", ["no validation", "one positive per class", "no positive", "no negative"])
def test_without_enough_validation_the_blend_is_taken(case: str) -> None:
    features, labels = partial_images()
    few = np.full_like(labels, -1)
    few[:2] = 0
    few[2] = 1
    values = {
        "no validation": None,
        "one positive per class": (features, few),
        "no positive": (features, np.minimum(few, 0)),
        "no negative": (features[2:], np.maximum(labels[2:], 1)),
    }
    result = refit((features, labels), values[case])
    assert result.chosen == "blend, ridge 3"
    assert "without a choice, because" in result.reason
    assert len(result.candidates) == (0 if case == "no validation" else 2)
    moments = moments_of(features, labels)
    blend = blend_heads(trained_head(), class_mean_head(moments, 3.0), moments)
    torch.testing.assert_close(result.head, calibrate_head(blend, batches(features, labels)))
    json.dumps(result.to_dict(), allow_nan=False)


def test_class_without_positive_keeps_the_trained_row() -> None:
    features, labels = partial_images()
    labels[labels[:, 1] == 1, 1] = -1
    for val in (None, (features, labels)):
        result = refit((features, labels), val)
        assert result.kept_classes == [1]
        torch.testing.assert_close(result.head.weight[1], trained_head().weight[1].double(), rtol=0, atol=0)
        torch.testing.assert_close(result.head.bias[1], trained_head().bias[1].double(), rtol=0, atol=0)


def test_unknown_as_negative_equals_negative_labels() -> None:
    features, labels = partial_images()
    labels[labels == 0] = -1
    negatives = np.maximum(labels, 0)
    found = refit_linear_head(
        trained_head(), batches(features, labels), batches(features, labels), unknown_as_negative=True
    )
    expected = refit((features, negatives), (features, negatives))
    torch.testing.assert_close(found.head, expected.head, rtol=0, atol=0)
    assert found.to_dict() == expected.to_dict()


@pytest.mark.parametrize("options", [{}, dict(class_mean_ridges=(), ridges=(), strengths=(0.01,))])
def test_two_ranks_equal_one_process(options: dict) -> None:
    features, labels = partial_images(num_images=150)
    train, val = (features[:100], labels[:100]), (features[100:], labels[100:])
    expected = refit(train, val, **options)

    def on_rank(rank: int, reduce_sum, gather) -> RefitResult:
        part = slice(0, 30) if rank == 0 else slice(30, None)
        parts = [tuple(array[part] for array in arrays) for arrays in (train, val)]
        return refit(*parts, reduce_sum=reduce_sum, gather=gather, **options)

    for result in on_two_ranks(on_rank):
        torch.testing.assert_close(result.head, expected.head, rtol=1e-9, atol=1e-9)
        assert result.chosen == expected.chosen
        for found, candidate in zip(result.candidates, expected.candidates):
            assert found.name == candidate.name
            np.testing.assert_allclose(found.score, candidate.score, rtol=1e-9)
