"""Validation of logits and labels, and its errors."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mmpretrain_imbalance.functional import (
    check_logits_and_labels,
    elementwise_loss_function,
    hard_labels,
    known_labels,
    partial_binary_cross_entropy,
    values_by_label,
)

LABELS = st.sampled_from([1.0, 0.0, -1.0]) | st.floats(1 / 64, 63 / 64, width=32)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.int64, torch.int8])
def test_labels_of_every_dtype_pass(dtype):
    labels = torch.tensor([[1, 0, -1]], dtype=dtype)
    assert check_logits_and_labels(torch.zeros(1, 3), labels, "loss") is False


@pytest.mark.parametrize(
    "wrong", [2.0, -2.0, 0.5, 257.0, 255.0, float("nan"), float("inf"), float("-inf"), 1.0001]
)
def test_wrong_value_is_named_with_its_position(wrong):
    labels = torch.tensor([[1.0, 0.0], [-1.0, wrong]])
    message = (
        r"The 'labels' argument of loss must be 1 \(positive\), 0 \(negative\) or -1 \(unknown\) in every "
        r"element. "
        rf"Got {wrong:g} at sample 1, class 1 instead."
    )
    with pytest.raises(ValueError, match=message):
        check_logits_and_labels(torch.zeros(2, 2), labels, "loss")


def test_wording_of_the_error():
    with pytest.raises(ValueError, match=r"argument") as error:
        partial_binary_cross_entropy(torch.zeros(1, 2), torch.tensor([[1, 2]]))
    assert str(error.value) == (
        "The 'labels' argument of partial_binary_cross_entropy must be 1 (positive), 0 (negative) or -1 "
        "(unknown) in every "
        "element. Got 2 at sample 0, class 1 instead."
    )


def test_unsigned_unknown_labels_raise_and_are_counted():
    labels = torch.tensor([[1, 255, 255]], dtype=torch.uint8)
    with pytest.raises(ValueError, match=r"Got 255 at sample 0, class 1, and at 1 more elements instead"):
        check_logits_and_labels(torch.zeros(1, 3), labels, "loss")


def test_nan_logits_name_sample_and_class():
    logits = torch.tensor([[0.0, 0.0], [float("nan"), 0.0]])
    with pytest.raises(
        ValueError, match=r"'logits' argument of loss must be numbers.* Got nan at sample 1, class 0 instead"
    ):
        check_logits_and_labels(logits, torch.zeros(2, 2), "loss")


def test_shapes_and_types():
    with pytest.raises(
        ValueError,
        match=r"'labels' argument of loss must have the shape of the logits, \(1, 2\).*Got \(1, 3\)",
    ):
        check_logits_and_labels(torch.zeros(1, 2), torch.zeros(1, 3), "loss")
    with pytest.raises(
        ValueError, match=r"'logits' argument of loss must have the shape \(N, C\). Got \(2,\) instead"
    ):
        check_logits_and_labels(torch.zeros(2), torch.zeros(2), "loss")
    with pytest.raises(TypeError, match=r"'labels' argument of loss must be a tensor. Got list instead"):
        check_logits_and_labels(torch.zeros(1, 2), [[0, 1]], "loss")


def test_an_empty_batch_passes():
    assert check_logits_and_labels(torch.zeros(0, 3), torch.zeros(0, 3), "loss") is False


def test_soft_labels_pass_only_if_allowed():
    labels = torch.tensor([[0.5, -1.0]])
    assert check_logits_and_labels(torch.zeros(1, 2), labels, "loss", soft=True) is True
    with pytest.raises(ValueError, match=r"Got 0.5 at sample 0, class 0"):
        check_logits_and_labels(torch.zeros(1, 2), labels, "loss")
    with pytest.raises(ValueError, match=r"Got -0.5 at sample 0, class 1"):
        check_logits_and_labels(torch.zeros(1, 2), torch.tensor([[0.5, -0.5]]), "loss", soft=True)


@given(st.lists(LABELS, min_size=1), st.sampled_from([(3.0, 0.7, 11.0), (2.0, 2.0, 0.0), (0.0, 0.0, 5.0)]))
def test_values_by_label_equals_loop(values, chosen):
    labels = torch.tensor([values])
    weights = dict(zip(("positive", "negative", "unknown"), chosen))

    def by_hand(label):
        return chosen[2] if label == -1 else label * chosen[0] + (1 - label) * chosen[1]

    expected = torch.tensor([[by_hand(label) for label in labels[0].tolist()]])
    torch.testing.assert_close(values_by_label(labels, **weights, dtype=torch.float32), expected)
    per_class = {name: torch.full((len(values),), value) for name, value in weights.items()}
    torch.testing.assert_close(values_by_label(labels, **per_class, dtype=torch.float32), expected)
    hard = torch.tensor([[-1 if 0 < label < 1 else int(label) for label in values]], dtype=torch.int8)
    torch.testing.assert_close(hard_labels(labels), hard)
    torch.testing.assert_close(known_labels(labels), labels != -1)
    for unsigned in (torch.bool, torch.uint8):
        assert known_labels((labels > 0).to(unsigned)).all()
    torch.testing.assert_close(known_labels(hard), hard != -1)


@given(st.floats(0, 100, width=32), st.floats(0, 100, width=32))
def test_zero_values_stay_exactly_zero(first, second):
    """An exponent of -1e-17 instead of 0 would give 0 ** -1e-17 = inf."""
    labels = torch.tensor([[1, 0, -1]], dtype=torch.int8)
    for zero in range(3):
        chosen = [first, second]
        chosen.insert(zero, 0.0)
        assert values_by_label(labels, *chosen, torch.float32)[0, zero] == 0
        per_class = [torch.full((3,), value) for value in chosen]
        assert values_by_label(labels, *per_class, torch.float32)[0, zero] == 0


@given(*[st.floats(-1e3, 1e3)] * 3, st.sampled_from([torch.float32, torch.float64]))
def test_values_are_exact_to_the_last_digits_of_the_largest(positive, negative, unknown, dtype):
    labels = torch.tensor([[1, 0, -1]], dtype=torch.int8)
    found = values_by_label(labels, positive, negative, unknown, dtype).double()
    expected = torch.tensor([[positive, negative, unknown]], dtype=torch.float64)
    atol = 4 * torch.finfo(dtype).eps * expected.abs().max().item() + torch.finfo(dtype).tiny
    torch.testing.assert_close(found, expected, rtol=0, atol=atol)


def test_soft_labels_mix_the_losses_of_both_labels():
    @elementwise_loss_function
    def square(logits, labels):
        assert labels.dtype == torch.int8
        return (logits - 3 * labels) ** 2

    logits = torch.tensor([[1.0, 2.0, 5.0]])
    torch.testing.assert_close(
        square(logits, torch.tensor([[0.25, 1.0, -1.0]])), torch.tensor([[0.25 * 4 + 0.75 * 1, 1.0, 64.0]])
    )


def test_half_precision_is_computed_in_single():
    elements = partial_binary_cross_entropy(torch.zeros(1, 1, dtype=torch.bfloat16), torch.ones(1, 1))
    assert elements.dtype == torch.float32
