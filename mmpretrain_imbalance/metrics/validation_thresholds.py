"""Thresholds that are chosen on the predictions for a validation set, with what they were chosen on."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..functional import best_thresholds
from .chosen_on import describe_data
from .known_predictions import KnownPredictions


def validation_thresholds(
    predictions: KnownPredictions, dataset: object, iteration: int | None, options: dict[str, Any]
) -> dict[str, Any] | None:
    """Choose a threshold per class with :func:`best_thresholds`.

    Args:
        predictions: Predictions for the validation set.
        dataset: The validation set, for its description.
        iteration: Number of iterations of the weights.
        options: The ``precision``, ``recall`` and ``shrinkage`` of :func:`best_thresholds`.

    Returns:
        What a checkpoint has as ``meta['thresholds']``; None if the set has no known positives.
    """
    positives = np.bincount(predictions.classes[predictions.labels == 1], minlength=predictions.num_classes)
    if not positives.any():
        return None
    thresholds, overall = best_thresholds(
        predictions.scores,
        predictions.labels,
        predictions.classes,
        num_classes=predictions.num_classes,
        **options,
    )
    known = (predictions.num_images, predictions.images, predictions.classes, predictions.labels)
    return {
        "classes": predictions.class_names,
        "thresholds": thresholds.tolist(),
        "known_positives": positives.tolist(),
        "global_threshold": overall,
        "chosen_on": describe_data(dataset, *known),
        "iter": iteration,
        **options,
    }
