"""Groups of rows that must stay together in a split: the same patient, product, image or content."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np


def join_groups(*columns: Sequence[Hashable]) -> np.ndarray:
    """Join the groups of several columns: rows with an equal value in any column are in one group.

    Args:
        *columns: Values of N rows each, such as the patient of each row, and the checksum of its image. A row
            whose value is ``None``, an empty text or NaN is in no group of this column.

    Returns:
        Index of the group of each row, int64 of shape (N,), in the order of the first rows.

    Raises:
        ValueError: If there is no column, or the columns have different lengths.

    Example:
        >>> join_groups(['ann', 'ann', 'bob', None, None], ['x', 'y', 'y', 'z', None])
        array([0, 0, 0, 1, 2])
    """
    # SciPy is imported where it is used, because its import takes a second.
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    if not columns or len(set(map(len, columns))) != 1:
        raise ValueError(
            "The 'columns' argument of join_groups must be at least one column, all of the same length. "
            f"Got the lengths {list(map(len, columns))} instead."
        )
    num_rows = len(columns[0])
    nodes: dict[tuple[int, Hashable], int] = {}
    rows, values = [], []
    for number, column in enumerate(columns):
        for row, value in enumerate(column):
            if value is None or value == "" or value != value:
                continue
            rows.append(row)
            values.append(num_rows + nodes.setdefault((number, value), len(nodes)))
    # A graph of rows and values; each row is connected with its values.
    size = num_rows + len(nodes)
    graph = csr_array((np.ones(len(rows), dtype=bool), (rows, values)), shape=(size, size))
    components = connected_components(graph, directed=False)[1][:num_rows]
    _, first, groups = np.unique(components, return_index=True, return_inverse=True)
    order = np.empty(len(first), dtype=np.int64)
    order[np.argsort(first)] = np.arange(len(first))
    joined: np.ndarray = order[groups.reshape(-1)]
    return joined
