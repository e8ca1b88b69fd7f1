from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mmpretrain_imbalance.functional.metrics.class_groups import (
    class_groups,
    named_class_groups,
    quantile_group_thresholds,
    rarest_classes,
)

COUNTS = st.lists(st.integers(0, 150), min_size=1, max_size=12)


@given(COUNTS)
def test_every_class_is_in_one_group(positives: list[int]) -> None:
    groups = class_groups(positives)
    assert list(groups) == ["head", "middle", "tail"]
    for index, count in enumerate(positives):
        expected = "head" if count >= 100 else "tail" if count < 20 else "middle"
        assert [name for name, members in groups.items() if members[index]] == [expected]


def test_thresholds_are_lower_bounds() -> None:
    groups = class_groups(torch.tensor([4, 5, 8, 9]), (5, 9))
    np.testing.assert_array_equal(groups["middle"], [0, 1, 1, 0])
    np.testing.assert_array_equal(groups["head"], [0, 0, 0, 1])


def test_quantile_group_thresholds_split_the_classes_by_fraction() -> None:
    positives = 2 ** np.arange(10)
    groups = class_groups(positives, quantile_group_thresholds(positives, (0.3, 0.8)))
    assert {name: int(members.sum()) for name, members in groups.items()} == {
        "head": 2,
        "middle": 5,
        "tail": 3,
    }


@given(COUNTS, st.integers(0, 14))
def test_rarest_classes_have_a_positive_and_the_lower_index_first(positives: list[int], k: int) -> None:
    expected = sorted((count, index) for index, count in enumerate(positives) if count > 0)[:k]
    assert rarest_classes(positives, k).tolist() == [index for _, index in expected]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: class_groups([1], group_thresholds=(100, 20)),
            r"'group_thresholds' argument of class_groups .* Got \(100, 20\)",
        ),
        (
            lambda: class_groups([1], group_thresholds=(1, 2, 3)),
            r"'group_thresholds' argument of class_groups .* Got \(1, 2, 3\)",
        ),
        (lambda: class_groups([1, -2]), "'positives' argument of class_groups .* Got -2 at class 1 instead"),
        (lambda: class_groups([[1]]), r"'positives' argument of class_groups .* Got \(1, 1\) instead"),
        (
            lambda: quantile_group_thresholds([1], (0.5, 2)),
            r"'group_quantiles' argument of quantile_group_thresholds .* Got \(0.5, 2\)",
        ),
        (
            lambda: quantile_group_thresholds([]),
            "'positives' argument of quantile_group_thresholds .* Got none instead",
        ),
        (lambda: rarest_classes([1], -1), "'k' argument of rarest_classes .* Got -1 instead"),
    ],
)
def test_invalid_inputs_raise(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_named_groups_are_those_of_the_dataset():
    groups = named_class_groups(("head", "tail", "head"))
    assert {name: members.tolist() for name, members in groups.items()} == {
        "head": [True, False, True],
        "middle": [False, False, False],
        "tail": [False, True, False],
    }
    with pytest.raises(
        ValueError, match=r"must be 'head', 'middle' or 'tail' for every class\. Got 'r' at class 1"
    ):
        named_class_groups(["head", "r"])
