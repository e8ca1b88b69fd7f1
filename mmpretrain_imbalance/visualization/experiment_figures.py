"""Figures of experiments: curves over the number of known labels, and the recipe against single methods."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Protocol

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, NullLocator

from .palette import LIGHT, MARKERS, METHOD_COLORS

_PANEL_WIDTH, _PANEL_HEIGHT = 4.6, 3.3  # inches
_MOST_COLUMNS = 2
_VERDICTS = {"better": "positive", "worse": "negative"}


class CurveLike(Protocol):
    """Curve of one method, see ``Curve`` of the experiments."""

    method: str
    x: list[float]
    means: list[float]
    spreads: list[float]


class PanelLike(Protocol):
    """Curves of one data set and protocol, see ``CurvePanel`` of the experiments."""

    title: str
    x_label: str
    is_log: bool
    curves: Sequence[CurveLike]


class RecipeCellLike(Protocol):
    """Difference in one cell, see ``RecipeCell`` of the experiments."""

    data: str
    setting: str
    mean: float | None
    low: float | None
    high: float | None
    verdict: str | None
    upper_bound: float | None


def draw_curves(panels: Sequence[PanelLike], y_label: str) -> Figure:
    """Plot the mean of each method over the number of known labels, with a band of one standard deviation.

    Args:
        panels: The panels. A method has the same color and marker in all of them.
        y_label: Label of the vertical axes.

    Returns:
        The figure.
    """
    columns = max(1, min(len(panels), _MOST_COLUMNS))
    rows = max(1, math.ceil(len(panels) / columns))
    names = list(dict.fromkeys(curve.method for panel in panels for curve in panel.curves))
    height = rows * _PANEL_HEIGHT + 0.25 * math.ceil(len(names) / columns)
    figure = Figure(figsize=(columns * _PANEL_WIDTH, height), layout="constrained")
    grid = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes in grid[len(panels) :]:
        axes.remove()
    styles = {name: _style(index) for index, name in enumerate(names)}
    for axes, panel in zip(grid, panels):
        for curve in panel.curves:
            style = styles[curve.method]
            axes.plot(curve.x, curve.means, **style, linewidth=1.4, markersize=5)
            low, high = (
                [mean + sign * spread for mean, spread in zip(curve.means, curve.spreads)] for sign in (-1, 1)
            )
            axes.fill_between(curve.x, low, high, color=style["color"], alpha=0.15, linewidth=0)
        if panel.is_log:
            ticks = sorted({x for curve in panel.curves for x in curve.x})
            axes.set_xscale("log")
            axes.set_xticks(ticks)
            axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
            axes.xaxis.set_minor_locator(NullLocator())
        axes.set_title(panel.title, fontsize=10, loc="left")
        axes.set_xlabel(panel.x_label)
        axes.set_ylabel(y_label)
        axes.grid(color="0.92")
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
    handles = [Line2D([], [], **styles[name], label=name) for name in names]
    figure.legend(handles=handles, loc="outside lower left", ncols=columns, fontsize=8, frameon=False)
    return figure


def draw_recipe(cells: Sequence[RecipeCellLike], title: str) -> Figure:
    """Plot the difference of the recipe from the picked single method in each cell, with its interval.

    Args:
        cells: The cells that have a difference, from the top.
        title: Title of the figure.

    Returns:
        The figure. A cross is the difference from the single method that is the best on the test set.
    """
    drawn = [cell for cell in cells if cell.mean is not None]
    figure = Figure(figsize=(7.2, 1.5 + 0.3 * len(drawn)), layout="constrained")
    axes = figure.subplots()
    axes.axvline(0, color=LIGHT["known"], linestyle=(0, (4, 3)), linewidth=1)
    for line, cell in enumerate(drawn):
        color = LIGHT[_VERDICTS.get(cell.verdict or "", "unknown")]
        if cell.low is not None and cell.high is not None:
            axes.plot([100 * cell.low, 100 * cell.high], [line, line], color=color, linewidth=1.6)
        axes.scatter(100 * float(cell.mean or 0), line, s=34, color=color, zorder=3)
        if cell.upper_bound is not None:
            axes.scatter(100 * cell.upper_bound, line, s=26, marker="x", color=LIGHT["method-3"], zorder=4)
    axes.set_yticks(range(len(drawn)), [f"{cell.data}, {cell.setting}" for cell in drawn], fontsize=8)
    axes.set_ylim(len(drawn) - 0.5, -0.5)
    axes.set_title(title, fontsize=10, loc="left")
    axes.set_xlabel("recipe minus single method, percentage points")
    axes.grid(color="0.92")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    handles = [
        Line2D([], [], color=LIGHT[color], marker="o", label=name)
        for name, color in {**_VERDICTS, "not distinguishable": "unknown"}.items()
    ]
    label = "difference from the best single method on the test set"
    handles.append(Line2D([], [], color=LIGHT["method-3"], marker="x", linestyle="none", label=label))
    figure.legend(handles=handles, loc="outside lower left", ncols=2, fontsize=8, frameon=False)
    return figure


def _style(index: int) -> dict[str, Any]:
    """Return color, marker and dash of a method; methods of the same color have other dashes."""
    size = len(METHOD_COLORS)
    return {
        "color": METHOD_COLORS[index % size],
        "marker": MARKERS[index % len(MARKERS)],
        "linestyle": "-" if index < size else "--",
    }
