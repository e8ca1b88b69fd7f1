"""Class weights against loops."""

from __future__ import annotations

import pytest
import torch

from mmpretrain_imbalance.functional import SCHEMES, balanced_class_weights

POSITIVES = torch.tensor([50, 10, 1, 90, 0, 100])
NEGATIVES = torch.tensor([50, 90, 99, 10, 100, 0])


def ratio_by_hand(positives, negatives, power, cap):
    positive = [1.0 if p == 0 or n == 0 else min((n / p) ** power, cap) for p, n in zip(positives, negatives)]
    return positive, [1.0] * len(positives)


def effective_by_hand(positives, negatives, beta, cap):
    counts = [count for count in [*positives, *negatives] if count > 0]

    def effective(count):
        return (1 - beta**count) / (1 - beta)

    most = max(map(effective, counts))
    return tuple(
        [min(most / effective(n), cap) if n > 0 else 1.0 for n in side] for side in (positives, negatives)
    )


@pytest.mark.parametrize("power", [1.0, 0.5])
@pytest.mark.parametrize("cap", [10.0, 1e6])
def test_ratio_equals_loop(power, cap):
    weights = balanced_class_weights(POSITIVES, NEGATIVES, "ratio", power, max_weight=cap, normalize=False)
    expected = ratio_by_hand(POSITIVES.tolist(), NEGATIVES.tolist(), power, cap)
    for weight, side in zip(weights, expected):
        torch.testing.assert_close(weight, torch.tensor(side))


@pytest.mark.parametrize("beta", [0.0, 0.9, 0.9999])
def test_effective_number_equals_loop(beta):
    weights = balanced_class_weights(
        POSITIVES, NEGATIVES, "effective_number", beta=beta, max_weight=1e6, normalize=False
    )
    expected = effective_by_hand(POSITIVES.tolist(), NEGATIVES.tolist(), beta, 1e6)
    for weight, side in zip(weights, expected):
        torch.testing.assert_close(weight, torch.tensor(side))


def test_the_default_parameter_of_effective_number():
    weights = balanced_class_weights(
        POSITIVES, NEGATIVES, "effective_number", max_weight=1e6, normalize=False
    )
    expected = effective_by_hand(POSITIVES.tolist(), NEGATIVES.tolist(), 0.999, 1e6)
    for weight, side in zip(weights, expected):
        torch.testing.assert_close(weight, torch.tensor(side))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_by_default_weights_have_mean_one_over_known_elements(scheme):
    positive, negative = balanced_class_weights(POSITIVES, NEGATIVES, scheme)
    total = (positive * POSITIVES + negative * NEGATIVES).sum() / (POSITIVES + NEGATIVES).sum()
    assert total.item() == pytest.approx(1, rel=1e-6)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_full_balance_gives_positives_and_negatives_equal_total_weight(scheme):
    if scheme == "ratio":
        positive, negative = balanced_class_weights(
            POSITIVES[:4], NEGATIVES[:4], scheme, max_weight=1e6, normalize=False
        )
        torch.testing.assert_close(positive * POSITIVES[:4], negative * NEGATIVES[:4])
    positive, _ = balanced_class_weights(POSITIVES[:4], NEGATIVES[:4], scheme, normalize=False)
    assert positive[2] == positive.max()  # the rarest


@pytest.mark.parametrize("normalize", [True, False])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_dataset_without_known_labels_has_weight_one(scheme, normalize):
    for weight in balanced_class_weights(torch.zeros(3), torch.zeros(3), scheme, normalize=normalize):
        torch.testing.assert_close(weight, torch.ones(3))


def test_unknown_scheme_raises():
    with pytest.raises(
        ValueError,
        match=r"of balanced_class_weights must be one of 'ratio', 'effective_number'. Got 'x' instead",
    ):
        balanced_class_weights(POSITIVES, NEGATIVES, "x")
