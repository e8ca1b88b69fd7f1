"""Critical-difference diagram: mean ranks of methods, and the groups that are not distinguishable.

Source: figure 1 of Demšar, "Statistical Comparisons of Classifiers over Multiple Data Sets" (JMLR 2006).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .palette import LIGHT

_ROW = 0.26  # inches per line of names
_BAR = 0.16  # inches per bar of a group


def draw_critical_difference(
    mean_ranks: Mapping[str, float],
    critical_difference: float,
    groups: Sequence[Sequence[str]],
    title: str = "",
) -> Figure:
    """Plot methods on an axis of mean ranks, with a bar below each group that is not distinguishable.

    The best methods are on the left. A bar above the axis shows the critical difference.

    Args:
        mean_ranks: Mean rank of each method, as in the result of ``rank_metric``.
        critical_difference: The smallest difference between two mean ranks that is significant.
        groups: The methods of each group whose mean ranks differ by less.
        title: Title of the figure.

    Returns:
        The figure.
    """
    names = sorted(mean_ranks, key=lambda name: (mean_ranks[name], name))
    left = math.ceil(len(names) / 2)
    longest = max(map(len, names))
    lowest, highest = 1, max(2, len(names))
    above, bars = 0.95 if title else 0.7, 0.2 + _BAR * len(groups)
    height = above + bars + _ROW * left + 0.3
    width = 5.0 + 2 * (0.35 + 0.08 * (longest + len("  1.00")))
    figure = Figure(figsize=(width, height))
    axes = figure.add_axes((0, 0, 1, 1))  # coordinates are inches, from the upper left corner
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    axes.axis("off")
    start = (width - 5.0) / 2

    def position(rank: float) -> float:
        return start + 5.0 * (rank - lowest) / (highest - lowest)

    if title:
        axes.text(0.15, 0.2, title, fontsize=10, va="center")
    _draw_axis(axes, position, lowest, highest, above)
    _draw_length(
        axes, position(lowest), position(lowest + critical_difference), critical_difference, above, width
    )
    for index, group in enumerate(groups):
        ranks = [mean_ranks[name] for name in group]
        y = above + 0.15 + _BAR * index
        ends = [position(min(ranks)) - 0.05, position(max(ranks)) + 0.05]
        axes.plot(ends, [y, y], color=LIGHT["method-0"], linewidth=3.5, solid_capstyle="butt", zorder=3)
    for index, name in enumerate(names):
        is_left = index < left
        # The names nearest to the middle are the lowest, so that the lines do not cross.
        line = index if is_left else len(names) - 1 - index
        x, y = position(mean_ranks[name]), above + bars + _ROW * (line + 0.5)
        edge = start - 0.15 if is_left else start + 5.15
        axes.plot([x, x, edge], [above, y, y], color=LIGHT["known"], linewidth=0.8, zorder=1)
        axes.text(
            edge + (-0.06 if is_left else 0.06),
            y,
            f"{name}  {mean_ranks[name]:.2f}" if is_left else f"{mean_ranks[name]:.2f}  {name}",
            ha="right" if is_left else "left",
            va="center",
            fontsize=9,
        )
    return figure


def _draw_axis(axes: Axes, position, lowest: int, highest: int, y: float) -> None:
    axes.plot([position(lowest), position(highest)], [y, y], color="black", linewidth=1)
    step = max(1, round((highest - lowest) / 10))
    for rank in range(lowest, highest + 1):
        is_labeled = (rank - lowest) % step == 0
        axes.plot([position(rank)] * 2, [y, y - (0.08 if is_labeled else 0.05)], color="black", linewidth=1)
        if is_labeled:
            axes.text(position(rank), y - 0.11, str(rank), ha="center", va="bottom", fontsize=8)


def _draw_length(axes: Axes, start: float, end: float, value: float, above: float, width: float) -> None:
    """Plot a bar as long as the critical difference; it ends at the edge of the figure if it is longer."""
    y, end = above - 0.36, min(end, width - 0.15)
    axes.plot([start, end], [y, y], color="black", linewidth=1.5)
    for x in (start, end):
        axes.plot([x, x], [y - 0.04, y + 0.04], color="black", linewidth=1.5)
    axes.text(
        (start + end) / 2, y - 0.05, f"critical difference {value:.2f}", ha="center", va="bottom", fontsize=8
    )
