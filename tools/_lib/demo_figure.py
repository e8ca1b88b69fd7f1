"""Figure of the demo."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np

from mmpretrain_imbalance.utils.files import atomic_write
from mmpretrain_imbalance.visualization import (
    draw_label_grid,
    plot_class_frequencies,
    plot_class_scores,
    plot_ideal_ratios,
    read_statistics_history,
)

CLASSES = [str(digit) for digit in range(10)]


def draw_demo_figure(path: Path, runs: dict[tuple[str, str], dict], plm_work_dir: Path) -> None:
    """Plot class frequencies, ideal ratios, AP per class and method, and test images with their labels.

    Args:
        path: Path of the image file to write.
        runs: Results of ``train_method`` for one seed, by setting and method.
        plm_work_dir: Work folder of the PLM run of that seed.
    """
    figure = plt.figure(figsize=(15, 13.5), layout="constrained")
    plots, grid = figure.subfigures(2, 1, height_ratios=(3, 1.1))
    (frequencies, ratios), (imbalance, rps) = plots.subplots(2, 2)
    plm = runs["imbalance", "plm"]
    plot_class_frequencies(frequencies, CLASSES, plm["positives"])
    history = read_statistics_history(plm_work_dir, "ideal_positive_ratio")[1]
    plot_ideal_ratios(ratios, CLASSES, history, np.divide(plm["positives"], plm["negatives"]))
    for axes, setting, title in (
        (imbalance, "imbalance", "AP per class, imbalanced and fully labeled"),
        (rps, "rps", "AP per class, half of the labels unknown"),
    ):
        scores = {method: run["ap"] for (name, method), run in runs.items() if name == setting}
        plot_class_scores(axes, CLASSES, scores, title)
    examples = plm["examples"]

    def names(rows):
        return [[CLASSES[index] for index in row] for row in rows]

    draw_label_grid(
        grid,
        [np.array(image) for image in examples["images"]],
        names(examples["true"]),
        {method: names(runs["imbalance", method]["examples"]["predicted"]) for method in ("bce", "plm")},
    )
    with atomic_write(path, "wb") as file:
        figure.savefig(file, format="png", dpi=90)
    plt.close(figure)
