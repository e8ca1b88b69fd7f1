"""Label-space reduction: which classes are active, and the expected weight of each is 1."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mmpretrain_imbalance.functional import active_class_weights, random_numbers


def by_hand(required, hardness, active_fraction, hard_fraction, random):
    """The weights of plain lists, the shares as exact fractions."""
    num_classes = len(required)
    others = [c for c in range(num_classes) if not required[c]]
    places = math.ceil(active_fraction * num_classes)
    # A quarter of the places is free, if need be beyond them.
    free = max(places - (num_classes - len(others)), math.ceil(Fraction(places, 4)))
    if free >= len(others):
        return [1.0] * num_classes
    by_hardness = sorted(others, key=lambda c: (-hardness[c], c))
    num_hard = min(int(hard_fraction * free), len(others) - 1)
    remaining = by_hardness[num_hard:]
    num_drawn = max(free - num_hard, 1)  # without a random class the others could not be weighted for
    drawn = sorted(remaining, key=lambda c: (random[c], c))[:num_drawn]
    weights = [0.0 if c in remaining else 1.0 for c in range(num_classes)]
    for c in drawn:
        weights[c] = len(remaining) / num_drawn
    return weights


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 5), st.integers(0, 2**32 - 1)), min_size=1, max_size=40),
    st.integers(1, 100), st.integers(0, 100), st.booleans(), st.sampled_from([torch.float32, torch.float64]),
)  # fmt: skip
def test_is_the_loop(classes, active_fraction, hard_fraction, as_tensor, dtype):
    required, hardness, random = map(list, zip(*classes))
    exact = Fraction(active_fraction, 100), Fraction(hard_fraction, 100)
    active_fraction, hard_fraction = active_fraction / 100, hard_fraction / 100
    found = active_class_weights(
        torch.tensor(required),
        torch.tensor(hardness, dtype=dtype),
        torch.tensor(active_fraction, dtype=torch.float64) if as_tensor else active_fraction,
        hard_fraction,
        torch.tensor(random),
    )
    assert found.dtype == dtype
    expected = torch.tensor(by_hand(required, hardness, *exact, random), dtype=dtype)
    torch.testing.assert_close(found, expected)
    assert found.double().sum().item() == pytest.approx(len(required), rel=1e-5)


def test_places_are_exact_in_decimals():
    """0.07 * 100 and 0.29 * 100 are neither 7 nor 29 in floating point."""
    nothing = torch.zeros(100, dtype=torch.bool)
    weights = active_class_weights(nothing, torch.arange(100.0), 0.07, 0.0, torch.arange(100))
    assert (weights > 0).sum() == 7
    weights = active_class_weights(
        torch.zeros(101, dtype=torch.bool), torch.arange(101.0), 100 / 101, 0.29, torch.arange(101)
    )
    assert (weights == 1).sum() == 29
    assert (weights > 1).sum() == 71


@pytest.mark.parametrize("hard_fraction", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("required", [[], [3, 7], list(range(15))])
def test_expected_weight_is_one(required, hard_fraction):
    """Four and a half standard deviations of the mean over 4,000 draws; a weight is 0 or M / m."""
    mask = torch.zeros(20, dtype=torch.bool)
    mask[required] = True
    hardness = torch.linspace(0, 1, 20).flip(0)
    random = random_numbers(2024, 4000, 20, "cpu")
    draws = torch.stack([active_class_weights(mask, hardness, 0.4, hard_fraction, row) for row in random])
    largest = draws.max().item()
    tolerance = 4.5 * math.sqrt(max(largest - 1, 0) / len(draws))
    torch.testing.assert_close(draws.mean(dim=0), torch.ones(20), rtol=0, atol=tolerance + 1e-6)
    assert (draws[:, required] == 1).all()


def test_the_hardest_are_in_for_sure():
    hardness = torch.tensor([0.1, 0.9, 0.2, 0.8, 0.3, 0.0, 0.0, 0.0])
    for random in random_numbers(0, 20, 8, "cpu"):
        weights = active_class_weights(torch.zeros(8, dtype=torch.bool), hardness, 0.5, 0.5, random)
        assert weights[[1, 3]].tolist() == [1, 1]


def test_classes_of_unknown_hardness_are_the_hardest_in_their_order():
    """Before its first loss a class has an infinite hardness, see ``ClassHardness``."""
    hardness = torch.tensor([0.5, torch.inf, torch.inf, torch.inf, 0.1, 0.1, 0.1, 0.1])
    weights = active_class_weights(torch.zeros(8, dtype=torch.bool), hardness, 0.5, 0.5, torch.arange(8))
    assert weights[[1, 2]].tolist() == [1, 1]
    assert weights.isfinite().all()


@pytest.mark.parametrize("required", [[False] * 5, [True, False, True, False, False], [True] * 5])
def test_a_full_share_is_the_plain_loss(required):
    for hard_fraction in (0.0, 0.5, 1.0):
        weights = active_class_weights(
            torch.tensor(required), torch.rand(5), 1.0, hard_fraction, torch.arange(5)
        )
        assert weights.tolist() == [1] * 5


@pytest.mark.parametrize("active_fraction", [0.01, 0.5])
def test_all_required_are_all_of_weight_one(active_fraction):
    weights = active_class_weights(
        torch.ones(9, dtype=torch.bool), torch.rand(9), active_fraction, 0.5, torch.arange(9)
    )
    assert weights.tolist() == [1] * 9
