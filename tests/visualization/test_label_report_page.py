from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

import numpy as np
import pytest

from mmpretrain_imbalance.visualization import label_report_page, summarize_labels
from tests.datasets.label_table import LabelTable, long_tailed_table

ODD_NAMES = ("<script>", "a & b", '"quoted"', "naïve €", "x" * 60, "class 5")


class BalancedTags(HTMLParser):
    """Parser that collects tags and checks that they are closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open, self.tags = [], []

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag


def parse(page):
    parser = BalancedTags()
    parser.feed(page)
    assert parser.open == []
    return parser.tags


def page_of(table, classes=None, **kwargs):
    return label_report_page(summarize_labels(LabelTable(table, classes)), "some data", **kwargs)


@pytest.mark.parametrize(
    "table",
    [
        long_tailed_table(),
        np.where(np.random.default_rng(0).random((60, 90)) < 0.03, 1, -1),
        -np.ones((3, 2)),
        np.ones((1, 1)),
        np.zeros((4, 45)),
    ],
    ids=["few classes", "many classes", "nothing known", "one label", "no positives"],
)
def test_page_is_well_formed_and_self_contained(table) -> None:
    page = page_of(table)
    tags = parse(page)
    assert not {tag for tag, _ in tags} & {"script", "link", "img", "iframe", "object"}
    assert not [attrs for _, attrs in tags if {"src", "href"} & set(attrs)]
    assert not re.search(r"url\(|@import|https?:", page)
    charts = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(charts) >= 3
    for chart in charts:
        for element in ElementTree.fromstring(chart).iter():
            numbers = re.findall(r"-?\d+\.?\d*|nan|inf", element.get("points", "") + element.get("d", ""))
            sizes = [element.get(key, "0") for key in ("x", "y", "width", "height", "x1", "y1", "cx", "cy")]
            assert all(np.isfinite(float(number)) and float(number) > -1 for number in [*numbers, *sizes])


def test_names_are_escaped() -> None:
    page = page_of(long_tailed_table(), ODD_NAMES)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "a &amp; b" in page
    assert "naïve €" in page
    parse(page)


def test_page_shows_the_counts() -> None:
    table = long_tailed_table()
    page = page_of(table)
    positives = int((table[:, 0] == 1).sum())
    assert f"{positives:,}</td>" in page
    assert f"<dd>{int((~(table == 1).any(axis=1)).sum())}</dd><dt>images without known positives" in page
    assert page.count("<tr>") == 1 + 3 + 1 + 6


def test_long_tables_show_the_most_and_least_frequent_classes() -> None:
    table = np.where(np.arange(50)[:, None] >= np.arange(50), 1, 0)
    page = page_of(table, max_table_rows=10)
    assert "The 5 most frequent and the 5 least frequent of 50 classes." in page
    assert [f"<td>class {c}</td>" in page for c in (0, 4, 5, 44, 45, 49)] == [
        True,
        True,
        False,
        False,
        True,
        True,
    ]


def test_page_supports_dark_mode_and_narrow_screens() -> None:
    page = page_of(long_tailed_table())
    assert "prefers-color-scheme: dark" in page
    assert 'name="viewport" content="width=device-width' in page
    assert "max-width: 480px" in page
