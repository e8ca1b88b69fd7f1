"""Finished runs of a comparison with random predictions, as files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from mmpretrain_imbalance.apis.comparison.results.compared_run import ComparedRun
from mmpretrain_imbalance.metrics.known_predictions import KnownPredictions
from mmpretrain_imbalance.utils.class_values import write_named_values


def write_run(
    root: Path,
    method: str,
    quality: float,
    *,
    seed: int = 0,
    setting: str = "as_annotated",
    data: str = "digits",
    num_images: int = 60,
    training_positives: tuple[int, ...] = (200, 50, 12, 3),
    values: dict[str, Any] | None = None,
    num_trials: int = 1,
    test_seed: int = 0,
) -> ComparedRun:
    """Write the files of a run whose scores follow the labels more closely with a higher quality.

    Labels depend on ``test_seed`` only; a third of the labels is unknown. The noise of the scores has a part
    of the images, which all methods share, and a part of the method and the seed.
    """
    size = len(training_positives)
    labels = np.random.default_rng(test_seed).choice([1, 0, 0, 0, -1, -1], (num_images, size))
    labels[:2] = [[1] * size, [0] * size]
    of_images = np.random.default_rng(99 + test_seed).normal(size=labels.shape)
    key = [seed, *method.encode(), *setting.encode()]
    own = np.random.default_rng(key).normal(size=labels.shape)
    logits = quality * (2 * (labels == 1) - 1) + of_images + 0.3 * own
    images, classes = np.nonzero(labels != -1)
    folder = root / "runs" / data / setting / method / f"seed_{seed}_trial_0"
    names = [f"class {index}" for index in range(size)]
    KnownPredictions(
        names,
        num_images,
        images,
        classes,
        1 / (1 + np.exp(-logits[images, classes])),
        labels[images, classes],
    ).save(folder / "predictions.npz")
    write_named_values(folder / "thresholds.json", names, {"thresholds": [0.3, 0.4, 0.5, 0.6][:size]})
    times = {"seconds_per_iteration": 0.25, "iterations": 8, "seconds": 2.0}
    (folder / "timing.json").write_text(json.dumps(times))
    return ComparedRun(
        data, setting, method, seed, folder, 0, num_trials, values or {}, np.array(training_positives)
    )
