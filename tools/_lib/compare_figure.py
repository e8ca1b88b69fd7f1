"""Figure of tools/compare_methods.py."""

from __future__ import annotations

import math
import textwrap

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.figure import Figure


def draw_method_scores(scores: dict[str, dict[str, list[float]]], label: str) -> Figure:
    """Plot the scores of methods, one panel per setting and three panels per row.

    Each method has one line, with one dot per seed and, for several seeds, a vertical mark at their mean.

    Args:
        scores: Values of all seeds by setting and method, best method first.
        label: Label of the horizontal axis.

    Returns:
        The figure.
    """
    tallest = max(map(len, scores.values()))
    columns = min(len(scores), 3)
    rows = math.ceil(len(scores) / columns)
    figure, panels = plt.subplots(
        rows,
        columns,
        figsize=(0.6 + 4 * columns, rows * (1.2 + 0.28 * tallest)),
        layout="constrained",
        squeeze=False,
    )
    for axes in panels.flat[len(scores) :]:
        axes.remove()
    for axes, (title, methods) in zip(panels.flat, scores.items()):
        for line, values in enumerate(methods.values()):
            axes.scatter(values, [line] * len(values), s=18, color="#0072B2", alpha=0.7, linewidths=0)
            if len(values) > 1:
                axes.scatter(sum(values) / len(values), line, s=120, marker="|", color="black")
        axes.set_yticks(range(len(methods)), methods)
        axes.set_ylim(tallest - 0.5, -0.5)
        axes.set_xlabel(label)
        axes.set_title(textwrap.fill(title, 32), fontsize=10, loc="left")
        axes.grid(axis="both", color="0.9")
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
    return figure
