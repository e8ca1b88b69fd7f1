"""Label-space reduction: the choice of active classes, and an expected weight of 1."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mmpretrain_imbalance.functional import active_class_weights, random_numbers


def by_hand(required, hardness, active_fraction, hard_fraction, random):
    """Compute the weights of Python lists, with exact fractions."""
    num_classes = len(required)
    others = [c for c in range(num_classes) if not required[c]]
    num_active = math.ceil(active_fraction * num_classes)
    # At least a quarter of the number is chosen in addition to the required classes.
    num_additional = max(num_active - (num_classes - len(others)), math.ceil(Fraction(num_active, 4)))
    if num_additional >= len(others):
        return [1.0] * num_classes
    by_hardness = sorted(others, key=lambda c: (-hardness[c], c))
    num_hard = min(int(hard_fraction * num_additional), len(others) - 1)
    remaining = by_hardness[num_hard:]
    num_random = max(num_additional - num_hard, 1)  # at least one random class, which represents the others
    chosen = sorted(remaining, key=lambda c: (random[c], c))[:num_random]
    weights = [0.0 if c in remaining else 1.0 for c in range(num_classes)]
    for c in chosen:
        weights[c] = len(remaining) / num_random
    return weights


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 5), st.integers(0, 2**32 - 1)), min_size=1, max_size=40),
    st.integers(1, 100), st.integers(0, 100), st.booleans(), st.sampled_from([torch.float32, torch.float64]),
)  # fmt: skip
def test_equals_loop(classes, active_fraction, hard_fraction, as_tensor, dtype):
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


def test_number_of_active_classes_is_exact():
    """In floating point, 0.07 * 100 is not 7 and 0.29 * 100 is not 29."""
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
    """The tolerance is 4.5 standard deviations of the mean of 4,000 weights, each 0 or M / m."""
    mask = torch.zeros(20, dtype=torch.bool)
    mask[required] = True
    hardness = torch.linspace(0, 1, 20).flip(0)
    random = random_numbers(2024, 4000, 20, "cpu")
    weights = torch.stack([active_class_weights(mask, hardness, 0.4, hard_fraction, row) for row in random])
    largest = weights.max().item()
    tolerance = 4.5 * math.sqrt(max(largest - 1, 0) / len(weights))
    torch.testing.assert_close(weights.mean(dim=0), torch.ones(20), rtol=0, atol=tolerance + 1e-6)
    assert (weights[:, required] == 1).all()


def test_hardest_classes_are_always_active():
    hardness = torch.tensor([0.1, 0.9, 0.2, 0.8, 0.3, 0.0, 0.0, 0.0])
    for random in random_numbers(0, 20, 8, "cpu"):
        weights = active_class_weights(torch.zeros(8, dtype=torch.bool), hardness, 0.5, 0.5, random)
        assert weights[[1, 3]].tolist() == [1, 1]


def test_classes_of_infinite_hardness_are_chosen_in_index_order():
    """The hardness of a class is infinite before its first loss, see ``ClassHardness``."""
    hardness = torch.tensor([0.5, torch.inf, torch.inf, torch.inf, 0.1, 0.1, 0.1, 0.1])
    weights = active_class_weights(torch.zeros(8, dtype=torch.bool), hardness, 0.5, 0.5, torch.arange(8))
    assert weights[[1, 2]].tolist() == [1, 1]
    assert weights.isfinite().all()


@pytest.mark.parametrize("required", [[False] * 5, [True, False, True, False, False], [True] * 5])
def test_fraction_of_one_gives_weight_one(required):
    for hard_fraction in (0.0, 0.5, 1.0):
        weights = active_class_weights(
            torch.tensor(required), torch.rand(5), 1.0, hard_fraction, torch.arange(5)
        )
        assert weights.tolist() == [1] * 5


@pytest.mark.parametrize("active_fraction", [0.01, 0.5])
def test_all_classes_required_gives_weight_one(active_fraction):
    weights = active_class_weights(
        torch.ones(9, dtype=torch.bool), torch.rand(9), active_fraction, 0.5, torch.arange(9)
    )
    assert weights.tolist() == [1] * 9
