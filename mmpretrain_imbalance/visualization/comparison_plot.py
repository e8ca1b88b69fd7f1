"""Plot of the methods of a comparison: seeds, means, and intervals of the difference from the yardstick."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from .palette import LIGHT

_BEST, _OTHER, _YARDSTICK = LIGHT["method-0"], LIGHT["known"], LIGHT["method-3"]
_ROW, _WIDTH = 0.27, 5.2  # inches
_MOST_COLUMNS = 3


def draw_comparison(
    summary: Mapping[str, Any],
    metric: str = "mAP",
    *,
    label: str = "mAP, percent",
    lower_is_better: bool = False,
) -> Figure:
    """Plot the values of all methods, one panel per data and setting, and one line per method.

    Each line has a dot per seed and a larger symbol at their mean, which is filled for the group of the best.
    The bar around the mean is the interval of the paired difference from the yardstick, so that it does not
    cross the dashed line of the yardstick if the difference is significant before Holm's correction. With one
    seed, it is about the test images only. A bar that ends at the edge of the panel is longer.

    Args:
        summary: Content of ``results.json`` of a comparison.
        metric: Name of the metric.
        label: Label of the horizontal axis.
        lower_is_better: Whether the lowest value is the best, which is at the top.

    Returns:
        The figure.
    """
    panels = []
    for setting in summary["settings"]:
        methods = [method for method in setting["methods"] if method["metrics"][metric]["mean"] is not None]
        sign = 1 if lower_is_better else -1
        methods.sort(key=lambda method: (sign * method["metrics"][metric]["mean"], method["method"]))
        if methods:
            panels.append((f"{setting['data']}, {setting['setting']}", methods))
    columns = max(1, min(len(panels), _MOST_COLUMNS))
    rows = max(1, math.ceil(len(panels) / columns))
    longest = max((len(method["method"]) for _, methods in panels for method in methods), default=0)
    tallest = max((len(methods) for _, methods in panels), default=1)
    height = rows * (0.9 + _ROW * tallest) + 0.9
    figure = Figure(figsize=(columns * (_WIDTH - 1.6 + 0.075 * longest) + 0.2, height), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in list(grid.flat)[len(panels) :]:
        axes.remove()
    for axes, (title, methods) in zip(grid.flat, panels):
        _draw_setting(axes, methods, metric, summary["yardstick"], tallest)
        axes.set_title(textwrap.fill(title, 46), fontsize=10, loc="left")
        axes.set_xlabel(label)
    figure.legend(
        handles=_legend(summary["yardstick"]),
        loc="outside lower left",
        ncols=columns,
        fontsize=8,
        frameon=False,
    )
    return figure


def _draw_setting(
    axes: Axes, methods: Sequence[Mapping[str, Any]], metric: str, yardstick: str, tallest: int
) -> None:
    """Plot the lines of one data set and setting."""
    drawn: list[float] = []
    for line, method in enumerate(methods):
        found = method["metrics"][metric]
        mean = 100 * found["mean"]
        values = [100 * value for value in found["values"] if value is not None]
        drawn += [mean, *values]
        is_yardstick = method["method"] == yardstick
        color = _YARDSTICK if is_yardstick else _BEST if found["in_best_group"] else _OTHER
        if is_yardstick:
            axes.axvline(mean, color=_YARDSTICK, linestyle=(0, (4, 3)), linewidth=1, zorder=1)
        difference = found["difference"]
        if difference and difference["low"] is not None:
            center = mean - 100 * difference["mean"]  # the mean of the yardstick with the same seeds
            ends = [center + 100 * difference[end] for end in ("low", "high")]
            axes.plot(ends, [line, line], color=color, linewidth=1.6, solid_capstyle="butt", zorder=2)
        if len(values) > 1:
            axes.scatter(values, [line] * len(values), s=9, color=color, alpha=0.6, linewidths=0, zorder=3)
        axes.scatter(
            mean,
            line,
            s=34,
            marker="D" if is_yardstick else "o",
            facecolor=color if found["in_best_group"] else "white",
            edgecolor=color,
            linewidths=1.3,
            zorder=4,
        )
    low, high = min(drawn), max(drawn)
    margin = max(0.5, 0.12 * (high - low))
    axes.set_xlim(low - margin, high + margin)
    axes.set_yticks(range(len(methods)), [method["method"] for method in methods], fontsize=8)
    axes.set_ylim(tallest - 0.4, -0.6)
    axes.grid(axis="both", color="0.92")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _legend(yardstick: str) -> list[Line2D]:
    def symbol(label: str, color: str, marker: str, size: float, face: str, line: Any = "none") -> Line2D:
        return Line2D(
            [],
            [],
            color=color,
            marker=marker,
            markersize=size,
            markerfacecolor=face,
            linestyle=line,
            label=label,
        )

    return [
        symbol("best mean, or not distinguishable from it", _BEST, "o", 6, _BEST, "-"),
        symbol("other methods", _OTHER, "o", 6, "white", "-"),
        symbol(f"yardstick: {yardstick}; filled if one of the best", _YARDSTICK, "D", 6, "white", "--"),
        symbol("one seed", _OTHER, "o", 3, _OTHER),
        symbol("bar: 95 % interval of the paired difference from the yardstick", _OTHER, "", 0, "white", "-"),
    ]
