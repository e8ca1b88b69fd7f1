"""Small runs for tests of the run report."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mmpretrain_imbalance.metrics.known_predictions import KnownPredictions
from mmpretrain_imbalance.visualization import ReportRun

CLASSES = ["cat", "dog", "emu <i>&", "fox"]
POSITIVES = np.array([500, 60, 10, 3])


def scores_and_labels(seed: int = 0, num_images: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Return scores with ties and labels of 1, 0 and -1; every class has known positives and negatives."""
    generator = np.random.default_rng(seed)
    labels = np.random.default_rng(99).choice([1, 0, -1], (num_images, len(CLASSES)), p=[0.3, 0.4, 0.3])
    scores = np.clip(0.5 + 0.2 * labels + 0.25 * generator.normal(size=labels.shape), 0.01, 0.99)
    return np.round(scores, 2).astype(np.float32), labels


def predictions(seed: int = 0, **options) -> KnownPredictions:
    scores, labels = scores_and_labels(seed, **options)
    images, classes = np.nonzero(labels != -1)
    known = (images, classes)
    return KnownPredictions(CLASSES, len(labels), images, classes, scores[known], labels[known], POSITIVES)


def run(name: str, seed: int = 0, work_dir: Path = Path("nowhere"), **fields) -> ReportRun:
    return ReportRun(name, work_dir, predictions(seed), **{"training_positives": POSITIVES, **fields})


def picture(of: ReportRun, index: int) -> np.ndarray:
    return np.full((8, 6, 1), index % 256, np.uint8)
