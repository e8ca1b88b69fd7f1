"""SVG charts of the label report, colored by CSS classes of the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

import numpy as np
from numpy.typing import ArrayLike

WIDTH = 420  # width of all charts; a phone scales it to about 80 %
_LEFT, _RIGHT, _TOP, _BOTTOM = 50, 410, 10, 36  # edges of the plot area; the last is the margin at the bottom


def bar_rows(names: Sequence[str], values: Sequence[int], kinds: Sequence[str], max_value: int) -> str:
    """Draw one horizontal bar per class on a logarithmic scale, with the name and the count beside it.

    Args:
        names: Names on the left of the bars.
        values: Counts, which are also written on the right of the bars.
        kinds: CSS class of each bar.
        max_value: Count of a bar of full length.

    Returns:
        The chart as an ``svg`` element.
    """
    left, right, step = _label_width(names, 16), WIDTH - 62, 17
    parts = []
    for row, (name, value, kind) in enumerate(zip(names, values, kinds)):
        y = row * step + 4
        length = (right - left) * np.log10(1 + value) / np.log10(1 + max(1, max_value))
        parts.append(_text(left - 6, y + 10, _short(name, 16), "end", title=name))
        parts.append(f'<rect class="{kind}" x="{left}" y="{y}" width="{max(length, 0.5):.1f}" height="12"/>')
        parts.append(_text(left + length + 5, y + 10, f"{value:,}"))
    return _svg(len(names) * step + 6, parts)


def fraction_rows(
    names: Sequence[str], fractions: Sequence[Sequence[float]], kinds: Sequence[str], titles: Sequence[str]
) -> str:
    """Draw one horizontal bar per class, divided into colored fractions.

    Args:
        names: Names on the left of the bars.
        fractions: Fractions of each bar, which sum to 1.
        kinds: CSS class of each fraction.
        titles: Tooltip of each bar.

    Returns:
        The chart as an ``svg`` element.
    """
    left, right, step = _label_width(names, 16), WIDTH - 8, 17
    parts = []
    for row, (name, fractions_of_bar, title) in enumerate(zip(names, fractions, titles)):
        y, x = row * step + 4, float(left)
        parts.append(_text(left - 6, y + 10, _short(name, 16), "end", title=name))
        parts.append(f"<g><title>{escape(title)}</title>")
        for fraction, kind in zip(fractions_of_bar, kinds):
            width = fraction * (right - left)
            parts.append(f'<rect class="{kind}" x="{x:.1f}" y="{y}" width="{width:.1f}" height="12"/>')
            x += width
        parts.append("</g>")
    return _svg(len(names) * step + 6, parts)


def rank_chart(series: Sequence[tuple[str, str, np.ndarray]], group_thresholds: Sequence[float] = ()) -> str:
    """Draw counts by class rank on a logarithmic scale, which has an additional position for the count 0.

    Args:
        series: CSS class, style ('area', 'line' or 'points') and counts by rank of each series. Ranks with
            NaN are not drawn.
        group_thresholds: Minimum counts of a middle class and of a head class, drawn as dashed lines.

    Returns:
        The chart as an ``svg`` element.
    """
    height, count = 230, max(len(values) for _, _, values in series)
    top = max(1.0, *group_thresholds, *(np.nanmax(values, initial=1.0) for _, _, values in series))
    decades = int(np.ceil(np.log10(top))) or 1
    floor = height - _BOTTOM
    unit = (floor - 12 - _TOP) / decades  # the lowest 12 units separate the counts 0 and 1

    def x_of(rank: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * rank / max(1, count)

    def y_of(values: ArrayLike) -> np.ndarray:
        values = np.asarray(values, dtype=float)
        return np.where(values < 1, floor, floor - 12 - unit * np.log10(np.maximum(values, 1)))

    parts = [_text(_LEFT - 6, floor + 4, "0", "end")]
    skip = 2 if decades > 7 else 1
    for decade in range(0, decades + 1, skip):
        y = float(y_of(10.0**decade))
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{_RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(_text(_LEFT - 6, y + 4, _count(10**decade), "end"))
    for kind, style, values in series:
        ranks = np.flatnonzero(~np.isnan(values))
        if not len(ranks):
            continue
        if len(ranks) > 720:  # two points per pixel of a wide screen
            ranks = ranks[np.unique(np.linspace(0, len(ranks) - 1, 720).astype(int))]
        parts.append(_series(kind, style, x_of, ranks, y_of(values[ranks]), floor))
    for threshold, text, shift in zip(group_thresholds, ("tail: fewer than", "head: at least"), (12, -4)):
        y = float(y_of(threshold))
        parts.append(f'<line class="threshold" x1="{_LEFT}" x2="{_RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(_text(_RIGHT, y + shift, f"{text} {threshold:g}", "end", kind="halo"))
    parts.append(f'<line class="axis" x1="{_LEFT}" x2="{_RIGHT}" y1="{floor}" y2="{floor}"/>')
    parts.append(_text(_LEFT, floor + 15, "1"))
    parts.append(_text(_RIGHT, floor + 15, f"{count:,}", "end"))
    parts.append(_text((_LEFT + _RIGHT) / 2, floor + 30, "classes, most positives first", "middle"))
    return _svg(height, parts)


def _series(
    kind: str,
    style: str,
    x_of: Callable[[float], float],
    ranks: np.ndarray,
    heights: np.ndarray,
    floor: float,
) -> str:
    if style == "points":
        dots = "".join(f"M{x_of(r + 0.5):.1f} {y:.1f}h0" for r, y in zip(ranks, heights))
        return f'<path class="{kind} points" d="{dots}"/>'
    last = [*ranks[1:], ranks[-1] + 1]  # one step per class, so that a single class is visible
    steps = " ".join(f"{x_of(r):.1f},{y:.1f} {x_of(n):.1f},{y:.1f}" for r, n, y in zip(ranks, last, heights))
    if style == "line":
        return f'<polyline class="{kind} line" points="{steps}"/>'
    ends = f"{x_of(last[-1]):.1f},{floor} {x_of(ranks[0]):.1f},{floor}"
    return f'<polygon class="{kind}" points="{steps} {ends}"/>'


def histogram(labels: Sequence[str], counts: Sequence[int], kind: str, caption: str) -> str:
    """Draw one vertical bar per bin, with the count above it.

    Args:
        labels: Text below each bar.
        counts: Count of each bin.
        kind: CSS class of the bars.
        caption: Label of the horizontal axis.

    Returns:
        The chart as an ``svg`` element.
    """
    height, left, right = 190, 8, WIDTH - 8
    floor, step = height - _BOTTOM, (right - left) / len(labels)
    highest = max(1, max(counts))
    parts = []
    for bin_index, (label, count) in enumerate(zip(labels, counts)):
        bar_height = (floor - 22) * count / highest
        x = left + step * (bin_index + 0.5)
        box = f'x="{x - step * 0.39:.1f}" y="{floor - bar_height:.1f}" width="{step * 0.78:.1f}"'
        title = f"<title>{escape(label)}: {count:,}</title>"
        parts.append(f'<rect class="{kind}" {box} height="{bar_height:.1f}">{title}</rect>')
        parts.append(_text(x, floor - bar_height - 4, _count(count), "middle"))
        parts.append(_text(x, floor + 15, label, "middle"))
    parts.append(f'<line class="axis" x1="{left}" x2="{right}" y1="{floor}" y2="{floor}"/>')
    parts.append(_text((left + right) / 2, floor + 30, caption, "middle"))
    return _svg(height, parts)


def heat_map(names: Sequence[str], fractions: np.ndarray, titles: Sequence[Sequence[str]]) -> str:
    """Draw a matrix of fractions as colored cells; cells with NaN are crossed out.

    Args:
        names: Names of the rows and columns, K of them.
        fractions: Fractions in [0, 1], of shape (K, K).
        titles: Tooltip of each cell, K lists of K texts.

    Returns:
        The chart as an ``svg`` element.
    """
    left, top = _label_width(names, 14), _label_width(names, 14) - 4
    cell = (WIDTH - left - 4) / max(1, len(names))
    parts = []
    for row, name in enumerate(names):
        y = top + cell * row
        parts.append(_text(left - 5, y + cell / 2 + 4, _short(name, 14), "end", title=name))
        x = left + cell * (row + 0.5) + 4
        rotation = f'transform="rotate(-90 {x:.1f} {top - 5})"'
        parts.append(_text(x, top - 5, _short(name, 14), title=name, attributes=rotation))
        for column, fraction in enumerate(fractions[row]):
            x = left + cell * column
            box = f'x="{x + 0.5:.1f}" y="{y + 0.5:.1f}" width="{cell - 1:.1f}" height="{cell - 1:.1f}"'
            title = f"<title>{escape(titles[row][column])}</title>"
            if np.isnan(fraction):
                cross = f"M{x + 3:.1f} {y + 3:.1f}L{x + cell - 3:.1f} {y + cell - 3:.1f}"
                parts.append(f'<rect class="cell" {box}>{title}</rect><path class="grid" d="{cross}"/>')
            else:
                parts.append(f'<rect class="cell" {box}/>')
                parts.append(f'<rect class="positive" fill-opacity="{fraction:.3f}" {box}>{title}</rect>')
                if cell >= 24:
                    kind = "strong" if fraction > 0.55 else ""
                    percentage = f"{100 * fraction:.0f}"
                    parts.append(_text(x + cell / 2, y + cell / 2 + 4, percentage, "middle", kind=kind))
    return _svg(top + cell * len(names) + 4, parts)


def _svg(height: float, parts: Sequence[str]) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img">{"".join(parts)}</svg>'


def _text(
    x: float,
    y: float,
    text: str,
    anchor: str = "start",
    title: str = "",
    attributes: str = "",
    kind: str = "",
) -> str:
    hint = f"<title>{escape(title)}</title>" if title else ""
    kind = f' class="{kind}"' if kind else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{kind} {attributes}>{hint}{escape(text)}</text>'
    )


def _label_width(names: Sequence[str], max_length: int) -> int:
    """Return the width of the longest name after shortening all names to a maximum number of characters."""
    return 14 + round(7.2 * min(max_length, max(map(len, names), default=0)))


def _short(name: str, length: int) -> str:
    return name if len(name) <= length else f"{name[: length - 1]}…"


def _count(count: int) -> str:
    for size, letter in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if count >= size:
            return f"{count / size:.3g}{letter}"
    return str(count)
