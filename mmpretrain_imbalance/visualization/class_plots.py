"""Plots per class: frequencies, ideal ratios over epochs, scores of several methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, ScalarFormatter

from .palette import LIGHT, MARKERS, METHOD_COLORS


def plot_class_frequencies(axes: Axes, classes: Sequence[str], positives: Sequence[int]) -> None:
    """Plot the number of known positives per class.

    Args:
        axes: Axes to draw on.
        classes: Class names, C of them.
        positives: Known positives of each class, of length C.
    """
    bars = axes.bar(range(len(classes)), positives, color=LIGHT["positive"])
    axes.bar_label(bars, labels=[f"{count}" for count in positives], fontsize=8)
    axes.set(title="Training images of each class", xlabel="class", ylabel="known positives")
    axes.set_xticks(range(len(classes)), classes)


def plot_ideal_ratios(
    axes: Axes, classes: Sequence[str], ratios: np.ndarray, class_ratios: Sequence[float]
) -> None:
    """Plot the ideal positive ratio of each class over epochs on a logarithmic scale.

    Args:
        axes: Axes to draw on.
        classes: Class names, C of them.
        ratios: Ideal ratio after each epoch, of shape (epochs, C).
        class_ratios: Ratio of positives to negatives of each class in the training set, of length C, for the
            legend.
    """
    epochs = np.arange(1, len(ratios) + 1)
    for index, name in enumerate(classes):
        color = colormaps["viridis"](0.92 * index / max(1, len(classes) - 1))
        label = f"{name} (data {class_ratios[index]:.2g})"
        axes.plot(epochs, ratios[:, index], color=color, label=label)
    axes.set(
        yscale="log",
        title="PLM: ideal ratio of positives to negatives",
        xlabel="epoch",
        ylabel="ideal ratio (logarithmic axis)",
    )
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_minor_formatter(ScalarFormatter())
    axes.yaxis.set_major_formatter(ScalarFormatter())
    axes.legend(fontsize=7, ncols=2, title="class", title_fontsize=8)


def plot_class_scores(
    axes: Axes, classes: Sequence[str], scores: Mapping[str, Sequence[float]], title: str
) -> None:
    """Plot one score per class and method, with one marker per method.

    Args:
        axes: Axes to draw on.
        classes: Class names, C of them.
        scores: For each method, the score of each class in percent, of length C.
        title: Title of the plot.
    """
    positions = np.arange(len(classes))
    for index, (method, values) in enumerate(scores.items()):
        shift = (index - (len(scores) - 1) / 2) * 0.7 / max(len(scores), 1)
        axes.plot(
            positions + shift,
            values,
            linestyle="none",
            marker=MARKERS[index % 8],
            color=METHOD_COLORS[index % 8],
            label=method,
            markersize=5,
        )
    for boundary in positions[:-1] + 0.5:
        axes.axvline(boundary, color="0.9", linewidth=0.8, zorder=0)
    axes.set(title=title, xlabel="class, most frequent first", ylabel="AP in percent", ylim=(0, 102))
    axes.set_xticks(positions, classes)
    axes.legend(fontsize=8, loc="lower left")
