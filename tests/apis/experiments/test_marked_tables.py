"""Tables at marked places of pages, and the pages of this project that have them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmpretrain_imbalance.apis.experiments.marked_tables import fill_marked_tables
from tests.apis.experiments.result_files import cell, content, method, metric

ROOT = Path(__file__).resolve().parents[3]
RESULTS = sorted((ROOT / "docs" / "results").glob("*.json"))


def test_a_place_has_the_table_of_its_words() -> None:
    half = cell("rps_0.5", method("bce", mAP=metric(0.4)), method("weak", mAP=metric(0.45, verdict="better")))
    tenth = cell("rps_0.9", method("bce", mAP=metric(0.3)))
    page = "before\n<!-- table: own photos mAP bce weak -->\nold\n<!-- end of table -->\nafter\n"
    found = fill_marked_tables(page, [content(half, tenth)])
    assert found.splitlines() == [
        "before",
        "<!-- table: own photos mAP bce weak -->",
        "| method | rps_0.5 | rps_0.9 |",
        "| --- | ---: | ---: |",
        "| bce | 40.0 | 30.0 |",
        "| weak | +5.0 ↑ | - |",
        "<!-- end of table -->",
        "after",
    ]
    assert fill_marked_tables(found, [content(half, tenth)]) == found


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("other photos mAP bce", "found no results of other on photos"),
        ("own clothes mAP bce", "found no results of own on clothes"),
        ("own photos mean bce", "'metric' argument of fill_marked_tables must be one of"),
    ],
)
def test_a_wrong_word_is_named(words: str, message: str) -> None:
    page = f"<!-- table: {words} -->\n<!-- end of table -->"
    with pytest.raises(ValueError, match=message):
        fill_marked_tables(page, [content(cell("rps_0.5", method("bce", mAP=metric(0.4))))])


@pytest.mark.parametrize("page", ["README.md", "docs/which_method.md"])
def test_the_tables_of_this_project_are_those_of_its_result_files(page: str) -> None:
    contents = [json.loads(path.read_text(encoding="utf-8")) for path in RESULTS]
    text = (ROOT / page).read_text(encoding="utf-8")
    assert "<!-- table: " in text
    assert fill_marked_tables(text, contents) == text
