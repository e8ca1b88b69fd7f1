"""The schedule is a function of the epoch, which may be a tensor on a device."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mmpretrain_imbalance.functional.linear_schedule import linear_schedule


@pytest.mark.parametrize(("epoch", "expected"), [(0, 2.0), (1, 1.5), (2, 1.0), (3, 0.5), (9, 0.5)])
def test_from_the_first_to_the_last_epoch(epoch, expected):
    value = linear_schedule((2.0, 0.5), torch.tensor(epoch), torch.tensor(4))
    assert value.dtype == torch.float64
    assert value.item() == pytest.approx(expected, rel=1e-15)


@given(st.floats(-100, 100), st.floats(-100, 100), st.integers(0, 400), st.integers(1, 400))
def test_equals_formula_in_double_precision(first, last, epoch, max_epochs):
    value = linear_schedule((first, last), torch.tensor(epoch), torch.tensor(max_epochs)).item()
    fraction = min(epoch / max(max_epochs - 1, 1), 1)
    assert value == first + (last - first) * fraction


def test_epochs_of_any_shape():
    epochs = torch.arange(6).view(2, 3)
    expected = torch.tensor([[0.0, 0.25, 0.5], [0.75, 1.0, 1.0]], dtype=torch.float64)
    torch.testing.assert_close(linear_schedule((0.0, 1.0), epochs, torch.tensor(5)), expected)


def test_a_run_of_one_epoch_stays_at_the_start():
    assert linear_schedule((2.0, 0.5), torch.tensor(0), torch.tensor(1)).item() == 2.0
