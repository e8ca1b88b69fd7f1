"""Each spelling of a table is read cell by cell as meant, or rejected with options that make it readable."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmpretrain_imbalance.datasets.tables import read_label_table
from tests.datasets.tables.spellings import SPELLINGS, draw_truth


def test_there_are_22_spellings() -> None:
    assert len(SPELLINGS) == 22


@pytest.mark.parametrize("name", SPELLINGS)
def test_every_cell_is_read_as_meant(name: str, tmp_path: Path) -> None:
    spelling = SPELLINGS[name](tmp_path, draw_truth())
    if spelling.rejected is not None:
        with pytest.raises(ValueError, match=spelling.rejected):
            read_label_table(spelling.path)
    table = read_label_table(spelling.path, **spelling.options)
    labels = table.labels
    assert [labels.image_name(row) for row in range(len(labels))] == spelling.names
    assert list(labels.class_names) == spelling.classes
    dense = np.stack([labels.dense(row) for row in range(len(labels))])
    np.testing.assert_array_equal(dense, spelling.expected)
    assert len(table.rows) == len(labels)
