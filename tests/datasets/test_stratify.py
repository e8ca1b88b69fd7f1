"""Stratification with a limited number of columns, and rows without any column."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from mmpretrain_imbalance.datasets import stratify
from tests.datasets.label_table import long_tailed_table


def test_only_the_rarest_columns_are_stratified_but_all_are_covered(monkeypatch) -> None:
    table = long_tailed_table(300, 8, seed=4) == 1
    counts = table.sum(axis=0)
    expected = np.argsort(counts, kind="stable")[:3]
    # Three columns have this cost, if no row has two of them.
    monkeypatch.setattr(stratify, "_BUDGET", 3 * 3 * counts[expected].sum())
    assert stratify.rarest_columns(counts, 300).tolist() == expected.tolist()
    for seed in range(5):
        parts = stratify.stratify(csr_array(table), [0.9, 0.1], seed)
        assert abs((parts == 1).sum() - 30) <= 5
        assert (table[parts == 1].sum(axis=0)[counts >= 2] > 0).all()
        assert (table[parts == 0].sum(axis=0) > 0).all()


def test_a_row_is_not_moved_if_its_part_would_lose_a_column() -> None:
    """Each row has the only other label of a column, so one part cannot get both columns of a row."""
    table = np.array([[1, 1, 0], [1, 0, 1], [0, 1, 1]], dtype=bool)
    for seed in range(5):
        parts = stratify.stratify(csr_array(table), [0.5, 0.5], seed)
        assert sorted(np.bincount(parts, minlength=2)) == [1, 2]
        assert sorted(table[parts == part].any(axis=0).sum() for part in (0, 1)) == [2, 3]


def test_rows_without_columns_fill_the_parts() -> None:
    table = csr_array(np.eye(2, 3, dtype=bool))
    table.resize(1000, 3)
    parts = stratify.stratify(table, [0.7, 0.2, 0.1], seed=0)
    assert np.abs(np.bincount(parts) - [700, 200, 100]).max() <= 1
