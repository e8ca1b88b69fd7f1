"""Iterative stratification of binary rows into parts, with at least one row of each rare column per part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:  # SciPy is imported where it is used, because its import takes a second
    from scipy.sparse import csr_array

_BUDGET = 2 * 10**10  # rows x columns x columns, which the stratification reads in about a minute


def stratify(table: csr_array, fractions: Sequence[float] | np.ndarray, seed: int) -> np.ndarray:
    """Distribute rows over parts so that each part has its fraction of the rows and of every column.

    1. The rows that have a column are distributed by iterative stratification, which starts with the rarest
       column. With very many columns, only the rarest take part, because the time grows with their square.
       Frequent columns need it least: their fraction of a random part is nearly right.
    2. The other rows are distributed at random, so that the parts have the right sizes.
    3. Iterative stratification leaves small parts without columns that few rows have. For each such column
       and part, one row is moved from another part, if no column disappears from that part.

    Source: Sechidis et al., On the Stratification of Multi-Label Data, ECML PKDD 2011; the implementation is
    the package iterative-stratification.

    Args:
        table: The columns of each row, bool of shape (M, K).
        fractions: Fraction of each of the P parts; the sum is 1.
        seed: Seed of all random choices.

    Returns:
        Part of each row, int64 of shape (M,).

    Raises:
        ImportError: If the package iterative-stratification is missing.

    Example:
        >>> from scipy.sparse import csr_array
        >>> table = csr_array(np.array([[1, 0], [1, 0], [0, 1], [0, 1]], dtype=bool))
        >>> parts = stratify(table, [0.5, 0.5], seed=0)
        >>> sorted(parts[:2].tolist()), sorted(parts[2:].tolist())
        ([0, 1], [0, 1])
    """
    iterative_stratification = _import_iterative_stratification()
    generator = np.random.default_rng(seed)
    fractions = np.asarray(fractions, dtype=np.float64)
    parts = np.full(table.shape[0], -1, dtype=np.int64)
    rare = table[:, np.sort(rarest_columns(column_counts(table), table.shape[0]))]
    rows = generator.permutation(np.flatnonzero(np.diff(rare.indptr)))
    if len(rows):
        parts[rows] = iterative_stratification(rare[rows].toarray(), fractions, generator)
    others = generator.permutation(np.flatnonzero(parts == -1))
    parts[others] = np.repeat(np.arange(len(fractions)), _missing_rows(parts, fractions, len(others)))
    _cover_parts(table, parts, fractions)
    return parts


def rarest_columns(counts: np.ndarray, num_rows: int) -> np.ndarray:
    """Select the rarest columns that iterative stratification can treat in about a minute.

    Args:
        counts: Number of rows of each column, of shape (K,).
        num_rows: Number of rows M.

    Returns:
        Indices of the columns, the rarest first, without columns that no row has.

    Example:
        >>> rarest_columns(np.array([5, 0, 2]), num_rows=7)
        array([2, 0])
    """
    order = np.argsort(counts, kind="stable")
    order = order[counts[order] > 0]
    used_rows = np.minimum(np.cumsum(counts[order]), num_rows)
    cost = used_rows.astype(np.float64) * np.arange(1, len(order) + 1) ** 2
    return order[: np.searchsorted(cost, _BUDGET, side="right")]


def column_counts(table: csr_array) -> np.ndarray:
    """Return the number of rows that have each column, of shape (K,)."""
    return np.bincount(table.indices, minlength=table.shape[1])


def _missing_rows(parts: np.ndarray, fractions: np.ndarray, num_others: int) -> np.ndarray:
    """Return how many of the other rows each part gets, so that its size is closest to its fraction."""
    wanted = fractions * len(parts) - np.bincount(parts[parts >= 0], minlength=len(fractions))
    wanted = np.maximum(wanted, 0)
    wanted *= num_others / max(wanted.sum(), 1e-9)
    sizes = np.floor(wanted).astype(np.int64)
    largest = np.argsort(sizes - wanted, kind="stable")[: num_others - sizes.sum()]
    sizes[largest] += 1
    return sizes


def _cover_parts(table: csr_array, parts: np.ndarray, fractions: np.ndarray) -> None:
    """Move rows, in place, so that each column with n rows is in the min(n, P) largest parts."""
    by_column = table.tocsc()
    totals = np.diff(by_column.indptr)
    present = np.zeros((len(fractions), table.shape[1]), dtype=np.int64)
    for part in range(len(fractions)):
        present[part] = column_counts(table[np.flatnonzero(parts == part)])
    largest_first = np.argsort(-fractions, kind="stable")
    for column in np.argsort(totals, kind="stable"):
        rows = by_column.indices[by_column.indptr[column] : by_column.indptr[column + 1]]
        for part in largest_first[: len(rows)]:
            if present[part, column]:
                continue
            row = _movable_row(table, parts, present, rows, part)
            if row is not None:
                columns = table.indices[table.indptr[row] : table.indptr[row + 1]]
                present[parts[row], columns] -= 1
                present[part, columns] += 1
                parts[row] = part


def _movable_row(
    table: csr_array, parts: np.ndarray, present: np.ndarray, rows: np.ndarray, part: int
) -> int | None:
    """Return the row that brings most missing columns, of those whose part loses no column; None if none."""
    best, most = None, 0
    for row in rows:
        columns = table.indices[table.indptr[row] : table.indptr[row + 1]]
        missing = int((present[part, columns] == 0).sum())
        if missing > most and (present[parts[row], columns] > 1).all():
            best, most = int(row), missing
    return best


def _import_iterative_stratification() -> Callable[..., Any]:
    try:
        from iterstrat.ml_stratifiers import IterativeStratification
    except ImportError as error:
        raise ImportError(
            "Package iterative-stratification must be installed to split labels into training and validation "
            "images. Got no module iterstrat instead. Install it with: pip install '.[tables]' in the clone "
            "of mmpretrain_imbalance"
        ) from error
    return IterativeStratification
