"""Row of images with their true labels and the labels predicted by several methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import SubFigure


def draw_label_grid(
    figure: SubFigure,
    images: Sequence[np.ndarray],
    true_labels: Sequence[Sequence[str]],
    predicted_labels: Mapping[str, Sequence[Sequence[str]]],
) -> None:
    """Draw a row of images, each above its true labels and the labels predicted by each method.

    A missed label is in brackets and a wrong label has an exclamation mark, so that the figure is readable
    without color.

    Args:
        figure: Figure to draw on.
        images: Images of shape (H, W) or (H, W, 3).
        true_labels: Names of the positive classes of each image.
        predicted_labels: For each method, the names of the classes predicted for each image.
    """
    for index, (axes, image) in enumerate(zip(figure.subplots(1, len(images), squeeze=False)[0], images)):
        axes.imshow(np.squeeze(image), cmap="gray")
        axes.set_xticks([])
        axes.set_yticks([])
        truth = set(true_labels[index])
        lines = [f"true: {' '.join(sorted(truth))}"]
        for method, labels in predicted_labels.items():
            found = set(labels[index])
            words = [name if name in found else f"({name})" for name in sorted(truth)] + [
                f"!{name}" for name in sorted(found - truth)
            ]
            lines.append(f"{method}: {' '.join(words)}")
        axes.set_xlabel("\n".join(lines), fontsize=8, loc="left")
    figure.suptitle(
        "Test images; missed labels are in (brackets), wrong labels have an !exclamation mark", fontsize=12
    )
