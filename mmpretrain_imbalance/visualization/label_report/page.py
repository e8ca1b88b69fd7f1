"""Label report as one self-contained HTML page."""

from __future__ import annotations

import numpy as np

from ...functional.method_advice import LabelFigures
from ...functional.metrics.class_groups import GROUPS
from ..page_parts import Bar, Cell, Column, PageTable, amount_bars, percent
from ..page_templates import render
from .label_summary import LabelSummary
from .rank_chart import known_label_chart, positive_chart

_MAX_BARS = 40  # largest number of classes with one named bar per class


def label_report_page(summary: LabelSummary, title: str, max_table_rows: int = 400) -> str:
    """Write the label report of a dataset as an HTML page.

    Args:
        summary: Label counts of the dataset.
        title: Name of the dataset in the title of the page.
        max_table_rows: Maximum number of rows of the class table. With more classes, the table has the most
            and the least frequent ones.

    Returns:
        The page as HTML.

    Example:
        >>> from mmpretrain_imbalance.datasets import MultiDigits
        >>> from mmpretrain_imbalance.visualization import summarize_labels
        >>> label_report_page(summarize_labels(MultiDigits(num_images=50)), 'digits')[:15]
        '<!DOCTYPE html>'
    """
    has_bars = len(summary.classes) <= _MAX_BARS
    page = render(
        "label_report.html.jinja",
        title=f"Labels of {title}",
        facts=_facts(summary),
        advice=summary.advice,
        advice_figures=_advice_figures(summary),
        groups=GROUPS,
        positive_bars=_positive_bars(summary) if has_bars else None,
        known_bars=_known_bars(summary) if has_bars else None,
        positive_chart=None if has_bars else positive_chart(summary),
        known_chart=None if has_bars else known_label_chart(summary),
        positives_per_image=_image_bars(summary.positives_per_image, "positive"),
        known_per_image=_image_bars(summary.known_per_image, "known"),
        together=_together(summary),
        group_table=_group_table(summary),
        class_table=_class_table(summary, max_table_rows),
    )
    return str(page)


def _facts(summary: LabelSummary) -> list[tuple[str, str]]:
    counts, images = summary.counts, max(1, summary.num_images)
    factor = summary.imbalance_factor
    return [
        (f"{summary.num_images:,}", "images"),
        (f"{len(summary.classes):,}", "classes"),
        (percent(summary.known_fraction), "of all labels are known"),
        (f"{counts.positives.sum() / images:.3g}", "known positives per image"),
        (f"{counts.negatives.sum() / images:.3g}", "known negatives per image"),
        (
            "-" if factor is None else f"{factor:,.0f}" if factor >= 100 else f"{factor:.3g}",
            "imbalance factor: most / fewest positives per class",
        ),
        (f"{int((counts.positives == 0).sum()):,}", "classes without known positives"),
        (f"{int((counts.negatives == 0).sum()):,}", "classes without known negatives"),
        (f"{int(summary.positives_per_image[0]):,}", "images without known positives"),
        (f"{int(summary.known_per_image[0]):,}", "images without known labels"),
    ]


def _advice_figures(summary: LabelSummary) -> list[str]:
    """Return the figures on which the advice depends."""
    if summary.advice is None:
        return []
    figures = summary.advice.figures
    ratio = figures.imbalance_ratio
    return [
        f"known labels: {percent(figures.known_fraction)}",
        f"most / fewest positives per class: {'-' if ratio is None else f'{ratio:,.3g}'}",
        f"classes with known negatives, of those with positives: {percent(figures.negative_fraction)}",
        f"expected missing positives per image: {_missing(figures)}",
    ]


def _missing(figures: LabelFigures) -> str:
    assumed = "" if figures.has_frequencies else " (assumed: these labels give no estimate)"
    return f"{figures.missing_positives:.3g}{assumed}"


def _positive_bars(summary: LabelSummary) -> list[Bar]:
    group_of = _group_of_class(summary)
    return amount_bars(
        [summary.classes[c] for c in summary.order],
        summary.counts.positives[summary.order].tolist(),
        [group_of[c] for c in summary.order.tolist()],
    )


def _known_bars(summary: LabelSummary) -> list[Bar]:
    counts, images = summary.counts, max(1, summary.num_images)
    bars = []
    for c in summary.order.tolist():
        numbers = {
            "positive": int(counts.positives[c]),
            "negative": int(counts.negatives[c]),
            "unknown": int(counts.unknown[c]),
        }
        bars.append(
            Bar(
                summary.classes[c],
                percent(int(summary.known[c]) / images),
                [(kind, number / images) for kind, number in numbers.items()],
                ", ".join(f"{number:,} {kind}" for kind, number in numbers.items()),
            )
        )
    return bars


def _image_bars(counts: np.ndarray, color: str) -> list[Bar]:
    """Return bars of one number per bin up to 9 labels, otherwise of 0, 1, 2, 3-4, 5-8, 9-16, ... labels.

    The bins before the first one with images are omitted.
    """
    last = int(np.flatnonzero(counts).max(initial=0))
    edges = list(range(last + 1)) if last <= 9 else [0, 1, 2]
    while edges[-1] < last:
        edges.append(edges[-1] * 2)
    bins: list[tuple[str, int]] = []
    for low, high in zip([-1, *edges], edges):
        low, high = low + 1, min(high, last)
        name = f"{high:,}" if low == high else f"{low:,}-{high:,}"
        size = int(counts[low : high + 1].sum())
        if bins or size:
            bins.append((name, size))
    names, sizes = zip(*bins)
    return amount_bars(names, sizes, [color] * len(bins))


def _together(summary: LabelSummary) -> list[dict]:
    """Return one row per frequent class: its name, and fraction, tooltip and text of each cell."""
    names = [summary.classes[c] for c in summary.head]
    rows = []
    for i, first in enumerate(names):
        cells = []
        for j, second in enumerate(names):
            judged, both = int(summary.judged[i, j]), int(summary.together[i, j])
            title = f"{second} is known in {judged:,} images with {first} and positive in {both:,} of them"
            cells.append({"fraction": both / judged if judged else None, "title": title})
        rows.append({"name": first, "cells": cells})
    return rows


def _group_table(summary: LabelSummary) -> PageTable:
    middle, head = summary.group_thresholds
    meanings = {
        "head": f"≥ {head:g}",
        "middle": f"{middle:g} to {head - 1:g}" if head == int(head) else f"≥ {middle:g}, < {head:g}",
        "tail": f"< {middle:g}",
    }
    titles = "group", "positives per class", "classes", "known positives", "known negatives", "known labels"
    rows = []
    for name, members in summary.groups.items():
        counts = summary.counts
        positives, negatives, unknown = (
            int(values[members].sum()) for values in (counts.positives, counts.negatives, counts.unknown)
        )
        total = positives + negatives + unknown
        texts = [
            meanings[name],
            f"{int(members.sum()):,}",
            f"{positives:,}",
            f"{negatives:,}",
            percent((positives + negatives) / total if total else np.nan),
        ]
        rows.append([Cell(name, mark=name), *map(Cell, texts)])
    return PageTable([Column(title) for title in titles], rows)


def _class_table(summary: LabelSummary, max_rows: int) -> PageTable:
    order, counts = summary.order, summary.counts
    ranks = np.arange(len(order))
    caption = "Click on the head of a column to sort by it."
    if len(order) > max_rows:
        half = max_rows // 2
        ranks = np.concatenate([ranks[:half], ranks[len(ranks) - half :]])
        caption = (
            f"The {half} most frequent and the {half} least frequent of {len(order):,} classes. {caption}"
        )
    group_of = _group_of_class(summary)
    rows = []
    for rank in ranks.tolist():
        c = int(order[rank])
        known = int(summary.known[c])
        amounts = [int(column[c]) for column in (counts.positives, counts.negatives, counts.unknown)]
        fractions = [known / max(1, summary.num_images), amounts[0] / known if known else np.nan]
        rows.append(
            [
                Cell(summary.classes[c]),
                Cell(f"{rank + 1:,}", rank + 1),
                Cell(group_of[c], GROUPS.index(group_of[c]), mark=group_of[c]),
                *(Cell(f"{amount:,}", amount) for amount in amounts),
                *(
                    Cell(percent(fraction), round(fraction, 6) if np.isfinite(fraction) else "")
                    for fraction in fractions
                ),
            ]
        )
    titles = (
        *("class", "rank", "group", "known positives", "known negatives", "unknown labels", "known labels"),
        "positives among known labels",
    )
    return PageTable([Column(title) for title in titles], rows, caption, is_sortable=True)


def _group_of_class(summary: LabelSummary) -> dict[int, str]:
    return {int(c): name for name, members in summary.groups.items() for c in np.flatnonzero(members)}
