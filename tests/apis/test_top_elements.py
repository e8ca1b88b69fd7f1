"""Selection of the highest scores in batches, compared with sorting everything."""

from __future__ import annotations

import numpy as np
import pytest

from mmpretrain_imbalance.apis import top_elements
from mmpretrain_imbalance.apis.top_elements import TopElements


def expected_rows(columns: list[np.ndarray], top: int) -> list[tuple]:
    """Alternate the sorted elements of each label, the higher score first, and keep the first ones."""
    rows = list(zip(*(column.tolist() for column in columns)))
    lists = [
        sorted((row for row in rows if row[2] == label), key=lambda row: -row[-1]) for label in (1, 0, -1)
    ]
    ranked = [(rank, -row[-1], row) for part in lists for rank, row in enumerate(part)]
    return [row for _, _, row in sorted(ranked)][:top]


@pytest.mark.parametrize("per_class", [False, True])
@pytest.mark.parametrize("labels", [(1, 0), (-1,), (1,)])
def test_selection_equals_sorting(monkeypatch: pytest.MonkeyPatch, per_class: bool, labels: tuple) -> None:
    monkeypatch.setattr(top_elements, "_MIN_BUFFER", 20)  # so that elements are dropped on the way
    rng = np.random.default_rng(0)
    size = 500
    columns = [
        rng.integers(0, 50, size),
        rng.integers(0, 4, size),
        rng.choice(np.int8(labels), size),
        rng.integers(0, 2, size),
        rng.random(size),
        rng.permutation(size) / size,
    ]
    elements = TopElements(7, per_class)
    for batch in np.array_split(np.arange(size), 60):
        elements.add(*(column[batch] for column in columns))
    found = [tuple(row) for row in elements.rows()]
    if per_class:
        expected = [
            row
            for index in range(4)
            for row in expected_rows([column[columns[1] == index] for column in columns], 7)
        ]
        assert sorted(found) == sorted(expected)
    else:
        assert found == expected_rows(columns, 7)
    assert sum(len(part[0]) for part in elements._parts) <= 7 * 4 * 2


def test_nothing_to_select() -> None:
    assert list(TopElements(3).rows()) == []
