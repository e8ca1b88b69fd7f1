"""Ranks of methods over several data sets, Friedman's test and Nemenyi's critical difference.

Source: Demšar, "Statistical Comparisons of Classifiers over Multiple Data Sets" (JMLR 2006).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..utils.argument_checks import check_integer, check_interval


@dataclass(frozen=True)
class MethodRanks:
    """Mean ranks of M methods over B blocks, where a block is a data set or a setting.

    Attributes:
        mean_ranks: Mean rank of each method, 1 for the best, of shape (M,).
        statistic: Friedman's chi-squared with M - 1 degrees of freedom; NaN if all ranks are tied.
        p_value: p-value of Friedman's test; NaN if all ranks are tied.
        critical_difference: The smallest difference between two mean ranks that is significant, by
            :func:`nemenyi_critical_difference`.
        groups: Indices of the methods of each group whose mean ranks differ by less, best first. Groups
            that are part of another one, and groups of one method, are left out.
    """

    mean_ranks: np.ndarray
    statistic: float
    p_value: float
    critical_difference: float
    groups: list[list[int]]


def rank_methods(
    scores: ArrayLike, *, lower_is_better: bool = False, significance: float = 0.05
) -> MethodRanks:
    r"""Rank methods in each block, and test whether their mean ranks differ.

    .. math:: \chi^2 = \frac{(M - 1) \sum_m (\sum_b r_{bm} - B (M + 1) / 2)^2}
        {\sum_{b, m} r_{bm}^2 - B M (M + 1)^2 / 4}

    with the rank :math:`r_{bm}` of method m in block b. Methods with equal scores have the mean of their
    ranks. The statistic is Friedman's with the correction for ties, as in scipy's ``friedmanchisquare``.

    Args:
        scores: One score per block and method, of shape (B, M), with at least 2 blocks and 3 methods.
        lower_is_better: Whether the lowest score is the best.
        significance: Probability of a false rejection, for the critical difference.

    Returns:
        The mean ranks with the results of both tests.

    Raises:
        ValueError: If the shape is wrong, a score is NaN, or ``significance`` is not between 0 and 1.

    Example:
        >>> ranks = rank_methods([[0.9, 0.5, 0.1], [0.8, 0.6, 0.6]])
        >>> ranks.mean_ranks, round(ranks.p_value, 3), round(ranks.critical_difference, 2)
        (array([1.  , 2.25, 2.75]), 0.156, 2.34)
        >>> ranks.groups
        [[0, 1, 2]]
    """
    table = np.asarray(scores, dtype=float)
    if table.ndim != 2 or len(table) < 2 or table.shape[1] < 3 or np.isnan(table).any():
        found = "NaN" if table.size and np.isnan(table).any() else f"the shape {table.shape}"
        raise ValueError(
            "The 'scores' argument of rank_methods must have one number per block and method, with at least "
            f"2 blocks and 3 methods. Got {found} instead."
        )
    from scipy.stats import rankdata  # here: `import mmpretrain_imbalance.functional` stays fast

    num_blocks, num_methods = table.shape
    ranks = rankdata(table if lower_is_better else -table, axis=1)
    spread = (ranks**2).sum() - num_blocks * num_methods * (num_methods + 1) ** 2 / 4
    deviations = ranks.sum(axis=0) - num_blocks * (num_methods + 1) / 2
    statistic = (num_methods - 1) * float((deviations**2).sum()) / spread if spread > 0 else math.nan
    critical = nemenyi_critical_difference(num_methods, num_blocks, significance=significance)
    means = ranks.mean(axis=0)
    return MethodRanks(
        means, statistic, _chi2_tail(statistic, num_methods - 1), critical, rank_groups(means, critical)
    )


def nemenyi_critical_difference(num_methods: int, num_blocks: int, *, significance: float = 0.05) -> float:
    r"""Critical difference of Nemenyi's test between all pairs of methods.

    .. math:: \mathrm{CD} = \frac{q_{\alpha, M, \infty}}{\sqrt 2} \sqrt{\frac{M (M + 1)}{6 B}}

    with the quantile q of the studentized range of M groups.

    Args:
        num_methods: The number of methods M, at least 2.
        num_blocks: The number of blocks B.
        significance: Probability :math:`\alpha` of any false rejection.

    Returns:
        The difference between two mean ranks that is significant.

    Raises:
        ValueError: If a number is too small, or ``significance`` is not between 0 and 1.

    Example:
        >>> round(nemenyi_critical_difference(num_methods=5, num_blocks=30), 3)
        1.114
    """
    check_integer("nemenyi_critical_difference", 2, num_methods=num_methods)
    check_integer("nemenyi_critical_difference", 1, num_blocks=num_blocks)
    check_interval("nemenyi_critical_difference", "(0, 1)", significance=significance)
    from scipy.stats import studentized_range  # here: `import mmpretrain_imbalance.functional` stays fast

    quantile = float(studentized_range.ppf(1 - significance, num_methods, math.inf))
    return quantile / math.sqrt(2) * math.sqrt(num_methods * (num_methods + 1) / (6 * num_blocks))


def rank_groups(mean_ranks: ArrayLike, critical_difference: float) -> list[list[int]]:
    """Find the largest groups of methods whose mean ranks differ by less than the critical difference.

    Args:
        mean_ranks: Mean rank of each method, of shape (M,).
        critical_difference: The smallest difference that is significant.

    Returns:
        Indices of the methods of each group, best first. Groups of one method are left out.

    Example:
        >>> rank_groups([1.0, 3.5, 2.0, 6.0], critical_difference=2.0)
        [[0, 2], [2, 1]]
    """
    ranks = np.asarray(mean_ranks, dtype=float)
    order = np.argsort(ranks, kind="stable")
    groups: list[list[int]] = []
    last_end = 0
    for start in range(len(order)):
        end = start + 1
        while end < len(order) and ranks[order[end]] - ranks[order[start]] < critical_difference:
            end += 1
        if end > max(last_end, start + 1):
            groups.append(order[start:end].tolist())
            last_end = end
    return groups


def _chi2_tail(statistic: float, degrees: int) -> float:
    from scipy.special import chdtrc  # here: `import mmpretrain_imbalance.functional` stays fast

    return float(chdtrc(degrees, statistic)) if math.isfinite(statistic) else math.nan
