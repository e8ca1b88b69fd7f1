"""Dense labels of a batch against plain loops."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mmpretrain_imbalance.functional.dense_labels import dense_labels, wrong_labels


@st.composite
def listed_batches(draw):
    """Return the number of classes, one dict {class: label} per sample, and the fill of each sample."""
    num_classes = draw(st.integers(1, 9))
    listed = st.dictionaries(st.integers(0, num_classes - 1), st.sampled_from([1, 0, -1]))
    samples = draw(st.lists(listed, min_size=1, max_size=5))
    fill = draw(st.lists(st.sampled_from([0, -1]), min_size=len(samples), max_size=len(samples)))
    return num_classes, samples, fill


@given(listed_batches(), st.sampled_from([torch.int8, torch.float32, torch.float64]), st.booleans())
def test_equals_loop(batch, dtype, twice):
    num_classes, samples, fill = batch
    times = 2 if twice else 1  # a label that is listed twice counts once
    elements = [list(sample.items()) * times for sample in samples]
    table = dense_labels(
        torch.tensor([c for sample in elements for c, _ in sample], dtype=torch.int64),
        torch.tensor([v for sample in elements for _, v in sample], dtype=dtype),
        [len(sample) for sample in elements],
        num_classes,
        torch.tensor(fill),
    )
    expected = [
        [sample.get(c, sample_fill) for c in range(num_classes)] for sample, sample_fill in zip(samples, fill)
    ]
    torch.testing.assert_close(table, torch.tensor(expected, dtype=torch.float32), rtol=0, atol=0)


def test_does_not_change_its_arguments_and_accepts_one_fill_for_all():
    indices, values = torch.tensor([2, 0]), torch.tensor([1, 0], dtype=torch.int8)
    table = dense_labels(indices, values, torch.tensor([2]), 3, fill=0)
    table += 5
    assert indices.tolist() == [2, 0]
    assert values.tolist() == [1, 0]
    assert table.tolist() == [[5, 5, 6]]


def test_soft_labels_are_accepted():
    assert dense_labels(torch.tensor([1]), torch.tensor([0.25]), [1], 2).tolist() == [[-1, 0.25]]


@pytest.mark.parametrize(
    ("indices", "values", "message"),
    [
        ([0, 3], [1, 1], "'indices' .* class indices from 0 to 2. Got 3 at the second"),
        ([0, -1], [1, 1], "Got -1 at the second"),
        ([0, 1], [1, 255], "'values' .* Got 255 at the second, class 1 instead"),
        ([0, 1], [1, float("nan")], "Got nan at the second, class 1"),
        ([0, 1], [1, -0.5], "Got -0.5 at the second, class 1"),
        ([0], [1, 0], "must have the length 2, the sum of 'counts'. Got 1 and 2 instead"),
    ],
)
def test_invalid_indices_and_values_raise(indices, values, message):
    with pytest.raises(ValueError, match=message):
        dense_labels(
            torch.tensor(indices),
            torch.tensor(values),
            [1, 1],
            3,
            name_sample=["the first", "the second"].__getitem__,
        )


def test_two_labels_for_one_class_raise():
    with pytest.raises(ValueError, match=r"one label per sample and class. Got 1 and 0 at sample 1, class 2"):
        dense_labels(torch.tensor([2, 2, 0, 2]), torch.tensor([0, 1, 1, 0]), [1, 3], 3)


def test_samples_without_labels():
    table = dense_labels(torch.empty(0, dtype=torch.int64), torch.empty(0), [0, 0], 2, torch.tensor([0, -1]))
    assert table.tolist() == [[0, 0], [-1, -1]]


@given(st.lists(st.floats(allow_nan=True), min_size=1))
def test_wrong_labels_equals_loop(values):
    expected = [not (value == -1 or 0 <= value <= 1) for value in values]
    assert wrong_labels(torch.tensor(values, dtype=torch.float64)).tolist() == expected


def test_unsigned_255_is_wrong():
    assert wrong_labels(torch.tensor([0, 1, 255], dtype=torch.uint8)).tolist() == [False, False, True]
    assert not wrong_labels(torch.tensor([False, True])).any()


@pytest.mark.gpu
def test_gpu_equals_cpu():
    arguments = torch.tensor([0, 2, 1]), torch.tensor([1, 0, 1], dtype=torch.int8), [2, 1], 4
    table = dense_labels(*arguments, device="cuda")
    assert table.is_cuda
    assert table.tolist() == dense_labels(*arguments).tolist()
