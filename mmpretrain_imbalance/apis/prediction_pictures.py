"""Pictures of images with their predicted labels, drawn by MMPretrain's visualizer."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import mmcv
import numpy as np
from mmpretrain.structures import DataSample


def draw_predictions(
    images: Sequence[str | np.ndarray],
    samples: Sequence[DataSample],
    class_names: Sequence[str],
    show: bool = False,
    wait_time: float = 0,
    show_dir: str | os.PathLike[str] | None = None,
) -> list[np.ndarray | None]:
    """Draw the predicted labels and scores of images.

    Args:
        images: Paths, and arrays in BGR order.
        samples: One sample per image, with ``pred_label`` and ``pred_score``, or without both for an invalid
            image.
        class_names: Names of the classes.
        show: Whether to show each picture in a window.
        wait_time: Time of each window in seconds; 0 waits for a key.
        show_dir: Folder for the pictures ``INDEX_NAME.png``; the index keeps equal names of two folders
            apart.

    Returns:
        One RGB picture per image; None for an invalid image.
    """
    from mmpretrain.visualization import UniversalVisualizer  # loads Matplotlib

    visualizer = UniversalVisualizer()
    pictures: list[np.ndarray | None] = []
    for index, (image, sample) in enumerate(zip(images, samples)):
        if "pred_label" not in sample:
            pictures.append(None)
            continue
        name = f"{index}" if isinstance(image, np.ndarray) else f"{index}_{Path(image).stem}"
        out_file = None if show_dir is None else os.path.join(show_dir, f"{name}.png")
        pictures.append(
            visualizer.visualize_cls(
                _rgb(image),
                sample,
                classes=class_names,
                draw_gt=False,
                show=show,
                wait_time=wait_time,
                out_file=out_file,
                name=name,
            )
        )
    if show:
        visualizer.close()
    return pictures


def _rgb(image: str | np.ndarray) -> np.ndarray:
    if not isinstance(image, np.ndarray):
        return mmcv.imread(image, channel_order="rgb")
    image = image.astype(np.uint8)
    image = image[..., None] if image.ndim == 2 else image[..., :3]
    return image.repeat(3, axis=2) if image.shape[2] == 1 else image[..., ::-1]
