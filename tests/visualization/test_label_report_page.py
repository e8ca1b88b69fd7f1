"""Label report: the numbers and bars of the page agree with NumPy; the page is self-contained."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pytest

from mmpretrain_imbalance.visualization import label_report_page, summarize_labels
from tests.datasets.label_table import LabelTable, long_tailed_table
from tests.visualization.report_pages import (
    bar_widths,
    check_self_contained,
    parse,
    rows_of,
    section,
    sort_values,
    text_of,
)

ODD_NAMES = ("<script>alert(1)</script>", "a & b", '"quoted" onload=x', "naïve €", "x" * 60, "]]> -->")


def page_of(table, classes: Sequence[str] | None = None, **options) -> str:
    return label_report_page(summarize_labels(LabelTable(table, classes)), "some <b>data</b>", **options)


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
    html = page_of(table)
    check_self_contained(html)
    charts = [chart for chart in parse(html).iter("svg") if chart.get("class") != "symbol"]
    assert bool(charts) == (table.shape[1] > 40)
    for chart in charts:
        for element in chart.iter():
            numbers = re.findall(r"-?\d+\.?\d*|nan|inf", element.get("d", ""))
            sizes = [element.get(key, "0") for key in ("x", "y", "width", "height")]
            assert all(np.isfinite(float(number)) and float(number) > -1 for number in [*numbers, *sizes])


def test_names_are_escaped() -> None:
    page = parse(page_of(long_tailed_table(), ODD_NAMES))
    check_self_contained(page_of(long_tailed_table(), ODD_NAMES))
    assert text_of(page.find("body/main/header/h1")) == "Labels of some <b>data</b>"
    assert sorted(row[0] for row in rows_of(page, "Classes")) == sorted(ODD_NAMES)


def test_facts_agree_with_numpy() -> None:
    table = long_tailed_table()
    definitions = parse(page_of(table)).find("body/main/header/dl")
    facts = {text_of(fact[1]): text_of(fact[0]) for fact in definitions}
    positive, negative = table == 1, table == 0
    counts = positive.sum(axis=0)
    assert facts == {
        "images": "300",
        "classes": "6",
        "of all labels are known": f"{100 * (table != -1).mean():.3g} %",
        "known positives per image": f"{positive.sum() / 300:.3g}",
        "known negatives per image": f"{negative.sum() / 300:.3g}",
        "imbalance factor: most / fewest positives per class": f"{counts.max() / counts.min():.3g}",
        "classes without known positives": "0",
        "classes without known negatives": "0",
        "images without known positives": f"{(~positive.any(axis=1)).sum()}",
        "images without known labels": f"{(table == -1).all(axis=1).sum()}",
    }


def test_class_table_agrees_with_numpy_and_sorts_by_numbers() -> None:
    table = long_tailed_table(2000)
    page = parse(page_of(table))
    positives, negatives, unknown = ((table == label).sum(axis=0) for label in (1, 0, -1))
    order = sorted(range(6), key=lambda c: -positives[c])
    groups = ["head" if count >= 100 else "tail" if count < 20 else "middle" for count in positives]
    known = positives + negatives
    assert rows_of(page, "Classes") == [
        [
            *(
                f"class {c}",
                str(rank),
                groups[c],
                f"{positives[c]:,}",
                f"{negatives[c]:,}",
                f"{unknown[c]:,}",
            ),
            *(f"{100 * (known[c] / 2000):.3g} %", f"{100 * (positives[c] / known[c]):.3g} %"),
        ]
        for rank, c in enumerate(order, start=1)
    ]
    for c, row in zip(order, sort_values(page, "Classes")):
        assert [float(value) for value in row[3:6]] == [positives[c], negatives[c], unknown[c]]
        assert float(row[7]) == pytest.approx(positives[c] / known[c], abs=1e-6)
    assert "sortable" in next(section(page, "Classes").iter("table")).get("class")


def test_group_table_agrees_with_numpy() -> None:
    table = long_tailed_table(2000)
    positives, known = (table == 1).sum(axis=0), (table != -1).sum(axis=0)
    expected = []
    for name, bounds, members in (
        ("head", "≥ 100", positives >= 100),
        ("middle", "20 to 99", (positives >= 20) & (positives < 100)),
        ("tail", "< 20", positives < 20),
    ):
        counts = [positives[members].sum(), (known - positives)[members].sum()]
        fraction = f"{100 * (known[members].sum() / (2000 * members.sum())):.3g} %"
        expected.append([name, bounds, str(members.sum()), *(f"{count:,}" for count in counts), fraction])
    assert rows_of(parse(page_of(table)), "Head, middle and tail") == expected
    summary = summarize_labels(LabelTable(table), group_thresholds=(20.5, 99.5))
    found = rows_of(parse(label_report_page(summary, "data")), "Head, middle and tail")
    assert [row[1] for row in found] == ["≥ 99.5", "≥ 20.5, < 99.5", "< 20.5"]


def test_bars_are_proportional_to_the_counts() -> None:
    table = long_tailed_table(2000)
    page = parse(page_of(table))
    positives, negatives, unknown = ((table == label).sum(axis=0) for label in (1, 0, -1))
    widths = bar_widths(section(page, "Known positives per class"))
    assert widths == {
        f"class {c}": [pytest.approx(100 * positives[c] / positives.max(), abs=1e-3)] for c in range(6)
    }
    widths = bar_widths(section(page, "Known labels per class"))
    assert widths == {
        f"class {c}": pytest.approx([n[c] / 20 for n in (positives, negatives, unknown)], abs=1e-3)
        for c in range(6)
    }
    images = np.bincount((table == 1).sum(axis=1))
    first = next(element for element in section(page, "Labels per image") if element.get("class") == "bars")
    assert bar_widths(first) == {
        str(number): [pytest.approx(100 * count / images.max(), abs=1e-3)] if count else []
        for number, count in enumerate(images)
    }


def test_many_labels_per_image_are_counted_in_bins() -> None:
    table = np.zeros((40, 20), int)
    for image in range(40):
        table[image, : image % 19] = 1
    page = parse(page_of(table))
    lists = [one for one in section(page, "Labels per image") if one.get("class") == "bars"]
    names = [[text_of(span) for span in one if span.get("class") == "name"] for one in lists]
    amounts = [[text_of(span) for span in one if span.get("class") == "amount"] for one in lists]
    assert names == [["0", "1", "2", "3-4", "5-8", "9-16", "17-18"], ["17-20"]]
    numbers = np.arange(40) % 19
    ranges = ((0, 0), (1, 1), (2, 2), (3, 4), (5, 8), (9, 16), (17, 18))
    assert amounts[0] == [str(((numbers >= low) & (numbers <= high)).sum()) for low, high in ranges]
    assert amounts[1] == ["40"]


def test_matrix_agrees_with_a_loop() -> None:
    table = long_tailed_table(120)
    order = sorted(range(6), key=lambda c: -(table[:, c] == 1).sum())
    cells = [row[1:] for row in rows_of(parse(page_of(table)), "Co-occurrence of the most frequent classes")]
    for i, first in enumerate(order):
        for j, second in enumerate(order):
            labels = [row[second] for row in table if row[first] == 1 and row[second] != -1]
            expected = f"{100 * labels.count(1) / len(labels):.0f}" if labels else ""
            assert cells[i][j] == expected


def test_logarithmic_axes_say_so() -> None:
    table = np.where(np.random.default_rng(0).random((60, 90)) < 0.03, 1, -1)
    page = parse(page_of(table))
    for title in ("Known positives per class", "Known labels per class"):
        texts = [text_of(text) for text in section(page, title).iter("text")]
        assert [text for text in texts if text.endswith("(logarithmic axis)")]


def test_long_tables_show_the_most_and_least_frequent_classes() -> None:
    table = np.where(np.arange(50)[:, None] >= np.arange(50), 1, 0)
    page = parse(page_of(table, max_table_rows=10))
    assert "The 5 most frequent and the 5 least frequent of 50 classes." in text_of(section(page, "Classes"))
    assert [row[0] for row in rows_of(page, "Classes")] == [f"class {c}" for c in (*range(5), *range(45, 50))]


def test_advice_follows_the_labels() -> None:
    balanced = np.tile([[0, 1], [1, 0]], (30, 1))
    found = text_of(section(parse(page_of(balanced)), "Method to start with"))
    assert "binary_cross_entropy" in found
    assert "known labels: 100 %" in found
    positives_only = np.where(balanced == 1, 1, -1)
    assert "asymmetric_pseudo_label_loss" in text_of(
        section(parse(page_of(positives_only)), "Method to start with")
    )


def test_page_supports_dark_mode_and_narrow_screens() -> None:
    page = page_of(long_tailed_table())
    assert "prefers-color-scheme: dark" in page
    assert 'name="viewport" content="width=device-width' in page
    assert "scroll sideways" in page
    assert "position:sticky" in page
