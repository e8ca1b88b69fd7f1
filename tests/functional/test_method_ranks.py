from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from mmpretrain_imbalance.functional.method_ranks import (
    nemenyi_critical_difference,
    rank_groups,
    rank_methods,
)


@pytest.mark.parametrize("decimals", [1, 6])
def test_friedman_is_that_of_scipy(decimals: int) -> None:
    """With one decimal there are ties."""
    scores = np.round(np.random.default_rng(decimals).random((7, 4)), decimals)
    found = rank_methods(scores)
    expected = stats.friedmanchisquare(*scores.T)
    assert (found.statistic, found.p_value) == (
        pytest.approx(expected.statistic),
        pytest.approx(expected.pvalue),
    )


def test_mean_ranks_by_hand() -> None:
    """The two best methods of the second block are tied: each has the rank 1.5."""
    found = rank_methods([[0.9, 0.8, 0.7], [0.5, 0.5, 0.1]])
    assert found.mean_ranks.tolist() == [1.25, 1.75, 3.0]
    assert rank_methods([[0.1, 0.2, 0.3], [0.1, 0.3, 0.3]], lower_is_better=True).mean_ranks.tolist() == [
        *(1.0, 2.25, 2.75)
    ]


def test_equal_methods_have_no_test() -> None:
    found = rank_methods(np.ones((3, 3)))
    assert found.mean_ranks.tolist() == [2, 2, 2]
    assert np.isnan([found.statistic, found.p_value]).all()
    assert found.groups == [[0, 1, 2]]


# q / sqrt(2) for the number of methods, from table 5 of Demšar (2006).
@pytest.mark.parametrize(
    ("significance", "column"), [(0.05, {2: 1.960, 5: 2.728, 10: 3.164}), (0.1, {4: 2.291})]
)
def test_critical_difference_has_the_published_quantiles(significance: float, column: dict) -> None:
    for methods, quantile in column.items():
        expected = quantile * np.sqrt(methods * (methods + 1) / (6 * 14))
        assert nemenyi_critical_difference(methods, 14, significance=significance) == pytest.approx(
            expected, rel=3e-4
        )


def test_groups_are_the_largest_intervals() -> None:
    """4.0 is not within 2 of 2.0; a group within another group and a single method are left out."""
    assert rank_groups([4.0, 1.0, 2.0, 2.5, 9.0], 2.0) == [[1, 2, 3], [3, 0]]
    assert rank_groups([1.0, 2.0], 1.0) == []
    assert rank_groups([1.0, 2.0, 3.0], 5.0) == [[0, 1, 2]]


@pytest.mark.parametrize("scores", [[[1, 2, 3]], [[1, 2], [1, 2]], [[1, 2, np.nan], [1, 2, 3]], [1, 2, 3]])
def test_too_few_or_missing_scores_raise(scores: list) -> None:
    with pytest.raises(ValueError, match="'scores' argument of rank_methods must have one number per block"):
        rank_methods(scores)


def test_invalid_numbers_raise() -> None:
    with pytest.raises(ValueError, match="'num_methods' argument of nemenyi_critical_difference must"):
        nemenyi_critical_difference(1, 5)
    with pytest.raises(ValueError, match="'significance' argument of nemenyi_critical_difference must"):
        rank_methods(np.eye(3), significance=0)
