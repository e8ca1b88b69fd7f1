"""Tables of corrections: the same answers as text and as sheets."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from mmpretrain_imbalance.apis.project.correction_table import is_correction_table, read_correction_table
from mmpretrain_imbalance.datasets import Correction

TABLE = pd.DataFrame(
    {
        "image": ["ä.jpg", "b.jpg", "c.jpg", "d.jpg"],
        "class": ["Schärpe", "cat", "cat", "cat"],
        "label": [1, None, 0, 0],
        "correct": [0, -1, 1, None],
    },
    dtype=object,
)
EXPECTED = [
    Correction("ä.jpg", "Schärpe", 0, 1, "line 2"),
    Correction("b.jpg", "cat", -1, -1, "line 3"),
    Correction("c.jpg", "cat", 1, 0, "line 4"),
]


@pytest.mark.parametrize("ending", [".csv", ".xlsx", ".ods"])
def test_answers_are_read_from_text_and_sheets(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"suspects{ending}"
    if ending == ".csv":
        TABLE.to_csv(path, sep=";", index=False, encoding="utf-8-sig")
    else:
        TABLE.to_excel(path, index=False)
    assert is_correction_table(path)
    assert read_correction_table(path) == EXPECTED


def test_words_that_are_no_labels_are_errors(tmp_path: Path) -> None:
    TABLE.replace({"correct": {-1: "yes"}}).to_excel(tmp_path / "a.xlsx", index=False)
    with pytest.raises(ValueError, match=r"The 'correct' of line 3 in .*a.xlsx must be 1 .* Got 'yes'"):
        read_correction_table(tmp_path / "a.xlsx")


def test_other_tables_are_no_corrections(tmp_path: Path) -> None:
    TABLE.drop(columns="correct").to_excel(tmp_path / "a.xlsx", index=False)
    (tmp_path / "damaged.xlsx").write_bytes(b"PK\x03\x04")
    for name in ("a.xlsx", "damaged.xlsx", "missing.xlsx"):
        assert not is_correction_table(tmp_path / name)
