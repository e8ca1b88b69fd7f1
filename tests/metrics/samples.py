"""Random scores and partial labels, as tensors and as data samples."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

CLASSES = ("cat", "dog", "emu", "fox")


def scores_and_labels(
    num_images: int = 23, num_classes: int = 4, seed: int = 0
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return scores with ties and labels of 1/0/-1; the last image has no known label."""
    generator = np.random.default_rng(seed)
    labels = generator.choice([1, 0, -1], (num_images, num_classes)).astype(np.float32)
    labels[-1] = -1
    scores = np.round(np.clip(0.5 + 0.2 * labels + 0.3 * generator.normal(size=labels.shape), 0, 1), 1)
    return torch.from_numpy(scores.astype(np.float32)), torch.from_numpy(labels)


def data_samples(scores: torch.Tensor, labels: torch.Tensor) -> list[dict]:
    """Return the data samples that an evaluator passes to a metric."""
    return [
        dict(pred_score=score, gt_score=label, sample_idx=index)
        for index, (score, label) in enumerate(zip(scores, labels))
    ]


def evaluate(metric, samples: Sequence[dict], batch_size: int = 5, **metainfo) -> dict:
    """Return the metrics of samples that are processed in batches, without prefix."""
    metric.dataset_meta = dict(classes=CLASSES, **metainfo)
    for start in range(0, len(samples), batch_size):
        metric.process(None, samples[start : start + batch_size])
    return {
        name.removeprefix("partial-label/"): value for name, value in metric.evaluate(len(samples)).items()
    }
