"""Scales cover all values and have a few round ticks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmpretrain_imbalance.visualization.axis_scale import Scale, tick_label

numbers = st.floats(1e-6, 1e6, allow_nan=False)


@given(values=st.lists(numbers, min_size=1, max_size=5), log=st.booleans())
def test_scale_covers_all_values(values: list[float], log: bool) -> None:
    scale = Scale.around(values, log)
    assert all(0 <= scale.position(value) <= 1 for value in values)
    ticks = scale.ticks()
    assert 2 <= len(ticks) <= 7
    assert ticks == sorted(set(ticks))
    assert all(-1e-9 <= scale.position(tick) <= 1 + 1e-9 for tick in ticks)


def test_positions_are_linear_or_logarithmic() -> None:
    assert [Scale(0, 4).position(value) for value in (0, 1, 4)] == [0, 0.25, 1]
    assert Scale(1, 1000, log=True).position(10) == pytest.approx(1 / 3)


@pytest.mark.parametrize("values", [[], [np.nan], [0.0, -1.0]])
def test_scale_without_values(values: list[float]) -> None:
    assert Scale.around(values, log=True).ticks()


def test_tick_labels() -> None:
    assert [tick_label(value) for value in (0, 0.30000000000000004, 2000.0, 1e-5, 100)] == [
        "0", "0.3", "2,000", "1e-05", "100",
    ]  # fmt: skip
