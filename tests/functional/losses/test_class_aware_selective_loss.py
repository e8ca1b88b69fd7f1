"""Selection and weights of unknown elements, against loops of the published rules."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mmpretrain_imbalance.functional import selective_keep, unknown_weights

TABLES = st.integers(1, 5).flatmap(
    lambda classes: st.lists(
        st.lists(
            st.tuples(st.integers(-300, 300), st.sampled_from([1, 0, -1])), min_size=classes, max_size=classes
        ),
        min_size=1,
        max_size=5,
    )
)


def by_hand(logits, labels, budget_of, prior=None, threshold=None):
    """Rank the unknown elements by p, and leave out the first of them and those of frequent classes."""
    keep = [[True] * len(row) for row in labels]
    for group, budget in budget_of:
        unknown = sorted(((logits[n][c], n, c) for n, c in group if labels[n][c] == -1), reverse=True)
        for _, n, c in unknown[:budget]:
            keep[n][c] = False
    for n, row in enumerate(labels):
        for c, label in enumerate(row):
            if label == -1 and prior is not None and threshold and prior[c] > threshold:
                keep[n][c] = False
    return torch.tensor(keep)


def distinct(table):
    """Return logits without ties, and labels."""
    logits = [
        [value + 1e-3 * (n * len(row) + c) for c, (value, _) in enumerate(row)] for n, row in enumerate(table)
    ]
    return logits, [[label for _, label in row] for row in table]


@given(TABLES, st.sampled_from([0, 0.5, 1, 2, 7]), st.booleans())
def test_batch_scope_equals_loop(table, k, use_prior):
    logits, labels = distinct(table)
    num_images, num_classes = len(labels), len(labels[0])
    prior = [0.02 * c for c in range(num_classes)] if use_prior else None
    everything = [(n, c) for n in range(num_images) for c in range(num_classes)]
    expected = by_hand(logits, labels, [(everything, round(k * num_images))], prior, 0.03)
    keep = selective_keep(
        torch.tensor(logits, dtype=torch.float64),
        torch.tensor(labels),
        k,
        class_prior=None if prior is None else torch.tensor(prior),
        prior_threshold=0.03,
    )
    assert keep.tolist() == expected.tolist()


@given(TABLES, st.integers(0, 6))
def test_image_scope_equals_loop(table, k):
    logits, labels = distinct(table)
    groups = [([(n, c) for c in range(len(labels[0]))], k) for n in range(len(labels))]
    keep = selective_keep(torch.tensor(logits, dtype=torch.float64), torch.tensor(labels), k, "image")
    assert keep.tolist() == by_hand(logits, labels, groups).tolist()


def test_elements_removed_by_the_prior_count_towards_topk():
    logits, labels = torch.tensor([[3.0, 2.0, 1.0]]), torch.full((1, 3), -1)
    keep = selective_keep(logits, labels, 1, class_prior=torch.tensor([0.5, 0.0, 0.0]), prior_threshold=0.1)
    assert keep.tolist() == [[False, True, True]]


@pytest.mark.parametrize("threshold", [0, 0.0, None])
def test_without_threshold_the_prior_is_ignored(threshold):
    keep = selective_keep(torch.zeros(1, 2), torch.full((1, 2), -1), 0, "batch", torch.ones(2), threshold)
    assert keep.all()


def test_ties_leave_out_no_more_than_topk_elements():
    logits, labels = torch.zeros(2, 4), torch.tensor([[-1, -1, 1, -1], [-1, 0, -1, -1]])
    keep = selective_keep(logits, labels, 1)
    assert (~keep).sum() == 2
    assert keep[labels != -1].all()


@pytest.mark.parametrize("label", [0, 1])
@pytest.mark.parametrize("scope", ["batch", "image"])
def test_known_elements_are_never_left_out(label, scope):
    assert selective_keep(
        torch.full((3, 4), 9.0), torch.full((3, 4), label), 4, scope, torch.ones(4), 0.1
    ).all()


def test_saturated_probabilities_are_still_ranked():
    keep = selective_keep(torch.tensor([[30.0, 90.0, 60.0]]), torch.full((1, 3), -1), 1)
    assert keep.tolist() == [[True, False, True]]


def test_unknown_weights_equal_expected_values():
    labels = torch.tensor([[1, 0, -1, 0], [-1, -1, -1, -1]])
    assert unknown_weights(labels, "negative") is None
    assert unknown_weights(labels, "ignore").tolist() == [[1, 1, 0, 1], [0, 0, 0, 0]]
    expected = torch.tensor([[1.25, 1.25, 0, 1.25], [0, 0, 0, 0]], dtype=torch.float64)
    torch.testing.assert_close(
        unknown_weights(labels, "ignore_normalized", torch.float64), expected, rtol=1e-12, atol=0
    )


def test_invalid_arguments_raise():
    logits = labels = torch.zeros(1, 2)
    with pytest.raises(
        ValueError,
        match=r"'topk_scope' argument of selective_keep must be one of 'batch', 'image'. Got 'all'",
    ):
        selective_keep(logits, labels, 1, "all")
    with pytest.raises(
        ValueError, match=r"'likelihood_topk' argument of selective_keep must be at least 0. Got -1"
    ):
        selective_keep(logits, labels, -1)
    with pytest.raises(ValueError, match=r"must be an integer with topk_scope='image'.*Got 0.5"):
        selective_keep(logits, labels, 0.5, "image")
    with pytest.raises(
        ValueError,
        match=r"of unknown_weights must be one of 'negative', 'ignore', 'ignore_normalized'. Got 'x'",
    ):
        unknown_weights(labels, "x")
