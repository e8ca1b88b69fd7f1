"""Random damage of a file gives labels or an error of one sentence, and never another exception."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmpretrain_imbalance.datasets.tables import read_label_table
from tests.datasets.tables.spellings import SPELLINGS, draw_truth

INSERTED = [b'"', b"\n", b";", b",", b"\t", b"\0", b"<", b"{", b"\r", b"\xff", b"\xc3"]


def damaged(content: bytes, rng: np.random.Generator) -> bytes:
    data = bytearray(content)
    place = int(rng.integers(len(data)))
    how = rng.integers(4)
    if how == 0:
        del data[place:]
    elif how == 1:
        for position in rng.integers(len(data), size=int(rng.integers(1, 20))):
            data[position] = rng.integers(256)
    elif how == 2:
        del data[place : place + int(rng.integers(1, 50))]
    else:
        data[place:place] = INSERTED[rng.integers(len(INSERTED))] * int(rng.integers(1, 4))
    return bytes(data)


@pytest.mark.parametrize(
    "name", ["plain", "tabs_in_utf_16", "excel", "open_document", "parquet", "lists", "label_studio"]
)
def test_damage_is_an_error_of_one_sentence(name: str, tmp_path: Path) -> None:
    spelling = SPELLINGS[name](tmp_path, draw_truth())
    rng = np.random.default_rng(0)
    path = tmp_path / f"damaged{spelling.path.suffix}"
    num_rejected = 0
    for _ in range(12):
        path.write_bytes(damaged(spelling.path.read_bytes(), rng))
        try:
            read_label_table(path, **spelling.options)
        except (ValueError, FileNotFoundError) as error:
            num_rejected += 1
            text = str(error)
            assert str(path) in text
            assert "\n" not in text
            assert " must " in text
    assert num_rejected
