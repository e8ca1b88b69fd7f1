"""Text table with one row per class."""

from __future__ import annotations

import numpy as np

from mmpretrain_imbalance.metrics.class_table import class_table


def test_long_names_and_many_classes_are_shown() -> None:
    names = [f"class {index} [of] a very long name" for index in range(300)]
    text = class_table("AP", names, {"positives": np.arange(300), "AP": np.full(300, 12.34)})
    assert all(f"│ {name} " in text for name in names)
    assert text.count(" 12.3 │") == 300


def test_classes_without_names_are_numbered_and_nan_is_a_dash() -> None:
    text = class_table("AP", None, {"AP": np.array([np.nan, 5.0])})
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in text.splitlines() if "│" in line]
    assert cells == [["0", "-"], ["1", "5.0"]]


def test_names_are_not_interpreted_as_markup_or_emoji() -> None:
    text = class_table("AP", ["[/oops]", ":dog:"], {"AP": np.array([1.0, 2.0])})
    assert "[/oops]" in text
    assert ":dog:" in text
