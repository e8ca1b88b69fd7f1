"""Folder of drawn photographs and a spreadsheet of their labels, as users have them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

CLASSES = ("red", "green", "blue")
WORDS = np.array(["no", "yes", ""])  # indexed by the label


def draw_truth(num_images: int) -> np.ndarray:
    """Draw labels 1 and 0 of all images and classes."""
    return (np.random.default_rng(0).random((num_images, len(CLASSES))) < [0.5, 0.4, 0.3]).astype(np.int64)


def draw_table(truth: np.ndarray, blank: float = 0.3) -> pd.DataFrame:
    """Make a table with words, blank cells, a column of patients and a column of remarks."""
    unknown = np.random.default_rng(1).random(truth.shape) < blank
    cells = WORDS[np.where(unknown, -1, truth)]
    table = pd.DataFrame(cells, columns=list(CLASSES))
    table.insert(0, "remark", [f"seen by {'AB'[row % 2]}" for row in range(len(table))])
    table.insert(0, "patient", [f"p{row // 2}" for row in range(len(table))])
    table.insert(0, "photo", [photo_name(row) for row in range(len(table))])
    return table


def photo_name(row: int) -> str:
    return f"photo_{row:03d}.jpg"


def draw_photos(folder: Path, truth: np.ndarray, size: int = 40) -> None:
    """Draw an image per row, whose channels are bright for the classes that it has."""
    folder.mkdir(parents=True)
    generator = np.random.default_rng(2)
    for row, labels in enumerate(truth):
        pixels = np.where(labels, 190, 60) + generator.normal(0, 25, (size, size, len(CLASSES)))
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / photo_name(row))
