"""Thresholds that select given fractions, against sorting."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mmpretrain_imbalance.functional.losses.prior_matched_pseudo_label_loss import (
    logit_histograms,
    matched_thresholds,
)

LIMIT, BINS = 6.0, 240


def by_hand(logits, counted):
    counts = [[0] * BINS for _ in range(logits.shape[1])]
    for n in range(logits.shape[0]):
        for c in range(logits.shape[1]):
            if counted[n, c]:
                position = math.floor((logits[n, c].item() + LIMIT) / (2 * LIMIT) * BINS)
                counts[c][min(max(position, 0), BINS - 1)] += 1
    return torch.tensor(counts)


def test_histograms_equal_loop():
    generator = torch.Generator().manual_seed(0)
    logits = 4 * torch.randn(50, 3, generator=generator)  # some beyond the limit
    counted = torch.rand(50, 3, generator=generator) < 0.6
    counts = logit_histograms(logits, counted, BINS, LIMIT)
    torch.testing.assert_close(counts, by_hand(logits, counted))
    torch.testing.assert_close(counts.sum(dim=1), counted.sum(dim=0))


def test_nan_logit_does_not_affect_other_elements():
    """A NaN raises later; until then it must not become an index out of range."""
    logits = torch.tensor([[0.5, torch.nan], [torch.nan, 0.5], [torch.inf, -torch.inf]])
    counts = logit_histograms(logits, torch.ones(3, 2, dtype=torch.bool), 4, 2.0)
    assert counts.sum(dim=1).tolist() == [3, 3]
    assert counts[:, 2].tolist() == [1, 1]
    assert counts[0, 3] == 1
    assert counts[1, 0] >= 1


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6), st.floats(0, 1), st.floats(0, 1), st.integers(1, 200))
def test_fractions_are_accurate_to_the_content_of_one_bin(seed, positive, negative, num_images):
    logits = 2 * torch.randn(num_images, 2, generator=torch.Generator().manual_seed(seed))
    counts = logit_histograms(logits, torch.ones_like(logits).bool(), BINS, LIMIT)
    fractions = torch.full((2,), positive), torch.full((2,), negative)
    above, below = matched_thresholds(counts, *fractions, LIMIT)
    p = torch.sigmoid(logits)
    off_above = ((p > above).sum(dim=0) - positive * num_images).abs()
    off_below = ((p < below).sum(dim=0) - negative * num_images).abs()
    largest = counts.amax(dim=1) + 1e-3
    assert (off_above <= largest).all()
    assert (off_below <= largest).all()


def test_fine_bins_equal_sorting():
    logits = 2 * torch.randn(1000, 1, generator=torch.Generator().manual_seed(1))
    counts = logit_histograms(logits, torch.ones_like(logits).bool(), 24000, 12.0)
    above, below = matched_thresholds(counts, torch.tensor([0.05]), torch.tensor([0.8]), 12.0)
    ordered = torch.sigmoid(logits).sort(dim=0).values.flatten()
    assert ordered[949] - 1e-3 <= above <= ordered[950] + 1e-3
    assert ordered[799] - 1e-3 <= below <= ordered[800] + 1e-3


@pytest.mark.parametrize("fraction", [0.0, 0.5])
def test_zero_fraction_or_no_elements_select_nothing(fraction):
    counts = torch.zeros(2, 4, dtype=torch.int64)
    counts[0, 2] = 5
    above, below = matched_thresholds(counts, torch.full((2,), fraction), torch.full((2,), fraction), 2.0)
    assert (above[1], below[1]) == (1, 0)
    if not fraction:
        assert (above[0], below[0]) == (1, 0)


def test_thresholds_of_rare_classes_near_zero():
    """All probabilities are below 0.001, so bins of probabilities would not separate them."""
    logits = torch.linspace(-11, -7, 2001)[:, None]
    counts = logit_histograms(logits, torch.ones_like(logits).bool(), BINS * 2, 12.0)
    above, _ = matched_thresholds(counts, torch.tensor([0.01]), torch.tensor([0.0]), 12.0)
    assert (torch.sigmoid(logits) > above).sum().item() == pytest.approx(20, abs=2)
