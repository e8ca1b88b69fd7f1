"""Label report as one self-contained HTML page."""

from __future__ import annotations

from html import escape

import numpy as np

from ...functional.metrics.class_groups import GROUPS
from .label_summary import LabelSummary
from .style import STYLE
from .svg_charts import bar_rows, fraction_rows, heat_map, histogram, rank_chart

_MAX_ROWS = 40  # largest number of classes with one named bar per class


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
    sections = [
        _card("Known positives per class", _frequencies(summary), _legend(*GROUPS)),
        _card(
            "Known labels per class",
            _known_labels(summary),
            _legend("positive", "negative", *(["unknown"] if len(summary.classes) <= _MAX_ROWS else [])),
        ),
        _card("Labels per image", _images(summary)),
        _card(f"Co-occurrence of the {len(summary.head)} most frequent classes", _together(summary)),
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Labels of {escape(title)}</title><style>{STYLE}</style></head><body><main>"
        f"<h1>Labels of <code>{escape(title)}</code></h1>"
        f"{_tiles(summary)}<div class=cards>{''.join(sections)}</div>"
        f"<section><h2>Head, middle and tail</h2>{_group_table(summary)}</section>"
        f"<section><h2>Classes</h2>{_class_table(summary, max_table_rows)}</section>"
        "</main></body></html>\n"
    )


def _tiles(summary: LabelSummary) -> str:
    counts, images = summary.counts, max(1, summary.num_images)
    factor = summary.imbalance_factor
    facts = [
        (f"{summary.num_images:,}", "images"),
        (f"{len(summary.classes):,}", "classes"),
        (_percent(summary.known_fraction), "of all labels are known"),
        (f"{counts.positives.sum() / images:.3g}", "known positives per image"),
        (f"{counts.negatives.sum() / images:.3g}", "known negatives per image"),
        (
            "n/a" if factor is None else f"{factor:,.0f}" if factor >= 100 else f"{factor:.3g}",
            "imbalance factor: most / fewest positives per class",
        ),
        (f"{int((counts.positives == 0).sum()):,}", "classes without known positives"),
        (f"{int((counts.negatives == 0).sum()):,}", "classes without known negatives"),
        (f"{int(summary.positives_per_image[0]):,}", "images without known positives"),
        (f"{int(summary.known_per_image[0]):,}", "images without known labels"),
    ]
    return (
        "<dl class=tiles>"
        + "".join(f"<div><dd>{value}</dd><dt>{name}</dt></div>" for value, name in facts)
        + "</dl>"
    )


def _frequencies(summary: LabelSummary) -> str:
    positives = summary.counts.positives[summary.order]
    groups = {name: members[summary.order] for name, members in summary.groups.items()}
    if len(positives) <= _MAX_ROWS:
        kinds = [next(name for name in GROUPS if groups[name][rank]) for rank in range(len(positives))]
        names = [summary.classes[c] for c in summary.order]
        return bar_rows(names, positives.tolist(), kinds, int(positives.max(initial=0)))
    areas = [(name, "area", np.where(groups[name], positives, np.nan)) for name in GROUPS]
    return rank_chart(areas, summary.group_thresholds)


def _known_labels(summary: LabelSummary) -> str:
    counts, order = summary.counts, summary.order
    if len(order) > _MAX_ROWS:
        series = [
            ("negative", "points", counts.negatives[order].astype(float)),
            ("positive", "line", counts.positives[order].astype(float)),
        ]
        note = "Known positives (line) and known negatives (dots) per class. All other labels are unknown."
        return rank_chart(series) + f"<p>{note}</p>"
    label_counts = np.stack([counts.positives, counts.negatives, counts.unknown], axis=1)[order]
    fractions = label_counts / max(1, summary.num_images)
    titles = [
        f"{summary.classes[c]}: {row[0]:,} positive, {row[1]:,} negative, {row[2]:,} unknown"
        for c, row in zip(order, label_counts)
    ]
    names = [summary.classes[c] for c in order]
    return fraction_rows(names, fractions.tolist(), ("positive", "negative", "unknown"), titles)


def _images(summary: LabelSummary) -> str:
    charts = [
        (summary.positives_per_image, "positive", "known positives per image (bars: number of images)"),
        (
            summary.known_per_image,
            "known",
            "known labels per image, positive or negative (bars: number of images)",
        ),
    ]
    return "".join(histogram(*_bins(counts), kind, caption) for counts, kind, caption in charts)


def _bins(counts: np.ndarray) -> tuple[list[str], list[int]]:
    """Return names and sums of bins: one bin per number up to 9, otherwise 0, 1, 2, 3-4, 5-8, 9-16, ..."""
    last = int(np.flatnonzero(counts).max(initial=0))
    if last <= 9:
        return [str(number) for number in range(last + 1)], counts[: last + 1].tolist()
    edges = [0, 1, 2]
    while edges[-1] < last:
        edges.append(edges[-1] * 2)
    labels, sizes = [], []
    for low, high in zip([-1, *edges], edges):
        low, high = low + 1, min(high, last)
        labels.append(str(high) if low == high else f"{_number(low)}-{_number(high)}")
        sizes.append(int(counts[low : high + 1].sum()))
    return labels, sizes


def _number(value: int) -> str:
    return str(value) if value < 1000 else f"{value / 1000:.2g}k"


def _together(summary: LabelSummary) -> str:
    names = [summary.classes[c] for c in summary.head]
    if not names:
        return "<p>No class has a known positive.</p>"
    with np.errstate(invalid="ignore"):
        fractions = np.where(summary.judged > 0, summary.together / summary.judged, np.nan)
    titles = [
        [
            f"{second} is known in {summary.judged[i, j]:,} images with {first} and positive in "
            f"{summary.together[i, j]:,} of them"
            for j, second in enumerate(names)
        ]
        for i, first in enumerate(names)
    ]
    note = (
        "Each cell: among the images in which the row class is positive and the column class is known, the "
        "percentage in which the column class is positive too. Crossed-out cells: there is no such image."
    )
    return heat_map(names, fractions, titles) + f"<p>{note}</p>"


def _group_table(summary: LabelSummary) -> str:
    middle, head = summary.group_thresholds
    meanings = {
        "head": f"at least {head:g}",
        "middle": f"at least {middle:g}, fewer than {head:g}",
        "tail": f"fewer than {middle:g}",
    }
    rows: list[tuple[str, ...]] = []
    for name, members in summary.groups.items():
        counts = summary.counts
        positives, negatives, unknown = (
            int(values[members].sum()) for values in (counts.positives, counts.negatives, counts.unknown)
        )
        total = positives + negatives + unknown
        fraction = _percent((positives + negatives) / total) if total else "n/a"
        mark = f'<i class="{name}"></i>{name}'
        rows.append(
            (mark, meanings[name], f"{int(members.sum()):,}", f"{positives:,}", f"{negatives:,}", fraction)
        )
    header = (
        "group",
        "known positives per class",
        "classes",
        "known positives",
        "known negatives",
        "known labels",
    )
    return _table(header, rows)


def _class_table(summary: LabelSummary, max_rows: int) -> str:
    order, counts = summary.order, summary.counts
    ranks = np.arange(len(order))
    note = ""
    if len(order) > max_rows:
        half = max_rows // 2
        ranks = np.concatenate([ranks[:half], ranks[len(ranks) - half :]])
        note = f"<p>The {half} most frequent and the {half} least frequent of {len(order):,} classes.</p>"
    group_of = {int(c): name for name, members in summary.groups.items() for c in np.flatnonzero(members)}
    rows: list[tuple[str, ...]] = []
    for rank in ranks:
        c = int(order[rank])
        known = int(summary.known[c])
        rows.append(
            (
                f"{rank + 1}",
                escape(summary.classes[c]),
                f'<i class="{group_of[c]}"></i>{group_of[c]}',
                f"{counts.positives[c]:,}",
                f"{counts.negatives[c]:,}",
                f"{counts.unknown[c]:,}",
                _percent(known / max(1, summary.num_images)),
                _percent(counts.positives[c] / known) if known else "n/a",
            )
        )
    header = (
        "rank",
        "class",
        "group",
        "known positives",
        "known negatives",
        "unknown labels",
        "known labels",
        "positives among known labels",
    )
    return note + _table(header, rows, "three")


def _card(title: str, content: str, legend: str = "") -> str:
    return f"<section><h2>{escape(title)}</h2>{legend}{content}</section>"


def _legend(*kinds: str) -> str:
    items = " ".join(f'<span><i class="{kind}"></i>{kind}</span>' for kind in kinds)
    return f"<p class=legend>{items}</p>"


def _table(header: tuple[str, ...], rows: list[tuple[str, ...]], kind: str = "two") -> str:
    cells = "".join(f"<th>{name}</th>" for name in header)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    content = f"<thead><tr>{cells}</tr></thead><tbody>{body}</tbody>"
    return f"<div class=wide><table class={kind}>{content}</table></div>"


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.3g} %"
