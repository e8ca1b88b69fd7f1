"""Images with the labels they have and the labels that methods gave them."""

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
    """Draw images in a row, each above its true labels and what each method predicted.

    A missed label stands in brackets, a wrong one behind an exclamation mark, so that nothing depends on
    color.

    Args:
        figure: Where to draw.
        images: Pictures, (H, W) or (H, W, 3).
        true_labels: Class names in each image.
        predicted_labels: For each method, class names predicted for each image.
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
    figure.suptitle("Test images, with labels that were (missed) or !wrong", fontsize=12)
