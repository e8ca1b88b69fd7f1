"""Partial Label Masking: expected ratio, random masks, histograms and update against loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mmpretrain_imbalance.functional import (
    DIVERGENCES,
    histogram_divergence,
    keep_probabilities,
    partial_label_keep,
    partial_label_keep_weights,
    probability_histograms,
    random_numbers,
    update_ideal_ratio,
)

RATIOS = st.floats(1e-4, 1e4)


def test_expected_ratio_equals_the_ideal_ratio():
    """The ratio is that of positives to negatives, 0.8. A ratio to ALL labels would give 0.714 of 0.5."""
    positives, negatives = 800.0, 1000.0
    keep_positive, keep_negative = keep_probabilities(
        torch.tensor([positives / negatives]), torch.tensor([0.5])
    )
    assert (positives * keep_positive / (negatives * keep_negative)).item() == pytest.approx(0.5)
    assert keep_negative.item() == 1


@given(RATIOS, RATIOS)
def test_kept_elements_have_the_ideal_ratio_and_one_kind_is_masked(ratio, ideal):
    positive, negative = keep_probabilities(*torch.tensor([[ratio], [ideal]], dtype=torch.float64))
    assert (ratio * positive / negative).item() == pytest.approx(ideal)
    assert max(positive.item(), negative.item()) == 1


@pytest.mark.parametrize("ratio", [0.0, math.inf, math.nan])
def test_classes_without_a_finite_positive_ratio_are_not_masked(ratio):
    positive, negative = keep_probabilities(torch.tensor([ratio]), torch.tensor([0.3]))
    assert (positive.item(), negative.item()) == (1, 1)


@pytest.mark.parametrize("chance", [0.5, 0.013, 1e-5, 0.9999])
@pytest.mark.parametrize("kind", [1, 0])
def test_random_mask_has_the_right_probability(chance, kind):
    """The tolerance is four standard deviations of the mean of two million random numbers."""
    labels = torch.full((2000, 1000), kind, dtype=torch.int8)
    ratio = torch.full((1000,), 1 / chance if kind else chance)
    keep = partial_label_keep(labels, ratio, torch.ones(1000), random_numbers(0, 2000, 1000, "cpu"))
    tolerance = 4 * math.sqrt(chance * (1 - chance) / keep.numel())
    assert keep.double().mean().item() == pytest.approx(chance, abs=tolerance)


def test_random_mask_is_independent_between_elements():
    labels = torch.ones(4000, 50)
    random = random_numbers(0, 4000, 50, "cpu")
    keep = partial_label_keep(labels, torch.full((50,), 2.0), torch.ones(50), random).double()
    centered = keep - keep.mean(dim=0)
    correlation = (centered.T @ centered) / len(keep) / 0.25
    # 1,225 pairs: the largest of so many standard normal numbers stays below 4.5.
    assert correlation.fill_diagonal_(0).abs().max() < 4.5 / math.sqrt(len(keep))
    assert (keep[1:] * keep[:-1]).mean().item() == pytest.approx(
        0.25, abs=4 * math.sqrt(0.1875 / keep.numel())
    )


@pytest.mark.parametrize("dtype", [torch.int8, torch.int64, torch.float32])
def test_only_the_more_frequent_kind_of_known_labels_is_masked(dtype):
    labels = torch.tensor([[1, 0, -1]] * 300, dtype=dtype)
    random = random_numbers(0, 300, 3, "cpu")
    many_positives = partial_label_keep(labels, torch.full((3,), 1e9), torch.ones(3), random)
    assert many_positives.all(dim=0).tolist() == [False, True, True]
    many_negatives = partial_label_keep(labels, torch.full((3,), 1e-9), torch.ones(3), random)
    assert many_negatives.all(dim=0).tolist() == [True, False, True]


@pytest.mark.parametrize("dtype", [torch.int8, torch.float32])
def test_weights_equal_the_loop_and_the_mean_of_the_masks(dtype):
    """The tolerance is five standard deviations of the mean of 20,000 masks."""
    row = torch.tensor([1, 0, -1, 1, 0, -1, 1, 0, 0.25 if dtype.is_floating_point else -1], dtype=dtype)
    ratio = torch.tensor([4.0, 4.0, 4.0, 0.1, 0.1, 0.1, math.inf, 0.0, 4.0])
    ideal = torch.tensor([1.0, 1.0, 1.0, 0.4, 0.4, 0.4, 1.0, 1.0, 1.0])
    expected = []
    for y, r, big_r in zip(row.tolist(), ratio.tolist(), ideal.tolist()):
        chance = 1.0
        if 0 < r < math.inf and y in (0, 1):
            chance = min(big_r / r, 1) if y == 1 else min(r / big_r, 1)
        expected.append(chance)
    assert expected[:2] + expected[3:5] == pytest.approx([0.25, 1, 1, 0.25])
    weights = partial_label_keep_weights(row.expand(20_000, 9), ratio, ideal)
    torch.testing.assert_close(weights, torch.tensor(expected).expand(20_000, 9), rtol=1e-6, atol=0)
    keep = partial_label_keep(row.expand(20_000, 9), ratio, ideal, random_numbers(0, 20_000, 9, "cpu"))
    torch.testing.assert_close(keep.double().mean(dim=0), weights[0].double(), rtol=0, atol=0.016)


def test_the_weight_of_a_much_too_frequent_label_is_not_rounded_to_0():
    weights = partial_label_keep_weights(torch.tensor([[1, 0]]), torch.tensor([1e9, 1e-9]), torch.ones(2))
    torch.testing.assert_close(weights, torch.full((1, 2), 1e-9), rtol=1e-6, atol=0)


def test_soft_labels_are_kept():
    labels = torch.full((300, 2), 0.25)
    random = random_numbers(0, 300, 2, "cpu")
    assert partial_label_keep(labels, torch.tensor([1e9, 1e-9]), torch.ones(2), random).all()


@given(
    st.lists(
        st.tuples(
            st.sampled_from([1.0, 0.0, -1.0, 0.25]), st.integers(-(2**31), 2**31 - 1),
            st.sampled_from([0.0, 0.2, 1.0, 5.0, math.inf, math.nan]), st.sampled_from([0.3, 1.0, 2.0]),
        ),
        min_size=1,
    )
)  # fmt: skip
def test_keep_equals_loop(elements):
    labels, random, ratios, ideals = zip(*elements)
    found = partial_label_keep(
        torch.tensor([labels]),
        torch.tensor(ratios, dtype=torch.float64),
        torch.tensor(ideals, dtype=torch.float64),
        torch.tensor([random], dtype=torch.int32),
    )
    expected = []
    for label, number, ratio, ideal in elements:
        quotient = ideal / ratio if 0 < ratio < math.inf else 1
        chance_to_go = {1.0: 1 - min(quotient, 1), 0.0: 1 - min(1 / quotient, 1)}.get(label, 0)
        expected.append(number + 2**31 >= math.floor(chance_to_go * 2**32))
    assert found.tolist() == [expected]


def test_elements_with_keep_probability_one_are_always_kept():
    """The random numbers are the smallest and the largest possible ones."""
    labels = torch.tensor([[1, 0]]).expand(2, 2)
    random = torch.tensor([[-(2**31)] * 2, [2**31 - 1] * 2], dtype=torch.int32)
    assert partial_label_keep(labels, torch.ones(2), torch.ones(2), random).all()
    hopeless = torch.tensor([1e30, 1e-30])
    assert partial_label_keep(labels, hopeless, torch.ones(2), random).tolist() == [[False] * 2, [True] * 2]


@pytest.mark.parametrize(
    ("num_images", "num_bins"), [(40, 10), (600, 10), (40, 3), (40, 42), (40, 43), (40, 200)]
)
def test_histograms_equal_numpy(num_images, num_bins):
    generator = torch.Generator().manual_seed(0)
    logits = 4 * torch.randn(num_images, 5, generator=generator)
    labels = torch.randint(-1, 2, (num_images, 5), generator=generator).float()
    logits[0], labels[0] = 100, 1  # a probability of exactly 1 belongs to the last bin
    logits[1], labels[1] = -200, 0
    labels[2] = 0.5
    counts = probability_histograms(logits, labels, num_bins)
    assert (counts.dtype, counts.shape) == (torch.int64, (3, 5, num_bins))
    probability = torch.sigmoid(logits).numpy()
    edges = np.arange(num_bins + 1, dtype=np.float32) / np.float32(num_bins)
    for group, values in enumerate(([1], [0], [-1, 0.5])):
        for c in range(5):
            expected, _ = np.histogram(probability[np.isin(labels[:, c], values), c], edges)
            np.testing.assert_array_equal(counts[group, c], expected)


def test_nan_logit_does_not_affect_other_elements():
    """A NaN raises later; until then it must not become an index out of range."""
    logits = torch.tensor([[0.3, torch.nan], [-0.2, 0.1], [torch.nan, -torch.inf], [torch.inf, 2.0]])
    labels = torch.tensor([[1, 1], [1, 1], [0, 0], [0, 0]])
    counts = probability_histograms(logits, labels, 4)
    assert counts.sum(dim=2).tolist() == [[2, 2], [2, 2], [0, 0]]
    assert counts[0, 0].tolist() == [0, 1, 1, 0]
    assert counts[1, 0, 3] == 1  # an infinite logit is counted
    assert counts[1, 1, [0, 3]].tolist() == [1, 1]


def test_histograms_without_known_elements_are_empty():
    assert probability_histograms(torch.zeros(0, 3), torch.zeros(0, 3), 4).sum() == 0
    assert probability_histograms(torch.zeros(2, 3), torch.full((2, 3), -1), 4)[:2].sum() == 0


def divergence_by_hand(counts, true_bin, divergence, epsilon):
    fractions = [count / sum(counts) for count in counts]
    true_bin %= len(counts)
    if divergence == "true_to_predicted":
        return -math.log(max(fractions[true_bin], epsilon))
    truth = [1.0 if b == true_bin else epsilon for b in range(len(counts))]
    return sum(h * math.log(h / t) for h, t in zip(fractions, truth) if h > 0)


@pytest.mark.parametrize("divergence", DIVERGENCES)
def test_update_equals_loop(divergence):
    generator = np.random.default_rng(0)
    counts = generator.integers(0, 50, (2, 6, 10))
    counts[0, 1] = 0  # no positives in this epoch
    counts[1, 4] = 0  # no negatives in this epoch
    ideal = generator.uniform(0.1, 3, 6)
    seen = [c for c in range(6) if counts[0, c].sum() and counts[1, c].sum()]
    assert seen == [0, 2, 3, 5]
    standardized = []
    for group, true_bin in ((0, -1), (1, 0)):
        values = {c: divergence_by_hand(counts[group, c].tolist(), true_bin, divergence, 1e-6) for c in seen}
        mean = sum(values.values()) / len(seen)
        deviation = math.sqrt(sum((value - mean) ** 2 for value in values.values()) / len(seen))
        standardized.append({c: (value - mean) / deviation for c, value in values.items()})
    expected = [
        ideal[c] * math.exp(0.1 * (standardized[0][c] - standardized[1][c])) if c in seen else ideal[c]
        for c in range(6)
    ]
    updated = update_ideal_ratio(torch.tensor(ideal), torch.from_numpy(counts), 0.1, divergence)
    torch.testing.assert_close(updated, torch.tensor(expected, dtype=torch.float64), rtol=1e-5, atol=0)
    assert updated[1] == ideal[1]
    assert updated[4] == ideal[4]


@pytest.mark.parametrize("divergence", DIVERGENCES)
@pytest.mark.parametrize(
    "counts",
    [
        torch.zeros(2, 3, 4),
        torch.ones(2, 3, 4),
        torch.eye(4)[:3].expand(2, 3, 4),
        torch.tensor([[[1, 0]], [[0, 1]]]),
    ],
)
def test_update_is_never_nan(counts, divergence):
    ideal = torch.full((counts.shape[1],), 0.7)
    assert update_ideal_ratio(ideal, counts.long(), 10.0, divergence).isfinite().all()


@pytest.mark.parametrize("divergence", DIVERGENCES)
def test_equal_divergences_do_not_change_the_ratio(divergence):
    counts = torch.tensor([3, 1, 5, 2]).expand(2, 7, 4)
    ideal = torch.linspace(0.1, 2, 7)
    torch.testing.assert_close(update_ideal_ratio(ideal, counts, 1.0, divergence), ideal)


def test_update_respects_its_limits():
    counts = torch.tensor([[[9, 1], [1, 9]], [[9, 1], [9, 1]]])
    assert update_ideal_ratio(torch.ones(2), counts, 100.0, limits=(0.5, 2.0)).tolist() == [2.0, 0.5]


def test_positives_fitted_worse_raise_the_ratio():
    counts = torch.tensor([[[9, 1], [1, 9]], [[9, 1], [9, 1]]])
    updated = update_ideal_ratio(torch.ones(2), counts, 0.1)
    assert updated[0] > 1 > updated[1]


@pytest.mark.parametrize("divergence", DIVERGENCES)
def test_a_perfect_histogram_has_no_divergence(divergence):
    counts = torch.tensor([[0, 0, 7], [7, 0, 0]])
    values = histogram_divergence(counts, -1, divergence)
    assert values[0] == 0
    assert values[1] == pytest.approx(-math.log(1e-6), rel=1e-5)


def test_unknown_divergence_raises():
    with pytest.raises(
        ValueError,
        match=r"of histogram_divergence must be one of 'predicted_to_true', 'true_to_predicted'. Got 'js'",
    ):
        histogram_divergence(torch.ones(1, 2), 0, "js")
