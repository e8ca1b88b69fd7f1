"""Groups of several columns, compared with the repeated merging of sets."""

from __future__ import annotations

import numpy as np
import pytest

from mmpretrain_imbalance.datasets import join_groups


def test_rows_with_an_equal_value_in_any_column_are_in_one_group() -> None:
    assert join_groups(["x", "y", "x", ""], [1, 1, 2, None]).tolist() == [0, 0, 0, 1]
    assert join_groups(["1", None], [None, "1"]).tolist() == [0, 1]  # values of different columns differ
    assert join_groups([float("nan"), float("nan")]).tolist() == [0, 1]
    assert join_groups([]).tolist() == []


def test_groups_are_those_of_merged_sets() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        columns = [[int(value) or None for value in rng.integers(0, 12, 15)] for _ in range(2)]
        expected = list(range(15))
        for _ in range(15):  # each row takes the smallest index of the rows that share a value
            for row in range(15):
                linked = [
                    expected[other]
                    for other in range(15)
                    if any(column[row] is not None and column[row] == column[other] for column in columns)
                ]
                expected[row] = min([expected[row], *linked])
        found = join_groups(*columns)
        assert [expected.index(value) for value in expected] == [
            found.tolist().index(value) for value in found
        ]
        assert sorted(set(found.tolist())) == list(range(len(set(expected))))


def test_wrong_columns_raise() -> None:
    with pytest.raises(ValueError, match=r"all of the same length. Got the lengths \[1, 2\] instead"):
        join_groups(["a"], ["a", "b"])
    with pytest.raises(ValueError, match=r"must be at least one column"):
        join_groups()
