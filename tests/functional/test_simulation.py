"""Properties of the protocols of partial labels, on arbitrary label matrices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from mmpretrain_imbalance.functional.simulation import (
    element_random_numbers,
    simulate_elements,
    simulate_partial_labels,
)

AMOUNTS = {
    "rps": {"probability": 0.4},
    "fpc": {"num_labels": 2},
    "single_positive": {},
    "n_per_image": {"num_labels": 2},
    "known_label_ratio": {"known_label_ratio": 0.3},
    "drop_positives": {"probability": 0.4},
}
TABLES = npst.arrays(
    np.int8,
    npst.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=9),
    elements=st.sampled_from([1, 0, -1]),
)
each_protocol = pytest.mark.parametrize("protocol", AMOUNTS)


@each_protocol
@settings(max_examples=40)
@given(labels=TABLES, seed=st.integers(0, 2**32))
def test_only_known_labels_change_and_only_as_the_protocol_allows(protocol, labels, seed):
    result = simulate_partial_labels(labels, protocol, seed=seed, **AMOUNTS[protocol])
    assert (result[labels == -1] == -1).all()
    changed = result != labels
    if protocol == "drop_positives":
        assert (labels[changed] == 1).all()
        assert (result[changed] == 0).all()
    else:
        assert (result[changed] == -1).all()


@given(labels=TABLES, seed=st.integers(0, 2**32), number=st.integers(1, 4))
def test_fpc_keeps_the_same_number_of_each_class_if_there_are_enough(labels, seed, number):
    result = simulate_partial_labels(labels, "fpc", seed=seed, num_labels=number)
    for value in (1, 0):
        available = (labels == value).sum(axis=0)
        np.testing.assert_array_equal((result == value).sum(axis=0), np.minimum(available, number))


@given(labels=TABLES, seed=st.integers(0, 2**32), number=st.integers(1, 4))
def test_n_per_image_keeps_the_same_number_of_each_image_if_there_are_enough(labels, seed, number):
    result = simulate_partial_labels(labels, "n_per_image", seed=seed, num_labels=number)
    for value in (1, 0):
        available = (labels == value).sum(axis=1)
        np.testing.assert_array_equal((result == value).sum(axis=1), np.minimum(available, number))


@given(labels=TABLES, seed=st.integers(0, 2**32))
def test_single_positive_keeps_one_positive_and_nothing_else(labels, seed):
    result = simulate_partial_labels(labels, "single_positive", seed=seed)
    np.testing.assert_array_equal((result == 1).sum(axis=1), (labels == 1).any(axis=1))
    assert not (result == 0).any()


@given(labels=TABLES, seed=st.integers(0, 2**32), percent=st.integers(0, 100))
def test_known_label_ratio_keeps_its_fraction_of_each_image(labels, seed, percent):
    result = simulate_partial_labels(labels, "known_label_ratio", seed=seed, known_label_ratio=percent / 100)
    for kept, known in zip((result != -1).sum(axis=1), (labels != -1).sum(axis=1)):
        assert abs(kept - percent / 100 * known) <= 0.5 + 1e-9


@pytest.mark.parametrize("protocol", ["rps", "drop_positives"])
def test_removed_fraction_is_the_probability(protocol):
    labels = np.random.default_rng(0).integers(0, 2, (2000, 50))
    result = simulate_partial_labels(labels, protocol, seed=3, probability=0.3)
    could_change = labels == 1 if protocol == "drop_positives" else np.ones_like(labels, dtype=bool)
    fraction = (result != labels)[could_change].mean()
    assert abs(fraction - 0.3) < 4 * np.sqrt(0.3 * 0.7 / could_change.sum())


@each_protocol
@settings(max_examples=40)
@given(labels=TABLES, seed=st.integers(0, 2**32))
def test_the_order_of_samples_does_not_matter(protocol, labels, seed):
    order = np.random.default_rng(seed).permutation(len(labels))
    whole = simulate_partial_labels(labels, protocol, seed=seed, **AMOUNTS[protocol])
    shuffled = simulate_partial_labels(
        labels[order], protocol, seed=seed, sample_ids=order, **AMOUNTS[protocol]
    )
    np.testing.assert_array_equal(shuffled, whole[order])


@pytest.mark.parametrize("protocol", [name for name in AMOUNTS if name != "fpc"])
@settings(max_examples=40)
@given(labels=TABLES, seed=st.integers(0, 2**32))
def test_a_subset_of_the_samples_has_the_same_labels(protocol, labels, seed):
    ids = np.arange(0, len(labels), 2)
    whole = simulate_partial_labels(labels, protocol, seed=seed, **AMOUNTS[protocol])
    part = simulate_partial_labels(labels[ids], protocol, seed=seed, sample_ids=ids, **AMOUNTS[protocol])
    np.testing.assert_array_equal(part, whole[ids])


@each_protocol
def test_another_seed_gives_other_labels(protocol):
    labels = np.random.default_rng(0).integers(0, 2, (50, 20))
    first, again, other = (
        simulate_partial_labels(labels, protocol, seed=seed, **AMOUNTS[protocol]) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_fpc_in_parts_equals_fpc_at_once():
    labels = np.random.default_rng(0).integers(0, 2, (300, 7))
    samples, classes = np.nonzero(labels >= 0)
    values = labels[samples, classes]
    kept = []
    for half in (samples < 120, samples >= 120):
        elements = samples[half], classes[half], values[half]
        survivors = simulate_elements(*elements, "fpc", 5, seed=9) != -1
        kept.append([array[survivors] for array in elements])
    samples, classes, values = (np.concatenate(arrays) for arrays in zip(*kept))
    result = np.full(labels.shape, -1)
    result[samples, classes] = simulate_elements(samples, classes, values, "fpc", 5, seed=9)
    np.testing.assert_array_equal(result, simulate_partial_labels(labels, "fpc", seed=9, num_labels=5))


def test_random_numbers_are_uniform_and_independent():
    samples, classes = np.divmod(np.arange(200_000), 100)
    numbers = element_random_numbers(samples, classes, seed=0)
    histogram = np.bincount((numbers * 20).astype(int), minlength=20)
    assert numbers.min() >= 0
    assert numbers.max() < 1
    # Pearson's statistic of 20 bins has the mean 19 and the standard deviation 6.2.
    assert ((histogram - 10_000) ** 2 / 10_000).sum() < 19 + 4 * 6.2
    table = numbers.reshape(2000, 100)
    for other in (
        np.roll(table, 1, axis=0),
        np.roll(table, 1, axis=1),
        element_random_numbers(samples, classes, 1).reshape(2000, 100),
    ):
        assert abs(np.corrcoef(table.ravel(), other.ravel())[0, 1]) < 4 / np.sqrt(table.size)


def test_inputs_do_not_change():
    labels = np.random.default_rng(0).integers(-1, 2, (5, 5))
    before = labels.copy()
    simulate_partial_labels(labels, "rps", seed=0, probability=0.9)
    np.testing.assert_array_equal(labels, before)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"protocol": "random"},
            "'protocol' argument of simulate_partial_labels must be one of 'rps', 'fpc'",
        ),
        ({"protocol": "rps"}, "'probability' argument .* must be a number from 0 to 1 .* Got None instead"),
        ({"protocol": "rps", "probability": 1.5}, "'probability' argument .* Got 1.5 instead"),
        ({"protocol": "rps", "probability": True}, "'probability' argument .* Got True instead"),
        ({"protocol": "fpc", "num_labels": 0}, "'num_labels' argument .* at least 1 .* Got 0 instead"),
        ({"protocol": "fpc", "num_labels": 1.5}, "'num_labels' argument .* Got 1.5 instead"),
        (
            {"protocol": "fpc", "num_labels": 1, "probability": 0.5},
            "'probability' argument .* must be left out",
        ),
        (
            {"protocol": "known_label_ratio", "known_label_ratio": -1},
            "'known_label_ratio' argument .* Got -1",
        ),
    ],
)
def test_invalid_arguments_raise(arguments, message):
    with pytest.raises(ValueError, match=message):
        simulate_partial_labels(np.zeros((1, 1)), seed=0, **arguments)


@pytest.mark.parametrize("seed", [None, "1", 1.7, True])
def test_seed_must_be_an_integer(seed):
    with pytest.raises(ValueError, match="'seed' argument of simulate_partial_labels must be an integer"):
        simulate_partial_labels(np.zeros((1, 1)), "single_positive", seed=seed)
    expected = simulate_partial_labels(np.ones((5, 5)), "single_positive", seed=3)
    same = simulate_partial_labels(np.ones((5, 5)), "single_positive", seed=np.int64(3))
    np.testing.assert_array_equal(same, expected)


@pytest.mark.parametrize("labels", [np.array([[2, 0]]), np.array([[np.nan, 0]]), np.array([1, 0])])
def test_invalid_labels_raise(labels):
    with pytest.raises(ValueError, match="'labels' argument of simulate_partial_labels must be 1"):
        simulate_partial_labels(labels, "single_positive", seed=0)
