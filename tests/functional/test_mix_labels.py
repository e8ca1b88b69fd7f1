"""The label of a mixture is known only if it is defined by known labels."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mmpretrain_imbalance.functional.mix_labels import mix_labels

LABELS = st.sampled_from([1.0, 0.0, -1.0]) | st.floats(0, 1, width=32)
FRACTIONS = st.sampled_from([0.0, 1.0]) | st.floats(0, 1)


def mixed_by_hand(first: float, second: float, lam: float) -> float:
    if lam == 1:
        return first
    if lam == 0:
        return second
    if first == -1 or second == -1:
        return -1.0
    return lam * first + (1 - lam) * second


@given(st.lists(st.tuples(LABELS, LABELS), min_size=1, max_size=20), FRACTIONS)
def test_equals_loop(pairs, lam):
    first, second = torch.tensor(pairs).T
    expected = torch.tensor([[mixed_by_hand(a, b, lam) for a, b in pairs]])
    torch.testing.assert_close(mix_labels(first[None], second[None], lam), expected)


@given(st.lists(st.tuples(LABELS, LABELS, LABELS), min_size=1, max_size=20), FRACTIONS, FRACTIONS)
def test_mixtures_of_mixtures_are_labels(triples, lam, again):
    """Every mixed label is exactly -1 or in [0, 1]."""
    first, second, third = torch.tensor(triples).T
    mixed = mix_labels(mix_labels(first, second, lam), third, again)
    assert ((mixed == -1) | ((mixed >= 0) & (mixed <= 1))).all()


@given(LABELS, FRACTIONS)
def test_equal_labels_do_not_change(label, lam):
    labels = torch.tensor([[label]])
    assert mix_labels(labels, labels, lam).item() == labels.item()


@given(st.lists(st.tuples(LABELS, LABELS), min_size=1), st.integers(0, 64).map(lambda k: k / 64))
def test_the_order_of_the_two_does_not_matter(pairs, lam):
    first, second = torch.tensor(pairs).T
    torch.testing.assert_close(mix_labels(first, second, lam), mix_labels(second, first, 1 - lam))


@pytest.mark.parametrize("lam", [0, 0.4, 1])
def test_does_not_change_its_arguments(lam):
    first, second = torch.tensor([[1, -1]]), torch.tensor([[0.0, 1.0]])
    mix_labels(first, second, lam).add_(9)
    assert first.tolist() == [[1, -1]]
    assert second.tolist() == [[0, 1]]


@pytest.mark.parametrize("lam", [-0.1, 1.1, float("nan")])
def test_fraction_out_of_range_raises(lam):
    with pytest.raises(ValueError, match=r"'lam' argument of mix_labels must be a number from 0 to 1. Got"):
        mix_labels(torch.zeros(1, 1), torch.zeros(1, 1), lam)


def test_different_shapes_raise():
    with pytest.raises(ValueError, match=r"shape of 'first', \(1, 2\). Got \(1, 1\) instead"):
        mix_labels(torch.zeros(1, 2), torch.zeros(1, 1), 0.5)
